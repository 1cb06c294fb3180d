# SPDX-License-Identifier: Apache-2.0
"""Skin weights: the template's own on itself, right sides on thin parts, four influences that sum to one."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS, BodyTemplate
from portrait_core.geometry.barycentric import closest_barycentric
from portrait_core.rig import Skin, skin_from_template
from portrait_core.rig.skin import strongest
from portrait_core.rig.weight_transfer import transferred, without_arms
from portrait_core.shape import decimate, extract_surface, vertex_normals
from tests.analytic import bust_field, bust_template, bust_weights
from tests.slow_search import point_triangle

HEAD = SMPL_JOINT_NAMES.index("head")


@pytest.fixture(scope="module")
def template() -> BodyTemplate:
    return bust_template(decimate(extract_surface(bust_field(), 96), 6000))


def check(skin: Skin, count: int) -> None:
    assert skin.joints.shape == skin.weights.shape == (count, 4)
    assert skin.joints.dtype == np.uint16 and skin.weights.dtype == np.float32
    assert skin.weights.min() >= 0
    np.testing.assert_allclose(skin.weights.sum(axis=1), 1.0, atol=1e-6)
    assert (np.diff(skin.weights, axis=1) <= 1e-6).all()
    assert (skin.joints[skin.weights == 0] == 0).all()


def test_another_surface_of_the_same_bust_gets_the_same_weights(template: BodyTemplate) -> None:
    surface = decimate(extract_surface(bust_field(), 80), 3000)
    normals = vertex_normals(surface.vertices, surface.faces)
    skin = skin_from_template(template, surface.vertices, normals)
    check(skin, len(surface.vertices))
    error = np.abs(skin.dense(24) - bust_weights(surface.vertices))
    assert error.mean() < 0.005 and np.percentile(error.max(axis=1), 99) < 0.15
    above, below = surface.vertices[:, 1] > 0.13, surface.vertices[:, 1] < -0.06
    assert skin.dense(24)[above, HEAD].min() > 0.99
    assert skin.dense(24)[below, HEAD].max() < 1e-3


def test_neighbouring_vertices_have_similar_weights(template: BodyTemplate) -> None:
    surface = extract_surface(bust_field(), 96)
    skin = skin_from_template(template, surface.vertices, vertex_normals(surface.vertices, surface.faces)).dense(24)
    jump = np.abs(skin[surface.faces[:, 0]] - skin[surface.faces[:, 1]]).max(axis=1)
    assert jump.max() < 0.35 and np.percentile(jump, 99) < 0.15


def test_a_thin_gap_takes_the_side_that_faces_the_same_way() -> None:
    """Two sheets 1 cm apart that face each other; a surface between them must not take the wrong one."""
    grid = np.stack(np.meshgrid(np.linspace(-0.1, 0.1, 9), np.linspace(-0.1, 0.1, 9)), -1).reshape(-1, 2)
    a = np.arange(81).reshape(9, 9)
    quads = np.stack([a[:-1, :-1], a[:-1, 1:], a[1:, 1:], a[1:, :-1]], -1).reshape(-1, 4)
    up = np.vstack([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])  # faces +z
    lower = np.column_stack([grid, np.zeros(81)])
    upper = np.column_stack([grid, np.full(81, 0.01)])
    weights = np.zeros((162, 24), np.float32)
    weights[:81, 9], weights[81:, HEAD] = 1, 1
    template = BodyTemplate(
        SMPL_JOINT_NAMES,
        np.array(SMPL_PARENTS, np.int32),
        np.zeros((24, 3), np.float32),
        np.vstack([lower, upper]).astype(np.float32),
        np.vstack([up, up[:, ::-1] + 81]).astype(np.int32),
        weights,
    )
    points = np.column_stack([grid, np.full(81, 0.008)]).astype(np.float32)
    facing_up = np.tile(np.array([0, 0, 1], np.float32), (81, 1))
    assert (skin_from_template(template, points, facing_up).dense(24)[:, 9] > 0.999).all()
    assert (skin_from_template(template, points, -facing_up).dense(24)[:, HEAD] > 0.999).all()


def test_two_centimetres_away_a_template_says_nothing() -> None:
    template = BodyTemplate(
        SMPL_JOINT_NAMES,
        np.array(SMPL_PARENTS, np.int32),
        np.zeros((24, 3), np.float32),
        np.array([[-0.1, -0.1, 0], [0.1, -0.1, 0], [0, 0.1, 0]], np.float32),
        np.array([[0, 1, 2]], np.int32),
        np.eye(24, dtype=np.float32)[[HEAD] * 3],
    )
    points = np.array([[0, 0, 0.001], [0, 0, 0.0195], [0, 0, 0.0205], [0, 0, 0.1]], np.float32)
    weights, fits = transferred(template, points, np.tile(np.array([0, 0, 1], np.float32), (4, 1)))
    assert fits.tolist() == [True, True, False, False]
    np.testing.assert_allclose(weights[:2, HEAD], 1.0)


def test_nearest_points_equal_the_distance_formula() -> None:
    rng = np.random.default_rng(4)
    points, triangles = rng.normal(size=(3000, 3)), rng.normal(size=(3000, 3, 3))
    triangles[:20, 2] = triangles[:20, 1]  # without area
    weights = closest_barycentric(points, triangles)
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-9)
    place = np.einsum("nk,nki->ni", weights, triangles)
    expected, _ = point_triangle(points[20:], triangles[20:])
    np.testing.assert_allclose(((place - points) ** 2).sum(axis=1)[20:], expected, atol=1e-9)


def test_the_four_strongest_stay() -> None:
    row = np.array([[0.12, 0.3, 0.05, 0.25, 0.2, 0.08], [0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0]], np.float32)
    skin = strongest(row)
    check(skin, 3)
    assert set(skin.joints[0]) == {0, 1, 3, 4}
    np.testing.assert_allclose(skin.weights[0], np.array([0.22, 0.17, 0.12, 0.04]) / 0.55, rtol=1e-5)
    assert skin.joints[1].tolist() == [0, 0, 0, 0] and skin.weights[1].tolist() == [1, 0, 0, 0]
    assert skin.joints[2].tolist() == [1, 0, 0, 0]
    check(strongest(np.array([[0.4, 0.6]], np.float32)), 1)
    even = strongest(np.full((1, 5), 0.2, np.float32))
    np.testing.assert_allclose(even.weights, 0.25, atol=1e-6)


def test_shoulders_let_go_beside_the_neck() -> None:
    names = ("spine3", "neck", "left_collar", "right_collar", "head", "left_shoulder", "right_shoulder")
    rows = np.array(
        [
            [0.2, 0.3, 0.4, 0, 0.05, 0.05, 0],  # five joints
            [0.2, 0.01, 0, 0.4, 0, 0, 0.39],  # the shoulder itself
            [0.1, 0.2, 0, 0.2, 0.1, 0, 0.4],
        ]
    )
    result = without_arms(rows, names)
    np.testing.assert_allclose(result.sum(axis=1), 1.0)
    np.testing.assert_allclose(result[0], [0.2, 0.3, 0.45, 0, 0.05, 0, 0])
    np.testing.assert_array_equal(result[1], rows[1])
    np.testing.assert_allclose(result[2], [0.1, 0.2, 0, 0.28, 0.1, 0, 0.32])


def test_weights_do_not_jump_where_the_choice_of_joints_changes() -> None:
    share = np.linspace(0.0, 1.0, 201)[:, None]
    one, two = np.array([0.4, 0.25, 0.15, 0.14, 0.06]), np.array([0.4, 0.25, 0.06, 0.14, 0.15])
    row = ((1 - share) * one + share * two).astype(np.float32)
    dense = strongest(row).dense(5)
    assert np.abs(np.diff(dense, axis=0)).max() < 6 * np.abs(np.diff(row, axis=0)).max()
    cut = np.where(row < np.sort(row, axis=1)[:, 1:2], 0.0, row)  # what plain truncation does
    assert np.abs(np.diff(cut, axis=0)).max() > 0.1


def test_bad_shapes_are_named(template: BodyTemplate) -> None:
    points = np.zeros((5, 3), np.float32)
    with pytest.raises(ValueError, match="must be"):
        skin_from_template(template, points, points[:4])
    with pytest.raises(ValueError, match="shape"):
        Skin(np.zeros((5, 3), np.uint16), np.zeros((5, 3), np.float32))
