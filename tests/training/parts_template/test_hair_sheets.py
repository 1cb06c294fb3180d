# SPDX-License-Identifier: Apache-2.0
"""Sheets of hair face outwards, and strand coordinates run on through a chart that several pieces wear."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.training.parts_template.hair_shaping import SKULL
from portrait_core.training.parts_template.hair_sheets import piece_widths, texture_strands, turned_inwards
from portrait_core.training.parts_template.worn import halves


def _grid(columns: int, rows: int) -> NDArray[Any]:
    """(columns * rows, 4) quads over (columns + 1) x (rows + 1) vertices, rows of x within columns of y."""
    i, j = np.meshgrid(np.arange(columns), np.arange(rows))
    first = (j * (columns + 1) + i).ravel()
    return np.stack([first, first + 1, first + columns + 2, first + columns + 1], 1)


def _places(columns: int, rows: int) -> NDArray[Any]:
    x, y = np.meshgrid(np.linspace(0, 0.10, columns + 1), np.linspace(0, -0.20, rows + 1))
    return np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], 1)


def test_only_the_sheet_that_faces_the_head_is_told() -> None:
    quads, places = _grid(4, 4)[:, ::-1], _places(4, 4) + SKULL + np.array([-0.05, 0.1, 0.1])
    inwards = turned_inwards(places, quads)
    assert not inwards.any()
    # Beside it a sheet on the same vertices that runs round the other way.
    mixed = quads.copy()
    mixed[:4] = mixed[:4, ::-1]
    assert turned_inwards(places, mixed).tolist() == [True] * 4 + [False] * 12


def test_strands_of_a_chart_that_two_pieces_wear_run_on() -> None:
    quads, places = _grid(4, 8), _places(4, 8)
    uvs = (places[:, :2] - places[:, :2].min(axis=0)) * 2.0
    upper, lower = quads[:16], quads[16:]
    # Two pieces far from one another in space, one chart.
    other = places + np.array([0.0, 0.0, 0.3])
    mesh = np.concatenate([places, other])
    triangles = halves(np.concatenate([upper, lower + len(places)]))
    down = np.tile([0.0, -1.0, 0.0], (len(triangles), 1))
    found = texture_strands(mesh, triangles, halves(quads), uvs, down)
    assert np.abs(found[:, 1] + places[:, 1]).max() < 1e-3
    steps = np.abs(found[quads, 0] - found[np.roll(quads, -1, axis=1), 0])
    assert steps.max() < 0.03
    assert abs(np.ptp(found[:, 0]) - 0.10) < 1e-3


def test_pieces_are_as_wide_as_their_quads_are_on_the_mean() -> None:
    quads, places = _grid(4, 8), _places(4, 8)
    strip, thin = _grid(1, 8), _places(1, 8) * [0.02, 1.0, 1.0]
    found = piece_widths(np.concatenate([places, thin]), np.concatenate([quads, strip + len(places)]))
    assert np.abs(found[: len(quads)] - 0.025).max() < 1e-9
    assert np.abs(found[len(quads) :] - 0.002).max() < 1e-9
