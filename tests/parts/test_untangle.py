# SPDX-License-Identifier: Apache-2.0
"""Lips that pass through each other come apart, and only where nobody sees them."""

from __future__ import annotations

import numpy as np
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


def test_lips_that_only_lie_on_each_other_stay_where_they_are() -> None:
    places, untangling = lips(0.0002, -0.0001)
    assert untangling.step(places) is None
