# SPDX-License-Identifier: Apache-2.0
"""The canonical body as a solid: signs at known places, distances against all triangles one by one."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.geometry.directions import sphere_directions
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.world.assets import AssetFolders
from portrait_core.world.base_mesh import load_base_mesh
from portrait_core.world.canonical_body import EYE_MIDDLE, BodyDistance, load_canonical_body
from tests.slow_search import point_triangle


@pytest.fixture(scope="module")
def distance(assets: AssetFolders) -> BodyDistance:
    return BodyDistance(load_canonical_body(assets), load_base_mesh(assets))


@pytest.mark.parametrize(
    ("place", "inside"),
    [
        ((0, 0.03, -0.08), True),  # inside the skull
        ((0, -0.068, -0.035), True),  # the bag of the mouth, which the base mesh leaves open to the outside
        ((0, -0.20, -0.10), True),  # the chest
        ((0.0295, 0.0, -0.012), True),  # an eyeball
        ((0.0295, 0.0, -0.035), True),  # the socket behind it
        ((0, 0, 0.10), False),  # before the face
        ((0, 0.25, -0.08), False),  # above the head
        ((0.20, 0, -0.08), False),  # beside the head
        ((0.13, -0.10, -0.08), False),  # between ear and shoulder
    ],
)
def test_signs(distance: BodyDistance, place: tuple[float, float, float], inside: bool):
    at = (EYE_MIDDLE + np.array(place, np.float32))[None]
    assert (distance(at)[0][0] < 0) == inside


def test_magnitudes_against_every_triangle(distance: BodyDistance):
    rng = np.random.default_rng(1)
    points = (EYE_MIDDLE + rng.uniform(-0.15, 0.15, (12, 3)) + [0, -0.05, -0.08]).astype(np.float32)
    signed, bary, face = distance(points)
    corner = distance.body.vertices[distance.triangles].astype(np.float64)
    for i, point in enumerate(points):
        square, _ = point_triangle(np.repeat(point[None].astype(np.float64), len(corner), axis=0), corner)
        np.testing.assert_allclose(abs(signed[i]), np.sqrt(square.min()), atol=2e-6)
    place = distance.vertex_values(distance.body.vertices, bary, face)
    np.testing.assert_allclose(np.linalg.norm(place - points, axis=1), np.abs(signed), atol=2e-6)


def test_vertices_and_their_painting_values(distance: BodyDistance):
    body = distance.body
    count = len(body.vertices)
    assert all(len(v) == count for v in (body.ao, body.lip, body.lid, body.mouth))
    assert body.ao.min() >= 0 and body.ao.max() == 1 and body.lip.max() > 0.9
    at = body.vertices - EYE_MIDDLE
    lips = body.lip > 0.5
    assert lips.sum() > 50 and np.abs(at[lips, 0]).max() < 0.04 and at[lips, 1].max() < -0.04
    assert body.mouth[lips].max() < 0.02 < body.mouth[body.lid < 0.002].min()
    eyes = body.vertices[body.skins :] - EYE_MIDDLE
    assert np.abs(np.abs(eyes[:, 0]) - 0.03).max() < 0.02
    np.testing.assert_allclose(at[body.skins :].mean(axis=0)[:2], 0, atol=1e-3)


def test_a_scene_of_one_tetrahedron():
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    triangles = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    scene = MeshQueries(vertices, triangles, solid=True)
    assert scene.inside(np.array([[0.1, 0.1, 0.1], [0.5, 0.5, 0.5], [-0.1, 0.1, 0.1]])).tolist() == [True, False, False]
    hit = scene.first_hits(np.array([[0.2, 0.3, 2.0], [5, 5, 5]]), np.array([[0, 0, -1.0], [0, 0, -1]]))
    assert hit.face.tolist() == [3, -1]
    np.testing.assert_allclose(hit.distance[0], 2 - 0.5, atol=1e-6)
    np.testing.assert_allclose(hit.weights[0], [0.2, 0.3, 0.5], atol=1e-6)
    near = scene.closest(np.array([[0.2, 0.2, -0.3]]))
    assert near.face[0] == 0 and near.distance[0] == pytest.approx(0.3)
    np.testing.assert_allclose(np.linalg.norm(sphere_directions(50), axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(sphere_directions(50).mean(axis=0), 0, atol=0.02)
