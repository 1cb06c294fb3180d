# SPDX-License-Identifier: Apache-2.0
"""Fewer keyframes for the same motion: those that a straight line between others says as well are left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .table import FaceTable

Floats = NDArray[np.float64]

TOLERANCE = 0.002
"""Of a weight: what a linear motion between keys may miss."""
TURN_TOLERANCE = 0.001
"""Radians of the same, of turns."""


def kept_keys(times: Floats, columns: Floats, tolerance: float | Floats = TOLERANCE) -> NDArray[np.intp]:
    """The rows of keys that suffice, growing, the first and the last among them.

    Args:
        times: (T,) seconds, growing.
        columns: (T, N), linear between keys.
        tolerance: what each of N may miss, at any of the times.

    By Douglas and Peucker's way of splitting: the key that a line misses by most becomes one of its own.
    """
    kept = np.zeros(len(times), bool)
    kept[[0, -1]] = True
    waiting = [(0, len(times) - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        share = ((times[first + 1 : last] - times[first]) / (times[last] - times[first]))[:, None]
        line = columns[first] + share * (columns[last] - columns[first])
        missed = (np.abs(columns[first + 1 : last] - line) / tolerance).max(axis=1)
        worst = int(missed.argmax())
        if missed[worst] > 1.0:
            middle = first + 1 + worst
            kept[middle] = True
            waiting += [(first, middle), (middle, last)]
    return np.flatnonzero(kept)


def thinned(table: FaceTable, tolerance: float = TOLERANCE) -> FaceTable:
    """``table`` with the keys alone that its weights and turns need in common."""
    if len(table.times) < 3:
        return table
    columns = [column[:, None] for column in table.weights.values()]
    columns += [turn * (tolerance / TURN_TOLERANCE) for turn in table.turns.values()]
    if not columns:
        return table
    rows = kept_keys(table.times, np.concatenate(columns, axis=1), tolerance)
    return replace(
        table,
        times=table.times[rows],
        weights={name: column[rows] for name, column in table.weights.items()},
        turns={name: turn[rows] for name, turn in table.turns.items()},
    )
