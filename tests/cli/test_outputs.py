# SPDX-License-Identifier: Apache-2.0
"""``--out`` as a file's name: that file, and no folder that looks like one."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.outputs import take_target
from portrait_core.errors import UsageError
from tests.cli.conftest import Run

SMALL = ("--model", "balls", "--faces", 600, "--texture-size", 128, "--lattice", 64)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_says_name_folder_and_format(run: Run, balls: Path, tmp_path: Path) -> None:
    done = run("generate", "--seed", 3, *SMALL, "--out", tmp_path / "new" / "My Hero.OBJ")
    assert done.code == 0, done.err
    assert {"My Hero.obj", "My Hero.mtl", "My Hero.png"} <= set(names(tmp_path / "new"))


def test_a_folder_may_look_like_a_file(run: Run, balls: Path, tmp_path: Path) -> None:
    (tmp_path / "old.glb").mkdir()
    done = run("generate", "--seed", 3, *SMALL, "--out", tmp_path / "old.glb")
    assert done.code == 0, done.err
    assert names(tmp_path / "old.glb") == ["balls-3.glb", "balls-3.png"]
    assert take_target(tmp_path / "run.2", [".glb"]).folder == tmp_path / "run.2"
    assert take_target(Path(".glb"), [".glb"]).stem is None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--seed", "3,4", "--out", "a.glb"), "names one file, but 2 avatars"),
        (("--seed", 3, "--name", "b", "--out", "a.glb"), "so does --name"),
        (("--seed", 3, "--format", "obj", "--out", "a.glb"), "--out says .glb, and --format obj"),
        (("--seed", 3, "--out", "a.jpg"), "files of this command end in"),
    ],
)
def test_what_one_file_cannot_be(
    run: Run, balls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[object, ...], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    before = names(tmp_path)
    done = run("generate", *SMALL, *words)
    assert done.code == 2 and says in done.error
    assert names(tmp_path) == before


def test_a_picture_by_its_name(run: Run, balls: Path, tmp_path: Path) -> None:
    small = ("render", "--seed", 3, *SMALL, "--size", 64)
    assert run(*small, "--yaw", 30, "--mask", "--out", tmp_path / "one.png").code == 0
    assert run(*small, "--turntable", 2, "--out", tmp_path / "sheet.png").code == 0
    assert {"one.png", "one-mask.png", "sheet.png"} <= set(names(tmp_path))
    done = run(*small, "--yaw", "0,90", "--out", tmp_path / "two.png")
    assert done.code == 2 and "2 pictures are to be made" in done.error
    with pytest.raises(UsageError, match=r"end in \.png"):
        take_target(tmp_path / "one.jpg", [".png"])
