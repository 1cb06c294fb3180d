# SPDX-License-Identifier: Apache-2.0
"""``portrait library`` and ``portrait batch --blend-library``, with the small program that stands in for Blender."""

from __future__ import annotations

from pathlib import Path

import pytest

from portrait_core.batch.resources import Resources
from tests.batch.executors import InlineExecutor
from tests.cli.conftest import Run
from tests.cli.test_batch import SMALL
from tests.pipeline.test_asset_library import blender, pytestmark

__all__ = ["blender", "pytestmark"]


@pytest.fixture(autouse=True)
def inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Avatars are made inside the test's process."""

    def executor(self: Resources, jobs: int, memory: float) -> InlineExecutor:
        return InlineExecutor()

    monkeypatch.setattr(Resources, "executor", executor)


def test_a_batch_with_its_library(run: Run, balls: Path, blender: Path, tmp_path: Path) -> None:
    out = tmp_path / "crowd"
    words = ("batch", "--seeds", "1-2", "--out", out, *SMALL, "--blend-library", "--blender", blender, "--json")
    done = run(*words)
    assert done.code == 0, done.err
    assert {each.name for each in (out / "blender-library").glob("*.blend")} == {"balls-1.blend", "balls-2.blend"}
    assert done.events[-1]["event"] == "library" and done.events[-1]["made"] == 2
    assert run(*words).events[-1] | {"seconds": 0} == done.events[-1] | {"seconds": 0, "made": 0, "kept": 2}
    (out / "bad.glb").write_bytes(b"glTF")
    again = run("library", out, "--blender", blender)
    assert again.code == 1 and "bad failed: " in again.err and "0 made, 2 kept, 1 failed" in again.out


def test_refused_before_any_work(run: Run, balls: Path, blender: Path, tmp_path: Path) -> None:
    base = ("batch", "--seeds", "1-2", *SMALL, "--blend-library", "--blender", blender)
    for more, told in (
        (("--out", "memory://crowd"), "a folder of this machine"),
        (("--out", tmp_path / "a", "--shard", "1/2"), "whole batches"),
        (("--out", tmp_path / "a", "--format", "obj"), "add glb"),
        (("--out", tmp_path / "a", "--catalogues", "mood"), "not known"),
    ):
        done = run(*base, *more)
        assert done.code == 2 and told in done.error
    assert not (tmp_path / "a").exists()
    assert "not the folder of the add-on" in run("library", tmp_path, "--addon", tmp_path, "--blender", blender).error
    (tmp_path / "empty").mkdir()
    assert "no .glb" in run("library", tmp_path / "empty", "--blender", blender).error


def test_no_blender_is_told_with_what_to_do(run: Run, tmp_path: Path) -> None:
    assert "no program there" in run("library", tmp_path, "--blender", tmp_path / "none").error
