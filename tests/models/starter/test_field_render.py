# SPDX-License-Identifier: Apache-2.0
"""Volume renders of the shipped starter against ray casts of its mesh, at rest and posed; and by the command line."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli.main import main
from portrait_core.avatar import Avatar
from portrait_core.cameras import Camera
from portrait_core.errors import UsageError
from portrait_core.models.load import load_model
from portrait_core.models.starter.model import CanonicalAvatarModel
from portrait_core.pipeline import make_avatar
from portrait_core.recipe import Recipe
from portrait_core.rendering.layered import render_avatar
from portrait_core.weights.registry import shipped_folder

SIZE = 128
POSE = {"head": (0.0, math.radians(30), 0.0)}
RECIPE = Recipe(seed=7, faces=6000, texture_size=64, lattice=128, normal_map=False)

pytestmark = pytest.mark.skipif(
    not (shipped_folder() / "starter.safetensors").is_file(), reason="no starter weights in this checkout"
)


@pytest.fixture(scope="module")
def model() -> CanonicalAvatarModel:
    return load_model("starter", "cpu")


def avatar(model: CanonicalAvatarModel, pose: dict[str, tuple[float, float, float]]) -> Avatar:
    return make_avatar(RECIPE.model_copy(update={"pose": pose}), model)


@pytest.mark.parametrize("pose", [pytest.param({}, marks=pytest.mark.sweep), POSE], ids=["rest", "posed"])
def test_the_field_looks_like_its_mesh(model: CanonicalAvatarModel, pose: dict[str, tuple[float, float, float]]):
    mesh, person = avatar(model, pose), model.person(RECIPE)
    silhouettes = []
    for yaw in (0.0, 0.8):
        camera = Camera.orbit(yaw)
        field = person.render(camera, pose, SIZE)
        cast = render_avatar(mesh, camera, SIZE)
        a, b = field["mask"] > 0.5, cast.mask > 0.5
        silhouettes.append(a)
        assert (a & b).sum() / (a | b).sum() > 0.98
        both = (field["mask"] > 0.99) & (cast.mask > 0.99)
        assert np.median(np.abs(field["depth"][both] - cast.depth[both])) < 0.0015
        assert np.isinf(field["depth"][field["mask"] == 0]).all()
        assert (field["image"][field["mask"] == 0] == 255).all()
    assert (silhouettes[0] != silhouettes[1]).mean() > 0.01


def test_the_head_turns_and_the_shoulders_stay(model: CanonicalAvatarModel):
    person = model.person(RECIPE)
    rest, posed = (person.render(Camera.orbit(), p, 64)["image"].astype(int) for p in ({}, POSE))
    change = np.abs(rest - posed).mean(axis=2)
    assert change[:36].mean() > 8 * change[54:].mean()
    assert change[54:].mean() < 2


def test_joints_that_a_bust_lacks_are_refused(model: CanonicalAvatarModel):
    with pytest.raises(UsageError, match="left_knee"):
        model.person(RECIPE).render(Camera.orbit(), {"left_knee": (1.0, 0, 0)}, 32)


def test_the_command(tmp_path: Path):
    words = ["render", "--seed", "7", "--source", "field", "--pose", "head=0,30,0", "--depth", "--mask", "--size", "48"]
    assert main([*words, "--out", str(tmp_path), "--quiet"]) == 0
    stem = "starter-7-yaw+0-pitch+0"
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{stem}-depth.png", f"{stem}-mask.png", f"{stem}.png"]
    mask = np.asarray(Image.open(tmp_path / f"{stem}-mask.png"))
    depth = np.asarray(Image.open(tmp_path / f"{stem}-depth.png")).astype(int)
    assert Image.open(tmp_path / f"{stem}.png").size == (48, 48) and 0.3 < (mask > 127).mean() < 0.8
    assert (depth[mask == 0] == 0).all() and np.all((depth[mask == 255] > 22000) & (depth[mask == 255] < 31000))
