# SPDX-License-Identifier: Apache-2.0
"""Hems lie inside the cloth, at its open borders alone."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.training.parts_template.hem import DEPTH, THICKNESS, hemmed, open_edges


def tube(around: int = 24, rows: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """An upright tube of radius 0.1: places, quads, seen from outside."""
    angle = 2 * np.pi * np.arange(around) / around
    ring = np.stack([0.1 * np.sin(angle), 0 * angle, 0.1 * np.cos(angle)], 1)
    places = np.concatenate([ring + np.array([0, 0.03 * k, 0]) for k in range(rows)])
    quads: list[list[int]] = []
    for k in range(rows - 1):
        for j in range(around):
            a, b = k * around + j, k * around + (j + 1) % around
            quads.append([a, b, b + around, a + around])
    return places, np.asarray(quads)


def test_a_tube_gets_a_rim_and_a_strip_at_both_ends() -> None:
    places, quads = tube()
    whole = hemmed(places, quads, quads, np.zeros((len(places), 2), np.float32))
    assert len(whole.quads) == len(quads) + 2 * 2 * 24
    assert len(whole.places) == len(places) + 2 * 2 * 24
    added = whole.places[len(places) :]
    radius = np.hypot(added[:, 0], added[:, 2])
    assert radius[:48] == pytest.approx(0.1 - THICKNESS, abs=2e-4)
    assert (radius < 0.1 - 0.8 * THICKNESS).all()
    top = whole.places[len(places) + 48 :][24:]
    assert top[:, 1] == pytest.approx(0.12 - DEPTH, abs=5e-4)


def test_every_edge_but_the_innermost_has_two_quads_that_run_against_each_other() -> None:
    places, quads = tube()
    whole = hemmed(places, quads, quads, np.zeros((len(places), 2), np.float32))
    begin, _, _ = open_edges(whole.quads)
    assert len(begin) == 48
    assert begin.min() >= len(places) + 48
    directed = np.stack([whole.quads.ravel(), np.roll(whole.quads, -1, axis=1).ravel()], 1)
    assert len(np.unique(directed, axis=0)) == len(directed)


def test_copies_know_what_they_are_copies_of() -> None:
    places, quads = tube()
    whole = hemmed(places, quads, quads, np.zeros((len(places), 2), np.float32))
    away = np.linalg.norm(whole.places - places[whole.source], axis=1)
    assert away.max() < DEPTH + 2 * THICKNESS
    assert (whole.source[: len(places)] == np.arange(len(places))).all()


def test_a_closed_mesh_stays_as_it_is() -> None:
    places = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
    quads = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
    whole = hemmed(places, quads, quads, np.zeros((8, 2), np.float32))
    assert len(whole.quads) == 6 and len(whole.places) == 8


def test_neighbours_that_are_turned_over_have_no_border_between_them() -> None:
    _, quads = tube()
    turned = quads.copy()
    turned[::5] = turned[::5, ::-1]
    _, _, numbers = open_edges(turned)
    assert len(numbers) == len(open_edges(quads)[2]) == 48
