# SPDX-License-Identifier: Apache-2.0
"""Maps for a mesh that somebody edited: taken when it is this avatar's, refused when it is somebody else's."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.avatar import Avatar
from portrait_core.errors import UsageError
from portrait_core.pipeline import bake_onto, make_avatar
from portrait_core.recipe import Recipe
from tests.analytic_model import AnalyticModel

RECIPE = Recipe(model="balls", seed=1, faces=600, texture_size=64, lattice=64, normal_map=False)


@pytest.fixture(scope="module")
def avatar() -> Avatar:
    return make_avatar(RECIPE, AnalyticModel())


def bake(avatar: Avatar, vertices: np.ndarray) -> np.ndarray:
    level = avatar.main
    return bake_onto(vertices.astype(np.float32), level.faces, level.uvs, RECIPE, AnalyticModel()).base_colour


def test_a_mesh_edited_by_millimetres_gets_its_maps(avatar: Avatar) -> None:
    level = avatar.main
    own, swollen = bake(avatar, level.vertices), bake(avatar, level.vertices + 0.008 * level.normals)
    assert own.shape == (64, 64, 3) and own.std() > 5
    assert np.abs(own.astype(int) - swollen).mean() < 6
    pulled = level.vertices.copy()
    pulled[level.vertices[:, 2] > 0.1, 2] += (
        0.06  # a long nose is an edit like others: most of the mesh is where it was
    )
    assert bake(avatar, pulled).shape == (64, 64, 3)


@pytest.mark.parametrize("change", ["moved", "swollen", "scaled", "in centimetres", "lying"])
def test_somebody_else_s_mesh_is_refused(avatar: Avatar, change: str) -> None:
    there = avatar.main.vertices
    other = {
        "moved": there + np.array([0.0, 0.0, 0.12]),
        "swollen": there + 0.025 * avatar.main.normals,  # two centimetres are what edits may be
        "scaled": 1.6 * there,
        "in centimetres": 100 * there,
        "lying": there[:, [0, 2, 1]],
    }[change]
    with pytest.raises(UsageError, match=r"cm or more from this avatar\. Expected metres"):
        bake(avatar, other)
