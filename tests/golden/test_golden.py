# SPDX-License-Identifier: Apache-2.0
"""The same recipe makes the same file as it did, on any number of threads: byte for byte on the processor of the
digests, closely on others.

A change of bytes is a commit of its own that says why; ``python -m tests.golden NAME`` holds the new ones.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.golden.digests import Glb, picture_digest
from tests.golden.likeness import assert_like, assert_picture_like
from tests.golden.orders import AVATARS, PICTURES, make
from tests.golden.processor import signature

pytestmark = pytest.mark.timeout(1200)  # whole avatars, in processes of their own
FOLDER = Path(__file__).parent
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
SAME_PROCESSOR = EXPECTED["signature"] == json.loads(json.dumps(signature()))


THREE_THREADS = {name: "3" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
"""The digests were made with one: the number of threads must not matter."""


@pytest.mark.parametrize("name", AVATARS)
def test_avatars_are_what_they_were(name: str, tmp_path: Path) -> None:
    (path,) = [each for each in make(AVATARS[name], tmp_path, **THREE_THREADS) if each.suffix == ".glb"]
    glb = Glb.read(path)
    if SAME_PROCESSOR:
        made, expected = glb.digests(), EXPECTED["avatars"][name]
        changed = [part for part, digest in expected.items() if made[part] != digest]
        assert not changed, f"{name}: {', '.join(changed)} changed; {made}"
    assert_like(glb, dict(np.load(FOLDER / f"{name}.npz")))


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_what_they_were(name: str, tmp_path: Path) -> None:
    paths = make(PICTURES[name], tmp_path)
    assert {path.name for path in paths} == set(EXPECTED["pictures"][name])
    kept = dict(np.load(FOLDER / f"picture-{name}.npz"))
    for path in paths:
        if SAME_PROCESSOR:
            assert picture_digest(path) == EXPECTED["pictures"][name][path.name], f"{name}: {path.name} changed"
        assert_picture_like(path, kept[path.name].astype(np.float32))


def test_other_digits_pass_by_tolerance_and_other_shapes_do_not(tmp_path: Path) -> None:
    """Another processor is played by torch's plainest code, whose sums differ in their last digits."""
    (path,) = [
        each for each in make(AVATARS["shared"], tmp_path, ATEN_CPU_CAPABILITY="default") if each.suffix == ".glb"
    ]
    glb = Glb.read(path)
    assert_like(glb, dict(np.load(FOLDER / "shared.npz")))
    if SAME_PROCESSOR:  # shapes and UVs are the same to the bit, only colours have other last digits
        made = glb.digests()
        assert {part: made[part] for part in ("geometry", "uvs")} == {
            part: EXPECTED["avatars"]["shared"][part] for part in ("geometry", "uvs")
        }
    for other in ("default", "moving"):
        with pytest.raises(AssertionError):
            assert_like(glb, dict(np.load(FOLDER / f"{other}.npz")))
    moved = dict(np.load(FOLDER / "shared.npz"))
    moved["places"] = moved["places"] + np.int16(0.01 / 2e-5)
    with pytest.raises(AssertionError):
        assert_like(glb, moved)
