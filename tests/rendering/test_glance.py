# SPDX-License-Identifier: Apache-2.0
"""Drawn pictures against those that follow rays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from portrait_core.avatar import Avatar, Maps
from portrait_core.cameras import Camera
from portrait_core.rendering.coat_table import CoatTable
from portrait_core.rendering.glance import Glance
from portrait_core.rendering.layered import LayeredScene, coats_of
from portrait_core.rendering.layered_rays import RayBundle
from portrait_core.rendering.preview import directions_at
from portrait_core.rendering.vertex_shares import GLANCE, VertexShares
from portrait_core.rendering.z_buffer import DrawnBundle, Grid, Projection, centres, corners
from tests.formats.busts import bust_avatar
from tests.formats.characters import character

SIZE = 96


def scene_of(avatar: Avatar) -> LayeredScene:
    return LayeredScene(avatar.main, *avatar.posed(), GLANCE)


@pytest.mark.parametrize("avatar", [character, bust_avatar])
@pytest.mark.parametrize("grid", [centres(SIZE), corners(SIZE, np.arange(2000, 7000))], ids=["centres", "corners"])
def test_drawn_samples_see_what_rays_through_them_see(avatar: Callable[[], Avatar], grid: Grid) -> None:
    """Cut-out hair, a glass with a film, opaque skin; and one opaque mesh of many triangles."""
    scene, camera = scene_of(avatar()), Camera.orbit(0.35, 0.1)
    shares = VertexShares(scene.lit, camera.cam2world)
    drawn = DrawnBundle(scene.mesh, Projection(scene.vertices, camera.cam2world, camera.intrinsics), grid, shares)
    asked = np.flatnonzero(grid.wanted)
    directions = directions_at(*grid.places(asked), camera.cam2world, camera.intrinsics)
    rays = RayBundle(scene.mesh, camera.cam2world[:3, 3], directions, VertexShares(scene.lit, camera.cam2world))
    through, nearest = np.ones(len(grid.wanted), np.float32), np.full(len(grid.wanted), np.inf, np.float32)
    colour = np.zeros((len(grid.wanted), 3), np.float32)
    through[drawn.which], nearest[drawn.which] = drawn.through, drawn.nearest
    colour[drawn.which] = drawn.light(scene.mesh.table)
    ahead = directions @ camera.cam2world[:3, 2]
    # At borders a sample may fall to either side.
    same = np.isfinite(nearest[asked]) == np.isfinite(rays.nearest)
    assert same.mean() > 0.998 and np.isfinite(rays.nearest).mean() > 0.05
    both = same & np.isfinite(rays.nearest)
    off = np.abs(nearest[asked][both] - rays.nearest[both] * ahead[both])
    assert np.quantile(off, 0.998) < 1e-4
    assert np.quantile(np.abs(through[asked] - rays.through), 0.998) < 1e-4
    assert np.quantile(np.abs(colour[asked] - rays.light(scene.mesh.table)).max(axis=1), 0.99) < 2e-3


def test_what_was_not_asked_for_is_not_drawn() -> None:
    scene, camera = scene_of(character()), Camera.orbit(0.0, 0.0)
    grid = corners(SIZE, np.array([48 * (SIZE + 1) + 48]))
    drawn = DrawnBundle(
        scene.mesh,
        Projection(scene.vertices, camera.cam2world, camera.intrinsics),
        grid,
        VertexShares(scene.lit, camera.cam2world),
    )
    assert drawn.which.tolist() == [48 * (SIZE + 1) + 48]


def test_a_list_that_is_too_short_is_made_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, camera = scene_of(character()), Camera.orbit(0.0, 0.0)

    def light() -> NDArray[np.float32]:
        projection = Projection(scene.vertices, camera.cam2world, camera.intrinsics)
        shares = VertexShares(scene.lit, camera.cam2world)
        return DrawnBundle(scene.mesh, projection, centres(SIZE), shares).light(scene.mesh.table)

    plenty = light()
    monkeypatch.setattr("portrait_core.rendering.z_buffer.LISTED", 3)
    np.testing.assert_array_equal(light(), plenty)


def test_a_mesh_behind_the_camera_is_refused() -> None:
    scene, camera = scene_of(character()), Camera.orbit(0.0, 0.0)
    with pytest.raises(ValueError, match="before the camera"):
        Projection(scene.vertices + 3 * camera.cam2world[:3, 3], camera.cam2world, camera.intrinsics)


def test_a_glance_is_nearly_the_small_picture() -> None:
    avatar, camera = character(), Camera.orbit(0.35, 0.1)
    scene = scene_of(avatar)
    small = scene.look(camera.cam2world, camera.intrinsics, SIZE).paint_small(scene.mesh.table).image
    asked: list[NDArray[np.bool_]] = []

    def coats_at(read: NDArray[np.bool_]) -> CoatTable:
        asked.append(read)
        return CoatTable(coats_of(avatar.main))

    image = Glance(scene, camera.cam2world, camera.intrinsics, SIZE).paint(0, 32, coats_at)
    difference = np.abs(image.astype(float) - small)
    assert difference.mean() < 0.2 and (difference.max(axis=2) > 16).mean() < 0.01
    assert len(asked) == 2 and all(each.any() and len(each) == 32 * 32 for each in asked)
    assert np.array_equal(image, Glance(scene, camera.cam2world, camera.intrinsics, SIZE).paint(0, 32, coats_at))


def test_texels_that_are_read_are_those_that_change_the_picture() -> None:
    """Other colours in all texels of a coat but those change nothing; in those they do."""
    avatar, camera, size = character(), Camera.orbit(0.0, 0.0), 16
    scene = scene_of(avatar)
    projection = Projection(scene.vertices, camera.cam2world, camera.intrinsics)
    drawn = DrawnBundle(scene.mesh, projection, centres(SIZE), VertexShares(scene.lit, camera.cam2world))
    read = drawn.read(0, size)
    assert 0 < read.sum() < size * size and not drawn.read(99, size).any()

    def light(chosen: NDArray[np.bool_]) -> NDArray[np.float32]:
        image = np.where(chosen[:, None], np.uint8(200), np.uint8(50)).repeat(3, axis=1).astype(np.uint8)
        coats = coats_of(avatar.main)
        section = replace(coats[0].section, maps=Maps(base_colour=image.reshape(size, size, 3)))
        return drawn.light(CoatTable([replace(coats[0], section=section), *coats[1:]]))

    nowhere = np.zeros(size * size, bool)
    np.testing.assert_array_equal(light(~read), light(nowhere))
    assert np.abs(light(read) - light(nowhere)).max() > 0.1
