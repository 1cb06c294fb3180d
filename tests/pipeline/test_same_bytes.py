# SPDX-License-Identifier: Apache-2.0
"""The same recipe makes the same avatar on any number of threads; on another processor the same mesh with the same UVs.

`benchmarks.same_bytes` does the same with many seeds and settings.
"""

from __future__ import annotations

import pytest

from benchmarks.same_bytes import PROCESSORS, THREADS, digests_in

SEED = 1
"""Had another number of vertices with one thread than with two, when the shape was computed in float32."""


@pytest.fixture(scope="module")
def with_one_thread() -> dict[str, str]:
    return digests_in(THREADS["1 threads"], [SEED], 256)[0]


@pytest.mark.parametrize("count", [4, pytest.param(2, marks=pytest.mark.sweep)])
def test_threads_change_nothing(with_one_thread: dict[str, str], count: int) -> None:
    assert digests_in(THREADS[f"{count} threads"], [SEED], 256)[0] == with_one_thread


def test_another_processor_has_the_same_mesh_and_uvs(with_one_thread: dict[str, str]) -> None:
    found = digests_in({name: value for each in PROCESSORS.values() for name, value in each.items()}, [SEED], 256)[0]
    for part in ("count", "styles", "joints", "vertices", "faces", "uvs", "normals", "weights", "tangents"):
        assert found[part] == with_one_thread[part], part
