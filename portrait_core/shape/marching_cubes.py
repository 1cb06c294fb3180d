# SPDX-License-Identifier: Apache-2.0
"""Marching cubes over the complete cells of bricks: one vertex an edge, so the faces are welded from the beginning."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from portrait_core.shape.bit_masks import HALO, SIDE, RowArray, WideArray, any_corner, every_corner, places
from portrait_core.shape.marching_cubes_table import CORNERS, EDGES, cube_table
from portrait_core.shape.sparse_grid import FloatArray, IndexArray, SparseGrid

NEAREST = 1e-5
"""Values nearer to zero than this share of the largest count as this far: several vertices on one lattice point would
make faces without area."""

_CELLS = 1 << 16
"""Cells cut into triangles at once: what that needs stays near the processor."""


def march_bricks(bricks: SparseGrid) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Vertices (V, 3) in index units and faces (F, 3), counter-clockwise from outside, of the zero level in ``bricks``.

    Cells whose corners are not all known are left out. Values are positive inside.
    """
    sides = bricks.sides()
    which = bricks.mixed(*sides)
    inside, outside = (bricks.rows_with_halo(rows, which) for rows in sides)
    next_bricks = bricks.neighbours()

    crossings: list[IndexArray] = []
    for axis in range(3):
        crossed = np.zeros((len(bricks), SIDE, SIDE), np.uint8)
        crossed[which] = _crossed(inside, outside, axis)
        crossings.append(places(crossed))
    vertices = np.empty((3, sum(map(len, crossings))), np.float64)
    numbers = np.empty(3 * bricks.values.size, np.int32)  # only crossed edges are ever looked up
    total = 0
    for axis, flat in enumerate(crossings):
        part = slice(total, total + len(flat))
        vertices[:, part] = bricks.index(flat).T
        vertices[axis, part] += _shares(bricks, next_bricks, flat, axis)
        numbers[axis * bricks.values.size + flat] = np.arange(part.start, part.stop, dtype=np.int32)
        total = part.stop

    mixed = np.zeros((len(bricks), SIDE, SIDE), np.uint8)
    mixed[which] = any_corner(inside) & any_corner(outside) & every_corner(inside | outside)
    position = np.zeros(len(bricks), np.int64)
    position[which] = np.arange(len(which))
    cells = places(mixed)
    case = np.empty(len(cells), np.uint8)
    for begin in range(0, len(cells), _CELLS):
        part = cells[begin : begin + _CELLS]
        case[begin : begin + len(part)] = _cases(inside, position[part >> 9], part & 511)
    return vertices.T, _faces(cells, case, numbers, next_bricks)


def _crossed(inside: WideArray, outside: WideArray, axis: int) -> RowArray:
    """Rows (N, 8, 8) of the first points of edges along ``axis`` with an end inside and one outside."""
    near = (slice(None), slice(0, SIDE), slice(0, SIDE))

    def far(wide: WideArray) -> WideArray:
        if axis == 2:
            return wide[near] >> np.uint16(1)
        return wide[:, 1:, :SIDE] if axis == 0 else wide[:, :SIDE, 1:]

    return ((inside[near] & far(outside)) | (outside[near] & far(inside))).astype(np.uint8)


def _shares(bricks: SparseGrid, next_bricks: IndexArray, flat: IndexArray, axis: int) -> NDArray[np.float64]:
    """Where (N,) on their edges along ``axis`` the crossings lie, 0 to 1, by the values at both ends."""
    shift = 6 - 3 * axis
    end = flat + (1 << shift)
    last = np.flatnonzero((flat >> shift) & 7 == 7)
    step = HALO.index((int(axis == 0), int(axis == 1), int(axis == 2)))
    end[last] += 512 * (next_bricks[flat[last] >> 9, step] - (flat[last] >> 9)) - (SIDE << shift)
    least = np.float32(NEAREST * abs(bricks.beyond))

    def values(at: IndexArray) -> FloatArray:
        found = bricks.values.reshape(-1)[at]
        close = np.flatnonzero(np.abs(found) < least)
        found[close] = np.where(found[close] > 0, least, -least)
        return found

    begin = values(flat).astype(np.float64)
    return begin / (begin - values(end))


def _cases(inside: WideArray, brick: IndexArray, local: IndexArray) -> NDArray[np.uint8]:
    """Which corners of cells are inside, a bit each: (N,); ``brick`` counts along ``inside``."""
    row = brick * (SIDE + 1) ** 2 + (local >> 6) * (SIDE + 1) + ((local >> 3) & 7)
    along = (local & 7).astype(np.uint16)
    rows = inside.reshape(-1)
    case = np.zeros(len(row), np.uint16)
    for corner in (0, 2, 4, 6):  # and the next one, which follows along z
        x, y, _ = CORNERS[corner]
        case |= ((rows[row + (x * (SIDE + 1) + y)] >> along) & 3) << np.uint16(corner)
    return case.astype(np.uint8)


@cache
def _edge_places() -> IndexArray:
    """(12 * 512,): for each edge of each cell of a brick, the place of the edge's first point: 512 times the number
    of the next brick in ``HALO`` where it lies, plus the place there."""
    local = np.indices((SIDE, SIDE, SIDE)).reshape(3, -1)
    result = np.empty((len(EDGES), 512), np.int64)
    for edge, (a, _) in enumerate(EDGES):
        point = local + np.array(CORNERS[a])[:, None]
        brick, place = point >> 3, point & 7
        result[edge] = (brick[0] * 4 + brick[1] * 2 + brick[2]) * 512 + place[0] * 64 + place[1] * 8 + place[2]
    return result.reshape(-1)


def _faces(
    cells: IndexArray, case: NDArray[np.uint8], numbers: NDArray[np.int32], next_bricks: IndexArray
) -> NDArray[np.int32]:
    """Triangles (F, 3) of ``cells`` with their cases; ``numbers`` are those of the vertices on the edges along each
    axis that begin at each point."""
    start, triangles = cube_table()
    counts = np.diff(start)[case]
    ends = np.cumsum(counts)
    faces = np.empty((int(ends[-1]) if len(ends) else 0, 3), np.int32)
    edge_axis = np.array([(4, 2, 1).index(b - a) for a, b in EDGES])
    size = len(numbers) // 3
    edge_places, to_next = _edge_places(), (next_bricks * 512).reshape(-1)
    for begin in range(0, len(cells), _CELLS):
        part = slice(begin, begin + _CELLS)
        count = counts[part]
        first, last = int(ends[begin] - counts[begin]), int(ends[part][-1])
        # Triangle k of a cell is row start[case] + k of the table.
        shift = start[:-1][case[part]] - (ends[part] - count)
        edges = triangles[np.arange(first, last) + np.repeat(shift, count)]
        cell = np.repeat(cells[part], count)[:, None]
        place = edge_places[edges * 512 + (cell & 511)]
        place = to_next[(cell >> 9) * 8 + (place >> 9)] + (place & 511)
        faces[first:last] = numbers[(edge_axis * size)[edges] + place]
    return faces
