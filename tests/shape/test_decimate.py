# SPDX-License-Identifier: Apache-2.0
"""Decimation keeps the shape and leaves a clean surface; the repairs do what they say."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from portrait_core.errors import UsageError
from portrait_core.shape import Surface, decimate, extract_surface, inspect_surface
from portrait_core.shape.repair import drop_bad_faces, part_places, part_touching, repair
from tests.analytic import AnalyticField, ball, bust_field

TETRA = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]], np.int32)
CORNERS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)


@pytest.fixture(scope="module")
def bust() -> Surface:
    return extract_surface(bust_field(), 128)


@pytest.mark.parametrize("faces", [1000, 5000, 20000])
def test_decimation_hits_its_target_and_stays_clean(bust: Surface, faces: int) -> None:
    result = decimate(bust, faces)
    assert 0.98 * faces <= len(result.faces) <= faces
    assert inspect_surface(result).clean
    assert abs(result.volume() / bust.volume() - 1) < 0.01


def test_decimated_vertices_stay_on_the_surface(bust: Surface) -> None:
    field = bust_field()
    result = decimate(bust, 10000)
    free = result.vertices[:, 1] > field.bounds[0, 1] + 1e-3
    distance = np.abs(field.value(result.vertices[free]))
    assert distance.mean() < 0.2e-3 and distance.max() < 2e-3  # metres


def test_the_cap_stays_flat(bust: Surface) -> None:
    result = decimate(bust, 10000)
    floor = bust_field().bounds[0, 1]
    assert result.vertices[:, 1].min() > floor - 1e-4
    assert (np.abs(result.vertices[:, 1] - floor) < 1e-4).sum() > 20


def test_decimation_is_repeatable_and_lazy(bust: Surface) -> None:
    one, two = decimate(bust, 3000), decimate(bust, 3000)
    np.testing.assert_array_equal(one.vertices, two.vertices)
    np.testing.assert_array_equal(one.faces, two.faces)
    assert decimate(one, 3000) is one
    with pytest.raises(UsageError, match="at least 100"):
        decimate(bust, 10)


def test_repair_leaves_a_clean_surface_alone(bust: Surface) -> None:
    same = repair(bust)
    np.testing.assert_array_equal(same.vertices, bust.vertices)
    np.testing.assert_array_equal(same.faces, bust.faces)


def test_touching_bodies_are_parted() -> None:
    """Two tetrahedra that share a vertex, and two that share an edge."""
    other = CORNERS[[0, 2, 1, 3]] * np.float32(-1)
    at_vertex = Surface(np.vstack([CORNERS, other[1:]]), np.vstack([TETRA, np.where(TETRA == 0, 0, TETRA + 3)]))
    parted = part_touching(at_vertex)
    assert len(at_vertex.vertices) == 7 and len(parted.vertices) == 8
    assert inspect_surface(parted).clean

    mirrored = CORNERS * np.array([-1, -1, 1], np.float32)  # shares the edge 0-3 along z
    renamed = np.array([0, 4, 5, 3], np.int32)[TETRA]
    at_edge = Surface(np.vstack([CORNERS, mirrored[1:3]]), np.vstack([TETRA, renamed]))
    assert inspect_surface(at_edge).crowded_edges == 1
    parted = part_touching(at_edge)
    assert len(parted.vertices) == 8 and inspect_surface(parted).clean


def test_folded_and_repeated_faces_go() -> None:
    folded = np.vstack([TETRA, [[1, 2, 4], [2, 1, 4], [0, 0, 1]]]).astype(np.int32)
    result = drop_bad_faces(Surface(np.vstack([CORNERS, [[1, 1, 1]]]).astype(np.float32), folded))
    assert len(result.faces) == 4 and len(result.vertices) == 4
    assert inspect_surface(result).clean
    doubled = drop_bad_faces(Surface(CORNERS, np.vstack([TETRA, TETRA[:1], TETRA[:1]])))
    assert len(doubled.faces) == 4


def test_faces_go_where_the_detail_is() -> None:
    """A ball with a rippled patch: collapses in order of cost keep the ripples, a careless order loses half of them."""
    plain = ball((0, 0, 0), 0.2)

    def rippled(points: np.ndarray) -> np.ndarray:
        patch = np.exp(-((points[:, 0] ** 2 + points[:, 1] ** 2) / 0.07**2)) * (points[:, 2] > 0)
        return plain(points) + 0.004 * patch * np.sin(90 * points[:, 0]) * np.sin(90 * points[:, 1])

    field = AnalyticField(rippled, ((-0.25,) * 3, (0.25,) * 3))
    result = decimate(extract_surface(field, 128), 6000)
    middle = result.vertices[result.faces].mean(axis=1)
    patch = (np.hypot(middle[:, 0], middle[:, 1]) < 0.08) & (middle[:, 2] > 0)
    error = np.abs(field.value(middle))
    assert error.mean() < 0.12e-3
    assert error[patch].mean() < 0.12e-3 and error[patch].max() < 0.6e-3


def test_sheets_that_touch_in_a_point_are_parted_for_readers_that_join_by_place() -> None:
    ball = trimesh.creation.icosphere(subdivisions=2)
    top = int(ball.vertices[:, 2].argmax())
    points = ball.vertices - ball.vertices[top]
    mirrored = points * [1, 1, -1]
    vertices = np.vstack([points, mirrored]).astype(np.float32) * np.float32(0.1)
    faces = np.vstack([ball.faces, ball.faces[:, ::-1] + len(points)]).astype(np.int32)
    two = part_places(Surface(vertices, faces))
    assert len(np.unique(vertices, axis=0)) == len(vertices) - 1
    assert len(np.unique(two.vertices, axis=0)) == len(vertices)
    assert np.abs(two.vertices - vertices).max() < 1e-4 and (two.faces == faces).all()
    moved = np.flatnonzero((two.vertices != vertices).any(axis=1))
    assert moved.tolist() == [top, top + len(points)]
    assert two.vertices[top, 2] < 0 < two.vertices[top + len(points), 2]
    same = Surface(two.vertices, two.faces)
    assert part_places(same) is same
