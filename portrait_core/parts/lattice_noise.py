# SPDX-License-Identifier: Apache-2.0
"""Smooth noise over the plane from hashed whole numbers: the same on every machine, without tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def noise(x: NDArray[np.floating], y: NDArray[np.floating], seed: int) -> NDArray[np.float32]:
    """Smooth noise in [-1, 1] over the plane, with one value at every whole x and y."""
    column, row = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    s, t = (x - column).astype(np.float32), (y - row).astype(np.float32)
    s, t = s * s * (3 - 2 * s), t * t * (3 - 2 * t)
    values, at, following = _hashed_lattice(column, row, seed)
    low = values[at] * (1 - s) + values[at + 1] * s
    high = values[at + following] * (1 - s) + values[at + following + 1] * s
    return np.asarray(low * (1 - t) + high * t, np.float32)


def _hashed_lattice(
    column: NDArray[np.int64], row: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.float32], NDArray[np.int64], int]:
    """The values of all pairs of whole numbers around places, which of them (N,) each place has, and how many lie
    before the one that has the same column and the next row."""
    left, top = int(column.min(initial=0)), int(row.min(initial=0))
    columns, rows = int(column.max(initial=0)) - left + 2, int(row.max(initial=0)) - top + 2
    whole = hashed(left + np.arange(columns), top + np.arange(rows)[:, None], seed)
    return whole.ravel(), (row - top) * columns + (column - left), columns


def hashed(column: NDArray[np.int64], row: NDArray[np.int64], seed: int) -> NDArray[np.float32]:
    """A value in [-1, 1] for every pair of whole numbers, as good as random."""
    mixed = (column * 374761393 + row * 668265263 + seed * 1274126177).astype(np.uint32)
    mixed = (mixed ^ (mixed >> np.uint32(13))) * np.uint32(1274126177)
    mixed ^= mixed >> np.uint32(16)
    return (mixed.astype(np.float32) * np.float32(2.0 / 4294967295.0) - np.float32(1)).astype(np.float32)
