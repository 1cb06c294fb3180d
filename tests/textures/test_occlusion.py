# SPDX-License-Identifier: Apache-2.0
"""Ambient occlusion against places whose view of the sky is known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from portrait_core.geometry.mesh_queries import MeshQueries
from textures.occlusion import occlusion, occlusion_map, smooth_over_edges

UP = np.array([[0, 0, 1]], np.float32)


def sky(mesh: trimesh.Trimesh, points: np.ndarray, normals: np.ndarray, **options: float) -> np.ndarray:
    hit = MeshQueries(mesh.vertices, mesh.faces).blocked
    return occlusion(
        points.astype(np.float32), normals.astype(np.float32), hit, np.random.default_rng(5), rays=1024, **options
    )


def quad(corners: list[list[float]]) -> trimesh.Trimesh:
    return trimesh.Trimesh(np.array(corners, float), [[0, 1, 2], [0, 2, 3]], process=False)


def test_an_open_plane_sees_all_of_the_sky_and_a_closed_room_none() -> None:
    floor = quad([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
    assert sky(floor, np.zeros((1, 3)), UP)[0] == 1.0
    ball = trimesh.creation.icosphere(subdivisions=3, radius=0.1)
    assert sky(ball, np.zeros((1, 3)), UP)[0] == 0.0
    assert sky(ball, np.zeros((1, 3)), UP, reach=0.05)[0] == 1.0  # the wall is out of reach


def test_at_the_foot_of_an_endless_wall_half_of_the_sky_is_left() -> None:
    wall = quad([[0.0, -500, -500], [0.0, 500, -500], [0.0, 500, 500], [0.0, -500, 500]])
    assert sky(wall, np.array([[0.001, 0, 0]]), UP, reach=100.0)[0] == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("half_angle", [0.3, 0.8, 1.2])
@pytest.mark.parametrize("normal", [[0, 0, 1], [0, 0, -1], [0.6, 0, 0.8], [0, 1, 0]])
def test_under_a_round_opening_the_sky_is_the_square_of_its_sine(half_angle: float, normal: list[float]) -> None:
    # the bottom of a pit: a sphere with a round opening of `half_angle` straight above
    ball = trimesh.creation.icosphere(subdivisions=5)
    axis = np.array(normal, float)
    wall = np.asarray(ball.triangles_center) @ axis < np.cos(half_angle)
    pit = trimesh.Trimesh(ball.vertices, ball.faces[wall], process=False)
    assert sky(pit, np.zeros((1, 3)), axis[None], reach=5.0)[0] == pytest.approx(np.sin(half_angle) ** 2, abs=0.02)


def test_the_same_generator_gives_the_same_values_and_few_rays_are_right_on_average() -> None:
    ball = trimesh.creation.icosphere(subdivisions=4)
    pit = trimesh.Trimesh(ball.vertices, ball.faces[np.asarray(ball.triangles_center)[:, 2] < 0.5], process=False)
    hit = MeshQueries(pit.vertices, pit.faces).blocked
    points, normals = np.zeros((300, 3), np.float32), np.repeat(UP, 300, axis=0)
    one, other = (occlusion(points, normals, hit, np.random.default_rng(1), rays=16, reach=5.0) for _ in range(2))
    assert (one == other).all()
    assert one.mean() == pytest.approx(0.75, abs=0.02)


def test_smoothing_keeps_even_values_and_spreads_single_ones() -> None:
    ball = trimesh.creation.icosphere(subdivisions=2)
    faces = np.asarray(ball.faces, np.int32)
    assert smooth_over_edges(np.full(len(ball.vertices), 0.3, np.float32), faces) == pytest.approx(0.3)
    single = np.zeros(len(ball.vertices), np.float32)
    single[0] = 1.0
    spread = smooth_over_edges(single, faces, passes=1)
    neighbours = ball.vertex_neighbors[0]
    assert spread[0] == 0.5 and (spread[neighbours] > 0).all() and (spread > 0).sum() == 1 + len(neighbours)


def test_the_map_interpolates_and_has_row_0_at_the_top() -> None:
    uvs = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    image = occlusion_map(np.array([[0, 1, 2], [0, 2, 3]], np.int32), uvs, np.array([0, 0, 1, 1], np.float32), 64)
    expected = 255 * (1 - (np.arange(64) + 0.5) / 64)
    assert np.abs(image - expected[:, None]).max() <= 1.0


def test_no_rays_are_refused() -> None:
    with pytest.raises(ValueError, match="rays"):
        occlusion(np.zeros((1, 3), np.float32), UP, lambda *_: np.zeros(1, bool), np.random.default_rng(0), rays=0)
