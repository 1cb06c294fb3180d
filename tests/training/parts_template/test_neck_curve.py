# SPDX-License-Identifier: Apache-2.0
"""The neckline as a curve on a skin, and a cloth's border along it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.training.parts_template.hem import open_edges
from portrait_core.training.parts_template.neck_curve import (
    along,
    corner_of,
    height_over_neckline,
    neck_curve,
)
from portrait_core.training.parts_template.neckline import finer_border, neck_border
from portrait_core.training.parts_template.piece import Piece

AROUND, RINGS = 48, 40


def cone() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """A neck that widens to shoulders, (V, 3) relative to the eyes, open above and below, and its quads."""
    angle = 2 * np.pi * np.arange(AROUND) / AROUND
    down = np.linspace(0, 1, RINGS)[:, None]
    radius = 0.055 + 0.09 * down
    x, z = radius * np.sin(angle), -0.09 + radius * np.cos(angle)
    y = np.broadcast_to(-0.08 - 0.26 * down, x.shape)
    number = np.arange(AROUND * RINGS).reshape(RINGS, AROUND)
    beside = np.roll(number, -1, axis=1)
    quads = np.stack([number[1:], beside[1:], beside[:-1], number[:-1]], -1).reshape(-1, 4)
    return np.stack([x, y, z], -1).reshape(-1, 3), quads


def halves(quads: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


@pytest.mark.parametrize("depth, shape", [(0.006, 0.0), (0.03, 0.4), (0.044, 1.0)])
def test_the_curve_is_closed_and_lies_on_the_closed_form(depth: float, shape: float) -> None:
    places, quads = cone()
    curve = neck_curve(places, halves(quads), depth, shape)
    assert np.abs(height_over_neckline(curve, depth, shape)).max() < 1e-6
    steps = np.linalg.norm(curve - np.roll(curve, 1, axis=0), axis=1)
    assert steps.max() < 0.03
    assert curve[:, 0].max() > 0.04 and curve[:, 0].min() < -0.04


def test_no_curve_is_no_neckline() -> None:
    places, quads = cone()
    with pytest.raises(ValueError, match="closes nowhere"):
        neck_curve(places + np.array([0, 1, 0]), halves(quads), 0.02, 0.5)


@pytest.mark.parametrize("depth, shape", [(0.02, 0.1), (0.044, 0.7)])
@pytest.mark.parametrize("turned", [False, True])
def test_a_border_keeps_its_order_and_its_middles(depth: float, shape: float, turned: bool) -> None:
    places, quads = cone()
    curve = neck_curve(places, halves(quads), depth, shape)
    border = np.roll(places[:AROUND], 5, axis=0)
    border = border[::-1] if turned else border
    found = along(curve, border, shape)
    for axis, pick in ((2, np.argmin), (2, np.argmax)):
        at = int(pick(border[:, axis]))
        assert abs(found[at, 0]) < 0.001
    sides = np.abs(border[:, 0]) > 0.01
    assert (np.sign(found[sides, 0]) == np.sign(border[sides, 0])).all()
    edges = np.linalg.norm(found - np.roll(found, 1, axis=0), axis=1)
    assert edges.max() < 4 * edges.min()
    assert corner_of(shape) == pytest.approx(0.045 + 0.05 * shape)


def test_a_finer_border_has_three_edges_for_each_and_no_gap() -> None:
    places, quads = cone()
    uvs = places[:, [0, 2]].astype(np.float32)
    piece = Piece(sparse.identity(len(places), format="csr"), places, places, quads, quads, uvs)
    fine = finer_border(piece)
    assert len(neck_border(fine)) == 3 * AROUND and len(neck_border(piece)) == AROUND
    assert len(fine.quads) == len(quads) + 3 * AROUND
    # Nothing opens elsewhere, and nothing turns over.
    assert len(open_edges(fine.quads)[0]) == 4 * AROUND
    a, b, c, d = (fine.places[fine.quads[:, k]] for k in range(4))
    outwards = fine.places[fine.quads].mean(axis=1) - [0, 0, -0.09]
    outwards[:, 1] = 0
    assert (np.cross(c - a, d - b) * outwards).sum(axis=1).min() > 0
    assert fine.uvs[fine.corners] == pytest.approx(fine.places[fine.quads][..., [0, 2]], abs=1e-6)
    assert np.asarray(fine.rows @ places) == pytest.approx(fine.places)
