# SPDX-License-Identifier: Apache-2.0
"""Marching cubes over the complete cells of bricks: one vertex an edge, so the faces are welded from the beginning."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.shape.bricks import LOCAL, SIDE, Bricks, FloatArray
from portrait_core.shape.cube_table import CORNERS, EDGES, cube_table

NEAREST = 1e-5
"""Values nearer to zero than this share of the largest count as this far: several vertices on one lattice point would
make faces without area."""


def march_bricks(bricks: Bricks) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vertices (V, 3) in index units and faces (F, 3), counter-clockwise from outside, of the zero level in ``bricks``.

    Cells whose corners are not all known are left out. Values are positive inside.
    """
    which = bricks.mixed()
    halo: FloatArray = bricks.with_halo(which)
    least = np.float32(NEAREST * abs(bricks.beyond))
    inside = halo > 0
    outside = halo <= 0
    halo = np.where(np.abs(halo) < least, np.where(inside, least, -least), halo)

    numbers: list[NDArray[np.int32]] = []
    places: list[NDArray[np.float64]] = []
    total = 0
    for axis in range(3):
        near = tuple(slice(0, SIDE) for _ in range(3))
        far = tuple(slice(1, SIDE + 1) if a == axis else slice(0, SIDE) for a in range(3))
        low, high = (slice(None), *near), (slice(None), *far)
        crossed = np.flatnonzero((inside[low] & outside[high]) | (outside[low] & inside[high]))
        begin, end = halo[low].reshape(-1)[crossed], halo[high].reshape(-1)[crossed]
        owner = which[crossed >> 9]
        place = (bricks.coords * SIDE).astype(np.float64)[owner]
        place += LOCAL[crossed & 511]
        place[:, axis] += begin.astype(np.float64) / (begin.astype(np.float64) - end)
        places.append(place)
        number = np.full((len(bricks), SIDE, SIDE, SIDE), -1, np.int32)
        number.reshape(len(bricks), -1)[owner, crossed & 511] = total + np.arange(len(crossed))
        numbers.append(bricks.haloed(number, which, -1))
        total += len(crossed)

    code = np.zeros((len(which), SIDE, SIDE, SIDE), np.uint8)
    known = np.ones(code.shape, bool)
    either = inside | outside
    for corner, (x, y, z) in enumerate(CORNERS):
        part = (slice(None), slice(x, x + SIDE), slice(y, y + SIDE), slice(z, z + SIDE))
        code |= inside[part].view(np.uint8) << np.uint8(corner)
        known &= either[part]
    cells = np.flatnonzero(known & (code != 0) & (code != 255))
    faces = _faces(cells, code.reshape(-1)[cells].astype(np.int64), np.stack(numbers).reshape(-1), len(which))
    return np.concatenate(places), faces


def _faces(
    cells: NDArray[np.int64], case: NDArray[np.int64], numbers: NDArray[np.int32], bricks: int
) -> NDArray[np.int64]:
    """Triangles (F, 3) of ``cells`` with their cases; ``numbers`` is (3, bricks, 9, 9, 9), flattened."""
    start, triangles = cube_table()
    steps = np.array([(SIDE + 1) ** 2, SIDE + 1, 1])
    offset = np.array(
        [int(np.dot(CORNERS[a], steps)) + (4, 2, 1).index(b - a) * bricks * (SIDE + 1) ** 3 for a, b in EDGES]
    )
    corner = (cells >> 9) * (SIDE + 1) ** 3 + (LOCAL @ steps)[cells & 511]
    count = start[case + 1] - start[case]
    order = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    rows = triangles[np.repeat(start[case], count) + order]
    return numbers[np.repeat(corner, count)[:, None] + offset[rows]].astype(np.int64)
