# SPDX-License-Identifier: Apache-2.0
"""Lips that pass through each other come apart, and only where nobody sees them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.parts_measures import crossings
from portrait_core.parts.part_mesh import triangles_of_quads
from portrait_core.parts.untangle import ENOUGH, ROUNDS, SHOWN, Untangling

SIDE = 9


def sheet(height: float, dip: float) -> NDArray[np.float64]:
    """(81, 3) a sheet 16 mm wide and deep at a height, which bends by ``dip`` in its middle; metres."""
    x, z = np.meshgrid(np.linspace(-0.008, 0.008, SIDE), np.linspace(-0.016, 0.0, SIDE))
    bend = dip * np.exp(-(((x / 0.003) ** 2) + ((z + 0.010) / 0.003) ** 2))
    return np.stack([x.ravel(), np.full(SIDE * SIDE, height) + bend.ravel(), z.ravel()], 1)


def lips(gap: float, dip: float) -> tuple[NDArray[np.float64], Untangling]:
    """Two sheets above each other, the upper one bent down."""
    k = np.arange(SIDE - 1)
    corner = (k[:, None] * SIDE + k).ravel()
    quads = np.stack([corner, corner + 1, corner + SIDE + 1, corner + SIDE], 1)
    both = np.concatenate([quads, quads + SIDE * SIDE])
    places = np.concatenate([sheet(gap, dip), sheet(0.0, 0.0)])
    ends = np.stack([both, np.roll(both, -1, axis=1)], -1).reshape(-1, 2)
    near = sparse.csr_matrix((np.ones(2 * len(ends)), np.r_[ends, ends[:, ::-1]].T), (len(places),) * 2)
    near.data[:] = 1
    mean = sparse.diags(1 / np.asarray(near.sum(axis=1)).ravel()) @ near
    side = np.repeat([1.0, -1.0], SIDE * SIDE)
    return places, Untangling.of(triangles_of_quads(both)[0], side, sparse.csr_matrix(mean))


def test_lips_that_cross_come_apart_behind_and_stay_in_front() -> None:
    places, untangling = lips(0.0002, -0.0008)
    assert crossings(places, untangling.faces)[1].max() > ENOUGH
    moved = places.copy()
    for _ in range(4 * ROUNDS):
        step = untangling.step(moved)
        if step is None:
            break
        moved = moved + step
    assert crossings(moved, untangling.faces)[1].max(initial=0) <= ENOUGH
    front = places[:, 2] > -SHOWN
    assert front.any() and np.array_equal(moved[front], places[front])
    away = moved[:, 1] - places[:, 1]
    assert away[: SIDE * SIDE].min() >= 0 >= away[SIDE * SIDE :].max()  # the upper one up, the lower one down


def test_a_scene_that_is_kept_changes_no_step() -> None:
    places, untangling = lips(0.0002, -0.0008)
    scene = untangling.begin(places)
    for _ in range(ROUNDS):
        step, kept = untangling.step(places), untangling.step(places, scene)
        if step is None:
            break
        assert kept is not None
        np.testing.assert_array_equal(kept, step)
        places = places + step


def test_every_edge_through_a_face_is_found() -> None:
    """Against all edges and all faces, one after another."""
    places, untangling = lips(0.0002, -0.0012)
    places += np.random.default_rng(0).normal(size=places.shape) * 0.00003  # no edge meets two faces where they meet
    behind = places[:, 2].max() - places[:, 2]
    edge, face, depth = untangling._crossings(places, behind, None)
    a, b, c = (places[untangling.faces[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    wanted: dict[tuple[int, int], float] = {}
    for number, ends in enumerate(untangling.edges.tolist()):
        one, two = places[ends]
        over, under = ((each - a) * normal for each in (one, two))
        over, under = over.sum(axis=1), under.sum(axis=1)
        at = one + (two - one) * (over / np.where(over == under, 1, over - under))[:, None]
        sides = [(np.cross(q - p, at - p) * normal).sum(axis=1) for p, q in ((a, b), (b, c), (c, a))]
        apart = ~np.isin(untangling.faces, ends).any(axis=1)
        through = apart & (over * under < 0) & (np.stack(sides) >= 0).all(axis=0)
        deep = np.minimum(abs(over), abs(under))
        wanted |= {(number, each): float(deep[each]) for each in np.flatnonzero(through & (deep > ENOUGH)).tolist()}
    found = dict(zip(zip(edge.tolist(), face.tolist(), strict=True), depth.tolist(), strict=True))
    assert len(wanted) > 3 and found == pytest.approx(wanted)


def test_lips_that_only_lie_on_each_other_stay_where_they_are() -> None:
    places, untangling = lips(0.0002, -0.0001)
    assert untangling.step(places) is None
