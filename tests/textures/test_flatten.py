# SPDX-License-Identifier: Apache-2.0
"""Opening into discs, flattening and its energy, and the test for borders that cross."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from portrait_core.geometry.edge_pairs import face_pairs, glue
from tests.textures.measures import overlapping, stretches
from textures.distortion import energies, stresses
from textures.flatten import flatten, flattenings
from textures.slim import proxy_weights, strong_steps
from textures.topology import border_loops, euler_numbers, open_to_discs


def grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    """A flat square of size x size cells as (V, 3) and (F, 3)."""
    x, y = np.meshgrid(np.arange(size + 1.0), np.arange(size + 1.0), indexing="ij")
    at = np.arange((size + 1) ** 2).reshape(size + 1, size + 1)
    a, b, c, d = at[:-1, :-1].ravel(), at[1:, :-1].ravel(), at[1:, 1:].ravel(), at[:-1, 1:].ravel()
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)
    return np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], 1), faces


def one_chart(faces: np.ndarray) -> np.ndarray:
    return np.zeros(len(faces), np.int64)


def signed(flat: np.ndarray) -> np.ndarray:
    one, two = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    return one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]


def test_a_rolled_sheet_unrolls_exactly() -> None:
    vertices, faces = grid(16)
    angle = vertices[:, 0] / 8.0
    rolled = np.stack([8 * np.sin(angle), vertices[:, 1], 8 * np.cos(angle)], 1)
    glued = glue(len(faces), face_pairs(faces))
    flat = flatten(rolled[faces], glued, one_chart(faces), iterations=60)
    assert flat.energy[0] == pytest.approx(4.0, abs=0.01)
    stretch = stretches(rolled[faces], flat.uvs[glued])
    np.testing.assert_allclose(stretch, 1.0, atol=0.1)


def test_a_deep_cup_is_never_flipped_and_gets_better_with_every_step() -> None:
    ball = trimesh.creation.icosphere(3)
    centre = ball.triangles_center
    faces = np.asarray(ball.faces[centre[:, 2] > -0.7], np.int32)
    corners = np.asarray(ball.vertices, np.float64)[faces]
    pairs = face_pairs(faces)
    glued = glue(len(faces), pairs)
    assert euler_numbers(one_chart(faces), pairs, glued).tolist() == [1]
    energies = []
    for steps in (0, 2, 8, 40):
        flat = flatten(corners, glued, one_chart(faces), iterations=steps)
        assert (signed(flat.uvs[glued]) > 0).all()
        energies.append(flat.energy[0])
    assert energies == sorted(energies, reverse=True) and energies[-1] < 0.7 * energies[0]


def test_the_stress_is_the_derivative_of_the_energy() -> None:
    random = np.random.RandomState(0)
    jacobian = np.eye(2)[:, :, None] + 0.3 * random.randn(2, 2, 50)
    jacobian = jacobian[:, :, np.linalg.det(jacobian.transpose(2, 0, 1)) > 0.1]
    stress = stresses(jacobian)
    for i in range(2):
        for j in range(2):
            step = np.zeros_like(jacobian)
            step[i, j] = 1e-6
            slope = (energies(jacobian + step) - energies(jacobian - step)) / 2e-6
            np.testing.assert_allclose(stress[i, j], slope, rtol=1e-4, atol=1e-4)
    values = np.linalg.svd(jacobian.transpose(2, 0, 1), compute_uv=False)
    np.testing.assert_allclose(energies(jacobian), (values**2 + values**-2).sum(axis=1))
    assert np.isinf(energies(-jacobian * np.array([1.0, -1.0])[:, None, None])).all()


def test_the_weights_of_strong_steps_make_their_gradient_that_of_the_energy() -> None:
    values = np.linspace(0.2, 4.0, 80)
    slope = ((values + 1e-6) ** 2 + (values + 1e-6) ** -2 - (values - 1e-6) ** 2 - (values - 1e-6) ** -2) / 2e-6
    np.testing.assert_allclose(2.0 * proxy_weights(values) * (values - 1.0), slope, rtol=1e-5, atol=1e-6)
    assert proxy_weights(np.ones(1)) == pytest.approx(4.0)


def test_charts_do_not_feel_each_other() -> None:
    vertices, faces = grid(6)
    bent = vertices + np.stack([0 * vertices[:, 0], 0 * vertices[:, 0], 0.1 * vertices[:, 0] ** 2], 1)
    glued = glue(len(faces), face_pairs(faces))
    alone = flatten(bent[faces], glued, one_chart(faces))
    two = np.concatenate([glued, glued + glued.max() + 1])
    chart = np.repeat([0, 1], len(faces))
    both = flatten(np.concatenate([bent[faces], bent[faces]]), two, chart)
    np.testing.assert_allclose(both.uvs[: len(alone.uvs)], alone.uvs, atol=1e-6)
    np.testing.assert_allclose(both.uvs[len(alone.uvs) :], alone.uvs, atol=1e-6)


def test_a_torus_and_a_ring_open_into_discs_and_a_disc_stays() -> None:
    for mesh in (trimesh.creation.torus(1.0, 0.3), trimesh.creation.annulus(0.5, 1.0, 0.2)):
        faces = np.asarray(mesh.faces, np.int32)
        pairs = face_pairs(faces)
        assert euler_numbers(one_chart(faces), pairs, glue(len(faces), pairs)).tolist() == [0]
        opened = open_to_discs(one_chart(faces), pairs, np.ones(len(pairs.one)))
        glued = glue(len(faces), opened)
        assert euler_numbers(one_chart(faces), opened, glued).tolist() == [1]
        assert len(np.unique(border_loops(glued)[1])) == 1
        assert len(pairs.one) - len(opened.one) < 0.2 * len(pairs.one)
    _, faces = grid(5)
    pairs = face_pairs(faces)
    assert len(open_to_discs(one_chart(faces), pairs, np.ones(len(pairs.one))).one) == len(pairs.one)


def test_border_loops_go_around_in_order() -> None:
    vertices, faces = grid(4)
    glued = glue(len(faces), face_pairs(faces))
    places = np.zeros((glued.max() + 1, 2))
    places[glued] = vertices[faces][:, :, :2]
    both = np.concatenate([glued, glued + glued.max() + 1])
    border, loop = border_loops(both)
    assert np.bincount(loop).tolist() == [16, 16]
    around = np.concatenate([places, places])[border]
    for k in range(2):
        own = around[loop == k]
        steps = np.roll(own, -1, axis=0) - own
        np.testing.assert_allclose(np.linalg.norm(steps, axis=1), 1.0)
        assert np.cross(np.c_[own, 0 * own[:, 0]], np.c_[steps, 0 * own[:, 0]])[:, 2].sum() == pytest.approx(32)


def test_a_border_that_crosses_itself_is_seen() -> None:
    vertices, faces = grid(20)
    glued = glue(len(faces), face_pairs(faces))
    flat = np.zeros((glued.max() + 1, 2))
    # A strip rolled up in the plane by more than a full turn lies over itself, without any flip.
    for turn, crossed in ((0.8, False), (1.3, True)):
        angle = -vertices[:, 0] / 20 * 2 * np.pi * turn
        radius = 20 + vertices[:, 1] * 0.2
        spiral = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
        flat[glued] = spiral[faces]
        orientation = signed(flat[glued])
        assert (orientation > 0).all() or (orientation < 0).all()
        assert overlapping(flat, glued, one_chart(faces)).tolist() == [crossed]


def test_strong_steps_open_a_pocket_that_descent_leaves_collapsed() -> None:
    # A sheet with a long narrow finger: Tutte's map shrinks its tip to next to nothing.
    vertices, faces = grid(24)
    x, y = vertices[:, 0] - 12, vertices[:, 1] - 12
    radius = np.maximum(np.abs(x), np.abs(y))
    finger = np.stack([0.25 * x, 0.25 * y, 6.0 * (9 - radius)], 1)
    bent = np.where((radius < 9)[:, None], finger, np.stack([x, y, 0 * x], 1))
    corners, glued = bent[faces], glue(len(faces), face_pairs(faces))
    descended = flatten(corners, glued, one_chart(faces))
    start = flatten(corners, glued, one_chart(faces), iterations=0)
    before = start.energy[0]
    for laid in strong_steps(corners, glued, one_chart(faces), start.uvs, 16):
        assert (signed(laid.uvs[glued]) > 0).all()
        assert laid.energy[0] <= before
        before = laid.energy[0]
    assert before < 0.5 * descended.energy[0]


def test_stops_on_the_way_are_those_of_shorter_ways() -> None:
    vertices, faces = grid(8)
    bent = vertices + np.stack([0 * vertices[:, 0], 0 * vertices[:, 0], 0.1 * vertices[:, 0] ** 2], 1)
    glued = glue(len(faces), face_pairs(faces))
    laid = flattenings(bent[faces], glued, one_chart(faces), (24, 6, 0))
    for steps, flat in laid.items():
        alone = flatten(bent[faces], glued, one_chart(faces), iterations=steps)
        np.testing.assert_array_equal(flat.uvs, alone.uvs)
        np.testing.assert_array_equal(flat.energy, alone.energy)
