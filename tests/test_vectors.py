# SPDX-License-Identifier: Apache-2.0
"""The published numbers: the compact subset always, the full set when the shared folder is there."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

pytest.importorskip("skimage", reason="the recorded surfaces are compared with scikit-image's")

from tests.vectors.__main__ import describe, main
from tests.vectors.compact import LEFT_OUT
from tests.vectors.files import VectorFile, relative_error
from tests.vectors.locate import compact_vectors, full_vectors, vector_files
from tests.vectors.registry import CHECKS, check_file


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("path", vector_files(compact_vectors()), ids=lambda p: p.name)
def test_compact(path: Path) -> None:
    report = check_file(path)
    assert report.passed, describe(report, 0.0, verbose=False)


def test_compact_covers_every_kind() -> None:
    names = {p.name.split(".")[0] for p in vector_files(compact_vectors())}
    assert names == (set(CHECKS) | {"checkpoint_fixture"}) - LEFT_OUT


@pytest.mark.skipif(full_vectors() is None, reason="the shared folder with the full vectors is absent")
@pytest.mark.parametrize("path", vector_files(full_vectors() or Path()), ids=lambda p: p.name)
def test_full(path: Path) -> None:
    report = check_file(path)
    assert report.passed, describe(report, 0.0, verbose=False)


def test_relative_error_sees_differences() -> None:
    want = torch.tensor([1.0, 2.0, 4.0]).numpy()
    assert relative_error(want, want) == 0
    assert relative_error(want + 0.004, want) == pytest.approx(1e-3, rel=1e-3)
    assert relative_error(want[:2], want) == float("inf")
    assert relative_error(torch.tensor([1.0, float("nan"), 4.0]).numpy(), want) == float("inf")
    assert relative_error(torch.tensor([1, 3]).numpy(), torch.tensor([1, 2]).numpy()) == 0.5


def test_a_changed_file_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import numpy as np

    data = VectorFile.load(compact_vectors() / "fc.npz")
    arrays = dict(data.arrays)
    arrays["lin/y"] = arrays["lin/y"] + 1e-3
    np.savez(tmp_path / "fc.npz", **arrays)
    assert main([str(tmp_path)]) == 1
    assert "BAD" in capsys.readouterr().out


def test_arrays_that_no_check_reads_fail(tmp_path: Path) -> None:
    import numpy as np

    data = VectorFile.load(compact_vectors() / "fc.npz")
    np.savez(tmp_path / "fc.npz", **data.arrays, surprise=np.zeros(3))
    report = check_file(tmp_path / "fc.npz")
    assert report.unread == ["surprise"]
    assert not report.passed
