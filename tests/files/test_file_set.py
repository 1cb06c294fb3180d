# SPDX-License-Identifier: Apache-2.0
"""Files that belong together appear together or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from portrait_core.errors import OutputError
from portrait_core.files.file_set import whole_files, write_files


def test_they_appear_together(tmp_path: Path) -> None:
    out = tmp_path / "new"
    paths = write_files(out, {"a.gltf": b"main", "a.bin": b"rest"})
    assert paths == [out / "a.gltf", out / "a.bin"]
    assert sorted(path.name for path in out.iterdir()) == ["a.bin", "a.gltf"]
    assert (out / "a.gltf").read_bytes() == b"main"


def test_one_that_is_taken_stops_all(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"a\.bin exists already\."):
        write_files(tmp_path, {"a.gltf": b"main", "a.bin": b"rest"})
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]
    assert (tmp_path / "a.bin").read_bytes() == b"mine"
    write_files(tmp_path, {"a.gltf": b"main", "a.bin": b"rest"}, overwrite=True)
    assert (tmp_path / "a.bin").read_bytes() == b"rest"


def test_sub_folders_move_too_and_are_refused_too(tmp_path: Path) -> None:
    for _ in range(2):
        with whole_files(tmp_path, "a.usdc", overwrite=True) as folder:
            (folder / "a.usdc").write_bytes(b"main")
            (folder / "textures").mkdir()
            (folder / "textures" / "a.png").write_bytes(b"image")
    assert (tmp_path / "textures" / "a.png").read_bytes() == b"image"
    with (
        pytest.raises(OutputError, match=r"a\.png exists"),
        whole_files(tmp_path, "b.usdc") as folder,
    ):
        (folder / "b.usdc").write_bytes(b"main")
        (folder / "textures").mkdir()
        (folder / "textures" / "a.png").write_bytes(b"other")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.usdc", "textures"]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), whole_files(tmp_path, "a.gltf") as folder:
        (folder / "a.gltf").write_bytes(b"half")
        raise KeyboardInterrupt
    with pytest.raises(OutputError, match="disk is full"), whole_files(tmp_path, "a.gltf") as folder:
        (folder / "a.gltf").write_bytes(b"half")
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_move_that_fails_takes_the_others_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, moved = os.replace, []

    def replace(source: Path, target: Path) -> None:
        if Path(target).suffix == ".gltf":
            raise PermissionError(13, "Permission denied")
        if Path(target).name != "plan.json":
            moved.append(Path(target).name)
        real(source, target)

    monkeypatch.setattr("portrait_core.files.exchange.os.replace", replace)
    with pytest.raises(OutputError, match="not writable"):
        write_files(tmp_path, {"a.gltf": b"main", "a.bin": b"rest"})
    assert moved == ["a.bin"]  # the main file goes last
    assert list(tmp_path.iterdir()) == []
