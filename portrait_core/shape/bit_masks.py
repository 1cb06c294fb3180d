# SPDX-License-Identifier: Apache-2.0
"""Yes-or-no facts about the points and cells of bricks, eight of them a byte.

A *row* is a byte for the eight points of a brick along z: bit k belongs to the k-th. Rows of bricks are (N, 8, 8) over
x and y. *Wide* rows have nine bits and are (N, 9, 9): a brick's points and the next bricks' first ones, which are all
corners of the brick's 8 x 8 x 8 cells. Shifts and bitwise operations then look at eight cells at once.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
from numpy.typing import NDArray

SIDE = 8
"""Points along an edge of a brick."""

HALO: tuple[tuple[int, int, int], ...] = tuple((x, y, z) for x, y, z in product((0, 1), repeat=3))
"""Where the bricks lie whose first points are the far border of a brick's cells; the brick itself comes first."""

RowArray = NDArray[np.uint8]
WideArray = NDArray[np.uint16]


def pack(facts: NDArray[np.bool_]) -> RowArray:
    """Facts (N, 8, 8, 8) -> rows (N, 8, 8)."""
    rows = np.packbits(np.ascontiguousarray(facts).reshape(-1), bitorder="little")
    return rows.reshape(len(facts), SIDE, SIDE)


def places(rows: RowArray) -> NDArray[np.int64]:
    """Where bits are set in ``rows`` (N, 8, 8): places in flattened (N, 8, 8, 8), rising."""
    flat = np.ascontiguousarray(rows).reshape(-1)
    some = np.flatnonzero(flat)
    bits = np.flatnonzero(np.unpackbits(flat[some], bitorder="little"))
    result = some[bits >> 3] << 3
    result += bits & 7
    return result


def any_corner(wide: WideArray) -> RowArray:
    """Rows (N, 8, 8) of the cells with a set corner; ``wide`` is (N, 9, 9)."""
    return _of_corners(wide, np.bitwise_or)


def every_corner(wide: WideArray) -> RowArray:
    """Rows (N, 8, 8) of the cells whose corners are all set; ``wide`` is (N, 9, 9)."""
    return _of_corners(wide, np.bitwise_and)


def _of_corners(wide: WideArray, pick: Callable[[WideArray, WideArray], WideArray]) -> RowArray:
    wide = pick(wide[:, :-1], wide[:, 1:])
    wide = pick(wide[:, :, :-1], wide[:, :, 1:])
    return pick(wide, wide >> np.uint16(1)).astype(np.uint8)


def corners(cells: RowArray) -> WideArray:
    """The corners (N, 9, 9) of the cells set in ``cells`` (N, 8, 8)."""
    along = cells.astype(np.uint16)
    along |= along << 1
    wide = np.zeros((len(cells), SIDE + 1, SIDE + 1), np.uint16)
    for x, y in ((0, 0), (0, 1), (1, 0), (1, 1)):
        wide[:, x : x + SIDE, y : y + SIDE] |= along
    return wide


def points_of_blocks(blocks: NDArray[np.bool_], step: int) -> WideArray:
    """The points (N, 9, 9) of the marked blocks, every ``step``-th along each axis.

    ``blocks`` is (N, n, n, n); each spans 8 / n cells along an axis.
    """
    count = blocks.shape[1]
    span = SIDE // count
    along = np.zeros(blocks.shape[:3], np.uint16)
    for k in range(count):
        bits = sum(1 << at for at in range(k * span, (k + 1) * span + 1, step))
        along |= np.where(blocks[..., k], np.uint16(bits), np.uint16(0))
    wide = np.zeros((len(blocks), SIDE + 1, SIDE + 1), np.uint16)
    for x, y in product(range(0, span + 1, step), repeat=2):
        wide[:, x : x + SIDE - span + 1 : span, y : y + SIDE - span + 1 : span] |= along
    return wide
