# SPDX-License-Identifier: Apache-2.0
"""Textures of every size, odd ones as well: maps of the sizes asked for, which show the same person."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from portrait_core.avatar import Avatar
from portrait_core.formats.gltf.writer import glb_bytes
from portrait_core.formats.read_mesh import EditedMesh
from portrait_core.imaging.halve import half_side
from portrait_core.pipeline import bake_avatar, make_avatar
from portrait_core.recipe import Recipe
from tests.analytic import AnalyticField
from tests.analytic_model import AnalyticModel, AnalyticPerson

RECIPE = Recipe(model="balls", seed=5, faces=1200, lattice=64, occlusion=True)


class Matt(AnalyticField):
    """A field with a roughness that rises with the height."""

    def roughness(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.clip(0.5 + points[:, 1], 0.0, 1.0).astype(np.float32)

    def materials(self, points: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return self.colour(points), self.roughness(points)


class MattPerson(AnalyticPerson):
    @property
    def field(self) -> Matt:
        field = super().field
        field.__class__ = Matt
        return cast("Matt", field)


class MattModel(AnalyticModel):
    def person(self, recipe: Recipe) -> AnalyticPerson:
        return MattPerson(self, recipe)


def made(**more: object) -> Avatar:
    return make_avatar(Recipe.model_validate({**RECIPE.facts(), **more}), MattModel())


def seen_at(image: NDArray[np.uint8], uvs: NDArray[np.float32]) -> NDArray[np.float64]:
    side = len(image)
    column, row = (uvs[:, 0] * side).astype(int), ((1.0 - uvs[:, 1]) * side).astype(int)
    return image[row.clip(0, side - 1), column.clip(0, side - 1)].astype(np.float64)


def check_maps(avatar: Avatar, sizes: list[int]) -> None:
    """Sizes, and the roughness of the field at the middles of the faces."""
    assert len(avatar.levels) == len(sizes)
    model = MattModel()
    field = model.person(RECIPE).field
    assert isinstance(field, Matt)
    for level, size in zip(avatar.levels, sizes, strict=True):
        maps = level.maps
        orm = maps["orm"]
        assert maps.base_colour.shape == maps["normal"].shape == (size, size, 3)
        assert orm.shape == (half_side(size), half_side(size), 3)
        assert orm[:, :, 0].min() < 250  # the neck lies in the shadow of the head
        middles, uvs = (values[level.faces].mean(axis=1) for values in (level.vertices, level.uvs))
        wanted = field.roughness(field.unplace(middles))
        assert np.abs(seen_at(orm[:, :, 1], uvs) / 255.0 - wanted).mean() < 0.02
    assert len(glb_bytes(avatar)) > 1000


@pytest.mark.parametrize("size", [64, 65, 101, 256, 257])
def test_any_size(size: int) -> None:
    check_maps(made(texture_size=size), [size])


@pytest.mark.parametrize("size", [1023, 1025])
def test_sizes_around_a_tile(size: int) -> None:
    check_maps(made(texture_size=size), [size])


def test_levels_of_an_uneven_half() -> None:
    check_maps(made(texture_size=514, lods=[900, 600, 400]), [514, 257, 256, 256])


def test_small_levels() -> None:
    check_maps(made(texture_size=67, lods=[600]), [67, 67])


def test_levels_that_share_odd_maps() -> None:
    avatar = made(texture_size=515, lods=[900], lod_maps="shared")
    check_maps(avatar, [515, 515])
    assert avatar.levels[1].maps is avatar.levels[0].maps


def test_a_baked_mesh_of_odd_size() -> None:
    level = made(texture_size=128).main
    mesh = EditedMesh("edited", level.vertices, level.faces, level.uvs, level.normals)
    avatar = bake_avatar(mesh, RECIPE.model_copy(update={"texture_size": 131}), MattModel())
    check_maps(avatar, [131])
