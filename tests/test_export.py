# SPDX-License-Identifier: Apache-2.0
"""Several formats of one avatar are one set: all new or all old."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from portrait_core.errors import OutputError
from portrait_core.pipeline import make_avatar
from portrait_core.pipeline.export import export_avatar, planned_files
from portrait_core.recipe import Recipe
from tests.analytic_model import AnalyticModel

RECIPE = Recipe(model="balls", seed=2, faces=600, lods=(400,), texture_size=64, lattice=64, normal_map=False)


def test_formats_appear_together_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    avatar = make_avatar(RECIPE, AnalyticModel())
    paths = [tmp_path / f"a{ending}" for ending in (".glb", ".gltf", ".obj", ".ply")]
    done = export_avatar(avatar, paths, RECIPE)
    assert [path.name for path in done.main] == ["a.glb", "a.gltf", "a.obj", "a_LOD0.ply"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in done.files)
    assert done.thumbnail == tmp_path / "a.png" and done.thumbnail in done.files
    alone = export_avatar(avatar, [tmp_path / "alone" / "a.glb"], RECIPE)
    assert alone.main[0].read_bytes() == done.main[0].read_bytes()
    with pytest.raises(OutputError, match="exists already"):
        export_avatar(avatar, paths, RECIPE)
    before = {path: path.read_bytes() for path in done.files}
    real = os.replace

    def replace(source: Path, target: Path) -> None:
        if Path(target) == tmp_path / "a_LOD1.ply" and ".undo" not in str(source):
            raise PermissionError(13, "Permission denied")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    other = RECIPE.model_copy(update={"seed": 9})
    with pytest.raises(OutputError, match="not writable"):
        export_avatar(make_avatar(other, AnalyticModel()), paths, other, overwrite=True)
    assert {path: path.read_bytes() for path in done.files} == before
    assert {path.name for path in tmp_path.iterdir()} == {*(path.name for path in before), "alone"}


def test_what_will_be_written_is_known_before(tmp_path: Path) -> None:
    """A run is refused before its work where a file of it exists: the picture beside is one of them unless unwanted."""
    paths = [tmp_path / "a.glb", tmp_path / "a.ply"]
    names = [path.name for path in planned_files(paths, 2, lod_files=False)]
    assert names == ["a.glb", "a_LOD0.ply", "a_LOD1.ply", "a.png"]
    assert "a.png" not in [path.name for path in planned_files(paths, 2, lod_files=False, thumbnail=False)]


def test_formats_in_folders_of_their_own(tmp_path: Path) -> None:
    avatar = make_avatar(RECIPE, AnalyticModel())
    paths = [tmp_path / "one" / "a.glb", tmp_path / "two" / "a.obj"]
    done = export_avatar(avatar, paths, RECIPE)
    assert list(done.main) == paths and all(path.is_file() for path in done.files)
    assert done.thumbnail == tmp_path / "one" / "a.png"
