# SPDX-License-Identifier: Apache-2.0
"""Queries on a mesh, against arithmetic over all triangles."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh

from portrait_core.geometry.mesh_queries import THREADED_FROM, MeshQueries

BALL = trimesh.creation.icosphere(subdivisions=3)


def test_closest_points_equal_a_search_over_all_triangles() -> None:
    points = np.random.default_rng(1).normal(size=(200, 3))
    hits = MeshQueries(BALL.vertices, BALL.faces).closest(points)
    found = (BALL.vertices[BALL.faces[hits.face]] * hits.weights[:, :, None]).sum(axis=1)
    for point, place, distance in zip(points, found, hits.distance, strict=True):
        every = trimesh.triangles.closest_point(BALL.triangles, np.repeat(point[None], len(BALL.faces), 0))
        nearest = np.linalg.norm(every - point, axis=1).min()
        assert distance == pytest.approx(nearest, abs=1e-5)
        assert np.linalg.norm(place - point) == pytest.approx(nearest, abs=1e-5)


def test_out_of_reach_is_no_face() -> None:
    hits = MeshQueries(BALL.vertices, BALL.faces).closest(np.array([[3.0, 0, 0], [1.2, 0, 0]]), reach=0.5)
    assert hits.face[0] == -1 and hits.face[1] >= 0
    assert hits.distance[0] == 0.5


def test_rays_from_one_place_and_from_many_meet_the_ball_where_they_should() -> None:
    queries = MeshQueries(BALL.vertices, BALL.faces)
    aims = np.random.default_rng(2).uniform(-0.6, 0.6, (500, 3)) * (1, 1, 0) - (0, 0, 3.0)
    directions = aims / np.linalg.norm(aims, axis=1, keepdims=True)
    eye = np.array([0, 0, 3.0])
    one = queries.first_hits(eye, directions)
    many = queries.first_hits(np.repeat(eye[None], 500, 0), directions)
    assert (one.face >= 0).all() and (one.face == many.face).all()
    met = eye + directions * one.distance[:, None]
    assert np.abs(np.linalg.norm(met, axis=1) - 1.0).max() < 0.01  # the facets lie up to 0.7 % inside the sphere
    assert not queries.blocked(np.repeat(eye[None], 500, 0), -directions, 100.0).any()
    assert queries.blocked(np.repeat(eye[None], 500, 0), directions, 100.0).all()
    assert not queries.blocked(np.repeat(eye[None], 500, 0), directions, 1.5).any()


def test_inside_a_ball() -> None:
    points = np.random.default_rng(3).uniform(-1.2, 1.2, (2000, 3))
    radius = np.linalg.norm(points, axis=1)
    clear = np.abs(radius - 1.0) > 0.01
    inside = MeshQueries(BALL.vertices, BALL.faces, solid=True).inside(points)
    assert (inside == (radius < 1.0))[clear].all()


def test_threads_change_nothing() -> None:
    points = np.random.default_rng(4).normal(size=(THREADED_FROM * 3 + 17, 3))
    queries = MeshQueries(BALL.vertices, BALL.faces)
    whole = queries.closest(points)
    step = THREADED_FROM // 2
    parts = [queries.closest(points[begin : begin + step]) for begin in range(0, len(points), step)]
    assert (whole.face == np.concatenate([part.face for part in parts])).all()
    assert (whole.weights == np.concatenate([part.weights for part in parts])).all()


def test_nothing_asked_nothing_answered() -> None:
    assert MeshQueries(BALL.vertices, BALL.faces).closest(np.zeros((0, 3))).face.shape == (0,)


def test_importing_says_nothing_and_leaves_stderr_as_it_was() -> None:
    program = "import sys, portrait_core.geometry.warp_kernels; print('still here', file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
    )
    assert done.stdout == "" and done.stderr == "still here\n"


def test_a_mesh_that_moved_answers_as_a_new_one() -> None:
    random = np.random.default_rng(2)
    mesh = MeshQueries(BALL.vertices, BALL.faces)
    points, ways = random.normal(size=(300, 3)), trimesh.unitize(random.normal(size=(300, 3)))
    for scale in (1.3, (0.7, 1.0, 1.4)):
        vertices = BALL.vertices * scale + 0.1
        mesh.move(vertices)
        fresh = MeshQueries(vertices, BALL.faces)
        np.testing.assert_allclose(mesh.closest(points).distance, fresh.closest(points).distance, atol=1e-6)
        np.testing.assert_array_equal(
            mesh.first_hits(0.2 * points, ways).distance, fresh.first_hits(0.2 * points, ways).distance
        )
        assert mesh.size == fresh.size
        nearest, wanted = (each.nearest(points, reach=9.0, tie=1e-9) for each in (mesh, fresh))
        np.testing.assert_array_equal(nearest[0], wanted[0])
        np.testing.assert_array_equal(nearest[1], wanted[1])
