# SPDX-License-Identifier: Apache-2.0
"""Preview pictures: rays against the formula, the texture the right way up, the pose shown, light and shadow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from portrait_core.cameras import Camera
from portrait_core.geometry.directions import sphere_directions
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.rendering.layered import render_avatar
from portrait_core.rendering.lighting import disk_directions, expose
from portrait_core.rendering.preview import Preview, bilinear, ray_directions, shown_pixels
from portrait_core.shape import extract_surface, vertex_normals
from tests.analytic import AnalyticField, ball
from tests.formats.busts import bust_avatar

FRONT = Camera.orbit()


def card(depth: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A square 0.2 m card that faces the viewer, +x to the viewer's right."""
    vertices = np.array([[-0.1, -0.04, 0], [0.1, -0.04, 0], [0.1, 0.16, 0], [-0.1, 0.16, 0]], np.float32)
    vertices[:, 2] += depth
    normals = np.tile(np.array([0, 0, 1], np.float32), (4, 1))
    uvs = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    return vertices, normals, np.array([[0, 1, 2], [0, 2, 3]], np.int32), uvs


def test_first_hits_equal_every_triangle_tried() -> None:
    rng = np.random.default_rng(2)
    vertices = rng.normal(size=(60, 3)).astype(np.float32)
    faces = np.arange(60, dtype=np.int32).reshape(20, 3)
    origin = np.array([0, 0, 6], np.float32)
    rays = rng.normal(size=(500, 3)) * 0.8 - origin
    rays = (rays / np.linalg.norm(rays, axis=1, keepdims=True)).astype(np.float32)
    hits = MeshQueries(vertices, faces).first_hits(origin, rays)
    best, who = np.full(500, np.inf), np.full(500, -1)
    for number, (a, b, c) in enumerate(vertices[faces].astype(float)):
        matrix = np.stack([np.broadcast_to(b - a, rays.shape), np.broadcast_to(c - a, rays.shape), -rays], axis=2)
        u, v, t = np.linalg.solve(matrix, np.broadcast_to(origin - a, rays.shape)[..., None])[..., 0].T
        hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (t > 0) & (t < best)
        best[hit], who[hit] = t[hit], number
    assert (hits.face == who).mean() > 0.995  # single rays may graze an edge
    same = (hits.face == who) & (who >= 0)
    assert same.sum() > 100
    np.testing.assert_allclose(hits.distance[same], best[same], rtol=1e-4)
    place = np.einsum("nk,nki->ni", hits.weights[same], vertices[faces[who[same]]])
    np.testing.assert_allclose(place, origin + rays[same] * hits.distance[same, None], atol=1e-4)


def test_depth_and_mask_of_a_sphere() -> None:
    field = AnalyticField(ball((0, 0.06, 0), 0.1), ((-0.12, -0.06, -0.12), (0.12, 0.18, 0.12)))
    surface = extract_surface(field, 64)
    normals = vertex_normals(surface.vertices, surface.faces)
    uvs = np.zeros((len(surface.vertices), 2), np.float32)
    grey = np.full((2, 2, 3), 128, np.uint8)
    picture = Preview(surface.vertices, normals, surface.faces, uvs, grey).render(
        FRONT.cam2world, FRONT.intrinsics, 64, supersampling=1
    )
    rays = ray_directions(FRONT.cam2world, FRONT.intrinsics, 64).reshape(64, 64, 3)
    to = np.array([0, 0.06, 0]) - FRONT.centre
    along = rays @ to
    inside = 0.1**2 - (to @ to - along**2)
    expected = along - np.sqrt(np.maximum(inside, 0))
    clear = np.abs(inside) > 2e-4
    np.testing.assert_array_equal(picture.mask[clear] > 0, (inside > 0)[clear])
    seen = clear & (inside > 0)
    np.testing.assert_allclose(
        picture.depth[seen], expected[seen], atol=4e-4
    )  # the facets lie a little inside the sphere
    assert np.isinf(picture.depth[clear & (inside < 0)]).all()


def test_the_texture_is_the_right_way_round() -> None:
    """Red at the top, green at the right of the card as the viewer sees it."""
    texture = np.full((8, 8, 3), 40, np.uint8)
    texture[:3, :, 0] = 255
    texture[:, 5:, 1] = 255
    image = Preview(*card(), texture).render(FRONT.cam2world, FRONT.intrinsics, 96).image.astype(int)
    quarter = {"upper left": image[35, 30], "upper right": image[35, 66], "lower right": image[68, 66]}
    assert quarter["upper left"][0] > 150 > quarter["upper left"][1] + 60
    assert min(quarter["upper right"][:2]) > 150
    assert quarter["lower right"][1] > 150 > quarter["lower right"][0] + 60


def test_bilinear_equals_the_formula_and_clamps() -> None:
    texture = np.random.default_rng(0).random((4, 6, 3)).astype(np.float32)
    centres = np.array([[(2 + 0.5) / 6, 1 - (1 + 0.5) / 4], [3 / 6, 1 - 1.5 / 4], [0, 1], [1, 0]], np.float32)
    got = bilinear(texture, centres)
    np.testing.assert_allclose(got[0], texture[1, 2], atol=1e-5)
    np.testing.assert_allclose(got[1], (texture[1, 2] + texture[1, 3]) / 2, atol=1e-5)
    np.testing.assert_allclose(got[2], texture[0, 0])
    np.testing.assert_allclose(got[3], texture[-1, -1])


def test_an_obstacle_throws_a_shadow() -> None:
    vertices, _, faces, _ = card()
    upper = np.vstack([vertices, vertices + np.array([0, 0, 0.02], np.float32)])
    mesh = MeshQueries(upper, np.vstack([faces, faces + 4]).astype(np.int32))
    points = np.array([[0, 0.06, 0], [0, 0.06, 0.02], [0.5, 0.06, 0]], np.float32)
    up = np.tile(np.array([0, 0, 1], np.float32), (3, 1))
    share = mesh.open_share(points, up, sphere_directions(400))
    assert share[0] < 0.1 and share[1] > 0.99 and share[2] > 0.85
    assert mesh.open_share(points, up, sphere_directions(400), reach=0.01)[0] > 0.99
    assert mesh.open_share(points, -up, np.array([[0, 0, 1]], np.float32)).tolist() == [0, 0, 0]


def test_light_directions_are_unit_and_where_they_belong() -> None:
    sphere = sphere_directions(500)
    np.testing.assert_allclose(np.linalg.norm(sphere, axis=1), 1, atol=1e-6)
    assert np.abs(sphere.mean(axis=0)).max() < 0.01
    towards = np.array([0.6, 0.0, 0.8])
    disk = disk_directions(towards, 0.3, 64)
    assert (disk @ towards).min() > np.cos(0.3) - 1e-6
    ramp = np.linspace(0, 4, 50, dtype=np.float32)
    assert (np.diff(expose(ramp)) >= 0).all() and expose(ramp).max() <= 1.0


def test_the_bust_is_shown_whole_lit_and_posed() -> None:
    avatar = bust_avatar()
    rest = render_avatar(avatar, Camera.orbit(yaw=0.3, focal=4.5), 96)
    assert rest.image.shape == (96, 96, 3) and rest.image.dtype == np.uint8
    assert 0.2 < rest.mask.mean() < 0.7
    assert rest.image[2, 2].min() > 190  # light grey
    face = rest.image[25:50, 35:65].astype(int)
    eyes = face[:, :, 2] - face[:, :, 0] > 5
    assert 6 < eyes.sum() < 80 and face[eyes].sum(axis=1).max() < 240  # two dark, bluish eyes on warm skin
    turned = render_avatar(replace(avatar, pose={"head": (0.0, 0.8, 0.0)}), Camera.orbit(yaw=0.3, focal=4.5), 96)
    change = np.abs(turned.image.astype(int) - rest.image).max(axis=2)
    assert (change[20:45] > 30).sum() > 50  # the head
    assert change[75:].max() < 30  # the shoulders, but for the head's softer shadow


@pytest.mark.parametrize("yaw", [0.0, 1.6, 3.1])
def test_cameras_all_around_see_the_bust_in_the_middle(yaw: float) -> None:
    picture = render_avatar(bust_avatar(), Camera.orbit(yaw=yaw, focal=4.0), 48)
    rows, columns = np.nonzero(picture.mask > 0.5)
    assert abs(columns.mean() - 23.5) < 3 and 20 < rows.mean() < 36


@pytest.mark.parametrize("yaw", [0.0, 0.9])
def test_only_pixels_without_the_mesh_are_left_out(yaw: float) -> None:
    avatar, size = bust_avatar(), 64
    camera = Camera.orbit(yaw=yaw, focal=4.0)
    vertices, faces = avatar.main.vertices, avatar.main.faces
    shown = shown_pixels(vertices, faces, camera.cam2world, camera.intrinsics, size)
    rays = ray_directions(camera.cam2world, camera.intrinsics, size)
    met = MeshQueries(vertices, faces).first_hits(camera.cam2world[:3, 3], rays).face >= 0
    assert np.isin(np.flatnonzero(met), shown).all()
    assert len(shown) < 1.6 * met.sum() + 100
    inside = camera.cam2world.copy()
    inside[:3, 3] = vertices.mean(axis=0)
    assert len(shown_pixels(vertices, faces, inside, camera.intrinsics, size)) == size * size


def test_a_second_picture_of_the_same_scene_is_the_picture_of_a_new_one() -> None:
    avatar = bust_avatar()
    main = avatar.main
    made = [Preview(main.vertices, main.normals, main.faces, main.uvs, main.maps.base_colour) for _ in range(2)]
    first, second = Camera.orbit(yaw=0.0, focal=4.0), Camera.orbit(yaw=2.0, focal=4.0)
    made[0].render(first.cam2world, first.intrinsics, 48)
    again, fresh = (scene.render(second.cam2world, second.intrinsics, 48) for scene in made)
    np.testing.assert_array_equal(again.image, fresh.image)
    np.testing.assert_array_equal(again.depth, fresh.depth)
