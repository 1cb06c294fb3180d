# SPDX-License-Identifier: Apache-2.0
"""Pictures of several materials, see-through ones among them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from portrait_core.avatar import Avatar, Maps, Material
from portrait_core.cameras import Camera
from portrait_core.rendering import layered, vertex_shares
from portrait_core.rendering.coat_table import CoatTable
from portrait_core.rendering.finer_lattice import FINER, lattice
from portrait_core.rendering.framing import frame_bust, frame_shoulders
from portrait_core.rendering.layered import LayeredScene, avatar_scene
from portrait_core.rendering.layered_rays import RayBundle
from portrait_core.rendering.lighting import bounced
from portrait_core.rendering.preview import Picture, Preview, directions_at
from portrait_core.rendering.vertex_shares import SMALL, USUAL, VertexShares
from tests.formats.busts import bust_avatar
from tests.formats.characters import character
from tests.rendering.slow_layers import seen_slowly


def seen(avatar: Avatar, size: int = 64) -> Picture:
    camera = Camera.orbit(0.0, 0.0)
    return avatar_scene(avatar).render(camera.cam2world, camera.intrinsics, size)


def pixel(place: tuple[float, float, float], size: int = 64) -> tuple[int, int]:
    """The row and the column in which a place is seen."""
    camera = Camera.orbit(0.0, 0.0)
    local = camera.cam2world[:3, :3].T @ (np.array(place) - camera.cam2world[:3, 3])
    x, y, _ = camera.intrinsics @ (local / local[2]) * size
    return int(y), int(x)


def strongest(picture: Picture, at: tuple[int, int]) -> int:
    return int(picture.image[at].argmax())


def test_what_is_cut_out_shows_what_lies_behind() -> None:
    picture = seen(character())
    cut_out, covered = pixel((-0.08, 0.0, 0.05)), pixel((0.08, 0.0, 0.05))
    assert strongest(picture, cut_out) == 0  # the left half of the hair is cut out: skin
    assert strongest(picture, covered) == 1
    assert picture.mask[cut_out] > 0.99 and picture.mask[covered] > 0.99
    assert picture.depth[cut_out] == pytest.approx(picture.depth[covered] + 0.05, abs=0.005)


def test_kernels_do_what_the_slow_way_does() -> None:
    """Cut-out hair, a glass with a film and opaque skin, against layers in NumPy."""
    avatar = character()
    level, camera = avatar.main, Camera.orbit(0.3, 0.1)
    scene = LayeredScene(level, *avatar.posed())
    place = np.random.default_rng(5).uniform(0, 1, (2, 4000))
    directions = directions_at(place[0], place[1], camera.cam2world, camera.intrinsics)
    bundle = RayBundle(scene.mesh, camera.cam2world[:3, 3], directions, VertexShares(scene.lit, camera.cam2world))
    colour, through, nearest = seen_slowly(level, scene, camera.cam2world, directions)
    assert np.isfinite(nearest).mean() > 0.2 and (through == 1).any()
    np.testing.assert_allclose(bundle.through, through, atol=1e-5)
    np.testing.assert_allclose(bundle.nearest, nearest, atol=1e-5)
    np.testing.assert_allclose(bundle.light(scene.mesh.table), colour, atol=2e-4)


def test_a_look_is_painted_in_colours_that_come_later() -> None:
    avatar = character()
    camera = Camera.orbit(0.0, 0.0)
    blank = replace(avatar.main.sections[0], maps=Maps(base_colour=np.full((1, 1, 3), 9, np.uint8)))
    level = replace(avatar.main, maps=blank.maps, sections=(blank, *avatar.main.sections[1:]))
    early = LayeredScene(level, *avatar.posed()).look(camera.cam2world, camera.intrinsics, 64)
    late = early.paint(CoatTable(layered.coats_of(avatar.main)))
    assert np.array_equal(late.image, seen(avatar).image)
    assert not np.array_equal(early.paint(CoatTable(layered.coats_of(level))).image, late.image)


def test_a_glass_mixes_by_its_share() -> None:
    """The blue sheet covers a fifth: little blue over the red and green behind it, and its coat adds no blue alone."""
    avatar = character()
    level = avatar.main
    clear = replace(level.sections[2].material, factors={"pbrMetallicRoughness.baseColorFactor": (1.0, 1.0, 1.0, 0.0)})
    sections = (*level.sections[:2], replace(level.sections[2], material=replace(clear, extensions={})))
    without = seen(replace(avatar, levels=(replace(level, sections=sections),)))
    opaque = (*level.sections[:2], replace(level.sections[2], material=Material()))
    whole = seen(replace(avatar, levels=(replace(level, sections=opaque),)))
    mixed = seen(avatar)
    at = pixel((0.015, 0.0, 0.1))
    blue = [float(picture.image[at][2]) for picture in (without, mixed, whole)]
    assert blue[0] < blue[1] < blue[2]
    assert strongest(mixed, at) != 2


def test_half_the_rays_of_shadows_give_nearly_the_same_picture() -> None:
    avatar, camera = bust_avatar(), Camera.orbit(0.4, 0.1)
    pictures: list[np.ndarray] = []
    for rays in (USUAL.rays, 4.0):
        scene = LayeredScene(avatar.main, *avatar.posed(), replace(USUAL, rays=rays))
        pictures.append(scene.render(camera.cam2world, camera.intrinsics, 64).image.astype(float))
    difference = np.abs(pictures[0] - pictures[1])
    assert 0 < difference.mean() < 1


def test_small_pictures_are_nearly_those_of_many_rays() -> None:
    """Middles and corners of pixels against sixteen rays a pixel, and how far one ray alone is from them."""
    avatar, camera = character(), Camera.orbit(0.4, 0.1)
    scene = LayeredScene(avatar.main, *avatar.posed(), SMALL)
    many = scene.render(camera.cam2world, camera.intrinsics, 64, supersampling=4)
    one = scene.render(camera.cam2world, camera.intrinsics, 64, supersampling=1)
    small = scene.look(camera.cam2world, camera.intrinsics, 64).paint_small(scene.mesh.table)
    far, near = (np.square(each.image.astype(float) - many.image).mean() for each in (one, small))
    assert 0 < near < 0.5 * far
    assert np.abs(small.mask - many.mask).mean() < np.abs(one.mask - many.mask).mean()
    assert (small.depth <= one.depth).all() and (small.depth < one.depth).any()


def test_shadows_of_small_pictures_are_nearly_the_usual_ones() -> None:
    avatar, camera = bust_avatar(), Camera.orbit(0.4, 0.1)
    pictures = [
        LayeredScene(avatar.main, *avatar.posed(), detail).render(camera.cam2world, camera.intrinsics, 64)
        for detail in (USUAL, SMALL)
    ]
    difference = np.abs(pictures[0].image.astype(float) - pictures[1].image)
    assert 0 < difference.mean() < 1


def test_opaque_materials_are_pictured_as_the_plain_preview_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """The layered way with one opaque section against the quick one, which looks shadows up at vertices alone."""
    monkeypatch.setattr(vertex_shares, "APART", np.inf)
    avatar = bust_avatar()
    level = avatar.main
    vertices, normals = avatar.posed()
    camera = Camera.orbit(0.4, 0.1)
    plain = Preview(vertices, normals, level.faces, level.uvs, level.maps.base_colour)
    through_layers = LayeredScene(level, vertices, normals, replace(USUAL, rays=1.0))
    first, second = (each.render(camera.cam2world, camera.intrinsics, 64) for each in (plain, through_layers))
    both = (first.mask > 0.99) & (second.mask > 0.99)
    difference = np.abs(first.image.astype(int) - second.image.astype(int))[both]
    assert float(np.percentile(difference, 99)) <= 2
    np.testing.assert_allclose(first.mask, second.mask, atol=1e-6)


def test_a_cornea_throws_no_shadow_on_its_iris() -> None:
    avatar = character()
    level = avatar.main
    vertices, normals = avatar.posed()
    place, towards = np.array([[0.0, 0.0, 0.08]], np.float32), np.array([[0, 0, 1]], np.float32)
    found: list[float] = []
    for material in (Material(alpha="blend"), Material(alpha="mask")):
        sections = (*level.sections[:2], replace(level.sections[2], material=material))
        scene = LayeredScene(replace(level, sections=sections), vertices, normals)
        found.append(float(scene.lit.shares(place, towards, Camera.orbit(0.0, 0.0).cam2world)[0, 0]))
    light, shadowed = found
    assert light > shadowed


def test_what_is_clear_and_what_a_mask_cuts_out_throw_no_shadow() -> None:
    avatar = character()
    level = avatar.main
    dark = level.sections[2]
    clear = {"pbrMetallicRoughness.baseColorFactor": (1.0, 1.0, 1.0, 0.0)}
    pictures = [
        seen(replace(avatar, levels=(replace(level, sections=(*level.sections[:2], each)),)))
        for each in (replace(dark, material=Material(alpha=kind, factors=clear)) for kind in ("blend", "mask"))
    ]
    own = slice(sum(each.count for each in level.sections[:2]))
    bare = seen(replace(avatar, levels=(replace(level, faces=level.faces[own], sections=level.sections[:2]),)))
    row, column = pixel((0.0, 0.0, 0.1))
    for each in pictures:
        near = (slice(row - 4, row + 5), slice(column - 4, column + 5))
        assert np.array_equal(each.image[near], bare.image[near])


def test_a_pixel_of_an_even_place_is_one_ray_and_an_edge_several(monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture by rays where it is uneven against one whose every pixel is the mean of several."""
    quick = seen(character(), 61)
    monkeypatch.setattr(layered, "CONTRAST", -1)
    whole = seen(character(), 61)
    difference = np.abs(quick.image.astype(int) - whole.image.astype(int)).max(axis=2)
    assert float(np.percentile(difference, 99)) <= 3 and int(difference.max()) < 40
    edge = (whole.mask > 0.1) & (whole.mask < 0.9)
    assert edge.any() and np.abs(quick.mask - whole.mask)[edge].max() < 1e-6


def test_the_framing_of_head_and_shoulders_cuts_the_chest_off() -> None:
    places = np.array([[0.25, -0.3, 0.0], [-0.25, -0.1, 0.0], [0.0, 0.3, 0.05], [0.09, 0.15, 0.0]], np.float32)
    close, whole = frame_shoulders(places), frame_bust(places)
    assert close.focal > 1.2 * whole.focal and close.height > whole.height
    assert frame_shoulders(places[:2]) == frame_bust(places[:2])


def test_a_lattice_gives_places_back() -> None:
    """The three points mix to the place itself, lie on the triangle, and are the corners of one small triangle."""
    weights = np.random.default_rng(3).dirichlet((1, 1, 1), 400)
    weights = np.concatenate([weights, np.eye(3), [[0.5, 0.5, 0.0], [1 / 3, 1 / 3, 1 / 3]]])
    points, between = lattice(weights)
    assert (points.sum(axis=2) == FINER).all() and (points >= 0).all()
    assert np.abs(points - np.roll(points, 1, axis=1)).max() == 1
    assert between.min() > -1e-6
    assert np.einsum("nk,nkc->nc", between, points) / FINER == pytest.approx(weights, abs=1e-6)


def test_one_dark_corner_does_not_darken_all_of_its_triangle() -> None:
    """Of a large floor one corner lies under a small roof: a place far from the roof is as light as with no roof."""
    floor = np.array([[-1.0, 0, -1], [1, 0, -1], [0, 0, 1]], np.float32)
    roof = np.array([[0.9, 0.05, -1.1], [1.1, 0.05, -1.1], [1.0, 0.05, -0.8]], np.float32)
    avatar = character()
    level = avatar.main
    faces = np.array([[0, 2, 1], [3, 5, 4]], np.int32)
    section = replace(level.sections[0], count=2, quads=0, material=Material())
    vertices, normals = np.concatenate([floor, roof]), np.tile(np.array([0, 1, 0], np.float32), (6, 1))
    uvs = np.full((6, 2), 0.5, np.float32)
    camera = Camera.orbit(0.0, 0.0)
    place = np.array([[0.3, 0.2, 0.5]]) @ floor
    above = (place + np.array([[0, 1, 0]])).astype(np.float32)
    found: list[float] = []
    for kept in (faces, faces[:1]):
        sections = (replace(section, count=len(kept)),)
        data = level.data.take(np.zeros(6, np.int32)).with_(vertices=vertices, normals=normals, uvs=uvs)
        own = replace(level, data=data, faces=kept, sections=sections)
        scene = LayeredScene(own, vertices, normals)
        down = np.array([[0, -1, 0]], np.float32)
        bundle = RayBundle(scene.mesh, above[0], down, VertexShares(scene.lit, camera.cam2world))
        found.append(float(bundle.light(scene.mesh.table).sum()))
    assert found[0] == pytest.approx(found[1], rel=0.05)  # by vertices alone: 0.88


@pytest.mark.parametrize(("side", "dark"), [(-0.08, False), (0.08, True)])
def test_hair_darkens_what_lies_beneath_only_where_it_covers(side: float, dark: bool) -> None:
    """Cards of hair whose left half is cut out, close over a floor: rays from above meet no shadow on that side."""
    level = character().main
    hair = next(section for section in level.sections if section.material.alpha == "mask")
    strips = np.linspace(-0.16, 0.16, 9, dtype=np.float32)
    roof = np.array([[x, 0.02, z] for x in strips for z in (-0.3, 0.3)], np.float32)
    floor = np.array([[x, 0, z] for x in (-0.5, 0.5) for z in (-0.5, 0.5)], np.float32)
    quads = [(k, k + 1, k + 3, k + 2) for k in range(0, 16, 2)] + [(18, 19, 21, 20)]
    faces = np.array([half for a, b, c, d in quads for half in ((a, b, c), (a, c, d))], np.int32)
    vertices = np.concatenate([roof, floor])
    uvs = np.stack([vertices[:, 0] / 0.32 + 0.5, np.full(len(vertices), 0.5)], axis=1).astype(np.float32)
    sections = (replace(hair, count=16, quads=0), replace(level.sections[0], count=2, quads=0, material=Material()))
    up = np.tile(np.array([0, 1, 0], np.float32), (len(vertices), 1))
    data = level.data.take(np.zeros(len(vertices), np.int32)).with_(vertices=vertices, normals=up, uvs=uvs)
    scene = LayeredScene(replace(level, data=data, faces=faces, sections=sections), vertices, up)
    place = np.array([[side, 0.0, 0.0]], np.float32)
    room = scene.lit.shares(place, up[:1], Camera.orbit(0.0, 0.0).cam2world)[0, 0]
    assert room < 0.5 if dark else room > 0.6


def test_light_between_surfaces_is_none_in_the_open_and_more_the_lighter_they_are() -> None:
    open_places = bounced(np.ones(3, np.float32), np.array([[0.05] * 3, [0.4] * 3, [0.8] * 3], np.float32))
    np.testing.assert_allclose(open_places, 1.0, atol=0.015)
    share = np.full(3, 0.2, np.float32)
    dark, middle, light = bounced(share, np.array([[0.02] * 3, [0.4] * 3, [0.8] * 3], np.float32))
    assert 0.2 <= dark[0] < middle[0] < light[0] < 0.6
    hollow = bounced(np.zeros(1, np.float32), np.full((1, 3), 0.6, np.float32))
    assert 0 < float(hollow.max()) < 0.2
    mouth = bounced(np.zeros(1, np.float32), np.full((1, 3), 0.6, np.float32), 0.4)
    assert float(mouth.min()) > 2 * float(hollow.max())
