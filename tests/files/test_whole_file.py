# SPDX-License-Identifier: Apache-2.0
"""Files are whole or not there, and the reason is told in words."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from portrait_core.errors import Cancelled, OutputError, suggestion
from portrait_core.files.whole_file import make_folder, output_error, whole_file


def test_the_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.png"
    with whole_file(path) as temporary:
        assert temporary.parent == path.parent and temporary.suffix == ".png"
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert [each.name for each in path.parent.iterdir()] == ["a.png"]


@pytest.mark.parametrize("error", [Cancelled("stop"), KeyboardInterrupt(), ValueError("odd")])
def test_nothing_is_left_of_a_failure(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a.bin"
    path.write_text("old")
    with pytest.raises(type(error)), whole_file(path, overwrite=True) as temporary:
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_existing_files_need_permission(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_text("old")
    with pytest.raises(OutputError, match="exists already"), whole_file(path):
        pytest.fail("the body must not run")
    with whole_file(path, overwrite=True) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"


@pytest.mark.parametrize(
    ("code", "words"),
    [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "not writable"), (None, "odd")],
)
def test_reasons(tmp_path: Path, code: int | None, words: str) -> None:
    path = tmp_path / "a.bin"
    with pytest.raises(OutputError, match=words), whole_file(path) as temporary:
        temporary.write_text("half")
        raise OSError(code, "odd")
    assert list(tmp_path.iterdir()) == []
    assert str(path) in str(output_error(path, OSError(code, "odd")))


def test_folders(tmp_path: Path) -> None:
    assert make_folder(tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match="a file, not a folder"):
            make_folder(folder)


def test_near_matches() -> None:
    names = ["head", "neck", "left_hand", "right_hand"]
    assert suggestion("Haed", names) == "Did you mean head?"
    assert suggestion("eft_hand", names) == "Did you mean left_hand or right_hand?"
    assert suggestion("zz", names, what="known joints") == "Known joints: head, left_hand, neck, right_hand."
    assert suggestion("zz", [], what="models") == "Models: none."
