# SPDX-License-Identifier: Apache-2.0
"""A plane of half the size, of odd sides too: every pixel of it is the mean of the area that it covers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def half_side(side: int) -> int:
    """The side of the half of something with ``side`` pixels: nothing is lost, so that of 7 it is 4."""
    return (side + 1) // 2


def halved(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``plane`` (H, W) uint8 at half its size (:func:`half_side` of each), rounded means of the areas covered.

    Where a side is even these are the means of two pixels by two, to the bit.
    """
    height, width = plane.shape
    if height % 2 == 0 and width % 2 == 0:
        # Rows first: NumPy is slow along short axes and across rows.
        pairs = plane[::2].astype(np.uint16)
        pairs += plane[1::2]
        fine = pairs[:, ::2] + pairs[:, 1::2]
        fine += 2
        fine >>= 2
        return fine.astype(np.uint8)
    means = _means(_means(plane.astype(np.float32), 0), 1)
    return np.floor(means + np.float32(0.5)).astype(np.uint8)


def _means(values: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Means over ``half_side`` equal stretches of an axis; pixels at their borders count by the part inside."""
    values = np.moveaxis(values, axis, 0)
    side = len(values)
    edges = np.arange(half_side(side) + 1) * (side / half_side(side))
    result = np.zeros((len(edges) - 1, values.shape[1]), np.float32)
    first = np.floor(edges[:-1]).astype(np.int64)
    for step in range(3):  # a stretch of at most two pixels touches three
        at = first + step
        inside = np.clip(np.minimum(edges[1:], at + 1) - np.maximum(edges[:-1], at), 0.0, 1.0)
        result += inside.astype(np.float32)[:, None] * values[np.minimum(at, side - 1)]
    return np.moveaxis(result / np.float32(edges[1]), 0, axis)
