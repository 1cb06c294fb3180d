# SPDX-License-Identifier: Apache-2.0
"""The shipped model through the command line: a file made again from the recipe inside it has the same bytes; its dense
surface comes clean, and stays so at every number of faces."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh

from cli.main import main
from portrait_core.models.load import load_model
from portrait_core.models.starter.model import CanonicalAvatarModel
from portrait_core.pipeline import make_avatar
from portrait_core.pipeline.surfaces import Reference, focus_of, level_surfaces, reference
from portrait_core.progress import silent
from portrait_core.recipe import Recipe
from portrait_core.rig import bust_joints
from portrait_core.shape import inspect_surface
from portrait_core.weights.registry import shipped_folder

STARTER = shipped_folder() / "starter.safetensors"
SMALL = ("--faces", "1500", "--texture-size", "128", "--lattice", "64", "--lods", "600", "--occlusion")

pytestmark = pytest.mark.skipif(not STARTER.is_file(), reason="no starter weights in this checkout")


def generate(*words: object) -> None:
    assert main(["generate", *map(str, words), "--quiet"]) == 0


@pytest.mark.parametrize("pose", ["", "head=5,20,0"])
def test_the_recipe_inside_a_file_makes_the_same_bytes(tmp_path: Path, pose: str) -> None:
    first, again, other = (tmp_path / name for name in ("first", "again", "other"))
    posed = ("--pose", pose) if pose else ()
    generate("--seed", 3, *SMALL, *posed, "--set", "age=+1", "--out", first)
    generate("--recipe", first / "starter-3.glb", "--out", again)
    files = sorted(path.name for path in first.iterdir())
    assert files == ["starter-3.glb", "starter-3.png"]
    for name in files:
        assert (again / name).read_bytes() == (first / name).read_bytes(), name
    generate("--recipe", first / "starter-3.glb", "--seed", 4, "--name", "starter-3", "--out", other)
    assert (other / "starter-3.glb").read_bytes() != (first / "starter-3.glb").read_bytes()


@pytest.fixture(scope="module")
def model() -> CanonicalAvatarModel:
    return load_model("starter", "cpu")


@pytest.fixture(scope="module", params=[1, 12])
def base(request: pytest.FixtureRequest, model: CanonicalAvatarModel) -> tuple[Reference, Recipe]:
    recipe = Recipe(seed=request.param)
    return reference(model.person(recipe).field, 128, silent), recipe


def test_the_cleaned_surface_is_one_closed_shell(base: tuple[Reference, Recipe]) -> None:
    surface = base[0].surface
    report = inspect_surface(surface)
    assert report.clean and len(base[0].places) == len(surface.vertices) > 20_000
    mesh = trimesh.Trimesh(surface.vertices, surface.faces, process=False)
    assert mesh.is_watertight and mesh.is_winding_consistent and mesh.volume > 0.005
    assert mesh.body_count == 1


def test_every_level_is_one_closed_shell_of_at_most_so_many_faces(
    base: tuple[Reference, Recipe], model: CanonicalAvatarModel
) -> None:
    focus = focus_of(bust_joints(model.person(base[1]).template))
    counts, shrink = (20_000, 8000, 2000, 500), (0.001, 0.002, 0.01, 0.04)
    whole = base[0].surface.volume()
    for count, limit, surface in zip(counts, shrink, level_surfaces(base[0], counts, focus, silent), strict=True):
        assert 0.95 * count <= len(surface.faces) <= count
        assert inspect_surface(surface).clean
        mesh = trimesh.Trimesh(surface.vertices, surface.faces, process=False)
        assert mesh.is_watertight and mesh.is_winding_consistent and mesh.body_count == 1
        assert mesh.volume == pytest.approx(whole, rel=limit)


def test_levels_share_maps_where_two_parts_of_a_surface_touch_in_a_point(
    model: CanonicalAvatarModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Seed 0 at this lattice comes to have two vertices in one place that are not one vertex.
    recipe = Recipe(seed=0, lattice=128, faces=4000, texture_size=64, lods=(2000,), lod_maps="shared")

    def joined_by_place() -> tuple[trimesh.Trimesh, int]:
        main, few = make_avatar(recipe, model).levels
        places = np.unique(main.vertices, axis=0, return_inverse=True)[1].ravel()
        return trimesh.Trimesh(main.vertices, places[main.faces], process=False), len(few.faces)

    parted, few = joined_by_place()
    assert parted.is_watertight and 1900 <= few <= 2000
    # Levels must not depend on that: meshes of users come as they are.
    monkeypatch.setattr(sys.modules["portrait_core.shape.decimate"], "part_places", lambda surface: surface)
    touching, few = joined_by_place()
    assert not touching.is_watertight
    assert 1900 <= few <= 2000
