# SPDX-License-Identifier: Apache-2.0
"""Values of a lattice kept only where somebody looks: bricks of 8 x 8 x 8 points, the rest is not stored.

Yes-or-no facts about points are kept as *rows*: one byte for the eight points of a brick along z, bit k for the k-th
(:mod:`portrait_core.shape.bit_masks`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.shape.bit_masks import HALO, SIDE, RowArray, WideArray, pack

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]
IndexArray = NDArray[np.int64]

_SLACK = 1.25
"""Room is made for this many times the bricks that are needed, so that adding a few seldom copies all."""


class SparseGrid:
    """Bricks of lattice points and the table that finds them.

    ``cells`` are the lattice's cells (nx, ny, nz); it has one point more along each axis. A ring of bricks around the
    lattice may be stored too: its points, beyond the walls, hold ``beyond`` from the beginning, so that a solid which
    runs to a wall is closed there. Other points are NaN until they are known.
    """

    def __init__(self, cells: tuple[int, int, int], beyond: float) -> None:
        self.cells = np.asarray(cells, np.int64)
        self.beyond = np.float32(beyond)
        self._count = 0
        self._coords: IndexArray = np.empty((0, 3), np.int64)
        self._values: FloatArray = np.empty((0, SIDE, SIDE, SIDE), np.float32)
        self._known: RowArray = np.empty((0, SIDE, SIDE), np.uint8)
        # one brick before the lattice, the bricks of points 0 to n, one more for the halo of the last
        self._table = np.full(tuple(self.cells // SIDE + 4), -1, np.int64)

    def __len__(self) -> int:
        return self._count

    @property
    def coords(self) -> IndexArray:
        """(B, 3) of each brick, in bricks; its first point is lattice point ``8 * coords``."""
        return self._coords[: self._count]

    @property
    def values(self) -> FloatArray:
        """(B, 8, 8, 8), NaN where nothing is known; a view that holds until bricks are added."""
        return self._values[: self._count]

    @property
    def known(self) -> RowArray:
        """Rows (B, 8, 8) of the points that have values; whoever writes values marks them here."""
        return self._known[: self._count]

    def find(self, coords: IndexArray) -> IndexArray:
        """Number of the brick at each of ``coords`` (N, 3), -1 where none is stored."""
        x, y, z = (coords + 1).T
        return self._table[x, y, z]

    def neighbours(self) -> IndexArray:
        """(B, 8): the brick itself and the next ones at ``HALO``, -1 where none is stored."""
        return np.stack([self.find(self.coords + np.array(step)) for step in HALO], axis=1)

    def add(self, coords: IndexArray) -> None:
        """Store bricks at ``coords`` (N, 3), in the order of the table; those that are stored already stay as they are.

        Bricks that no cell at the lattice's walls or inside them can touch are left out.
        """
        kept = ((coords >= -1) & (coords <= self.cells // SIDE + 1)).all(axis=1)
        if not kept.any():
            return
        wanted = np.zeros(self._table.shape, bool)
        wanted[tuple((coords[kept] + 1).T)] = True
        fresh = np.argwhere(wanted & (self._table < 0)) - 1
        begin, end = self._count, self._count + len(fresh)
        self._make_room(end)
        self._count = end
        self._table[tuple((fresh + 1).T)] = np.arange(begin, end)
        self._coords[begin:end] = fresh
        self._values[begin:end] = np.nan
        self._known[begin:end] = 0
        edge = np.flatnonzero(((fresh < 0) | ((fresh + 1) * SIDE > self.cells + 1)).any(axis=1))
        place = fresh[edge][:, None] * SIDE + np.arange(SIDE)[None, :, None]
        x, y, z = np.moveaxis((place < 0) | (place > self.cells), 2, 0)
        beyond = x[:, :, None, None] | y[:, None, :, None] | z[:, None, None]
        self._values[begin + edge] = np.where(beyond, self.beyond, np.float32(np.nan))
        self._known[begin + edge] = pack(beyond)

    def index(self, flat: IndexArray) -> IndexArray:
        """Lattice indices (N, 3) of points given by their places (N,) in the flattened ``values``.

        Each column lies in memory as a whole.
        """
        result = np.empty((3, len(flat)), np.int64)
        brick = flat >> 9
        for axis, shift in enumerate((6, 3, 0)):
            np.take(self.coords[:, axis] * SIDE, brick, out=result[axis])
            result[axis] += (flat >> shift) & (SIDE - 1)
        return result.T

    def sides(self, which: IndexArray | None = None) -> tuple[RowArray, RowArray]:
        """Rows (N, 8, 8) of the points inside (positive) and of those outside, of all bricks or of some."""
        values = self.values if which is None else self.values[which]
        return pack(values > 0), pack(values <= 0)

    def mixed(self, inside: RowArray, outside: RowArray) -> IndexArray:
        """Bricks (N,) whose cells may have corners on both sides: they or the next bricks hold such values.

        ``inside`` and ``outside`` are the rows (B, 8, 8) of :meth:`sides`.
        """
        both: BoolArray = np.ones(len(self), bool)
        near = self.neighbours()
        for rows in (inside, outside):
            some = np.zeros(len(self) + 1, bool)  # the last stands for bricks that are not stored
            some[:-1] = rows.any(axis=(1, 2))
            both &= some[near].any(axis=1)
        return np.flatnonzero(both)

    def with_halo(self, which: IndexArray, stride: int = 1) -> FloatArray:
        """Values (N, n + 1, n + 1, n + 1) at the corners of the cells of bricks ``which`` (N,), n = 8 / ``stride``: at
        every ``stride``-th point; NaN where nothing is known."""
        size = SIDE // stride
        stored = self.values[:, ::stride, ::stride, ::stride]
        result = np.full((len(which), *[size + 1] * 3), np.nan, np.float32)
        for step in HALO:
            near = self.find(self.coords[which] + np.array(step)) if any(step) else which
            at = np.flatnonzero(near >= 0)
            into = tuple(slice(size, None) if s else slice(0, size) for s in step)
            of = tuple(slice(0, 1) if s else slice(None) for s in step)
            result[(at, *into)] = stored[(slice(None), *of)][near[at]]
        return result

    def rows_with_halo(self, rows: RowArray, which: IndexArray) -> WideArray:
        """``rows`` (B, 8, 8) of bricks ``which`` (N,) with the next bricks' first points behind their last: (N, 9, 9),
        nine bits each, none set where no brick is."""
        result = np.zeros((len(which), SIDE + 1, SIDE + 1), np.uint16)
        for x, y, z in HALO:
            near = self.find(self.coords[which] + np.array((x, y, z)))
            at = np.flatnonzero(near >= 0)
            found = rows[:, 0:1] if x else rows
            found = (found[:, :, 0:1] if y else found)[near[at]].astype(np.uint16)
            part = (slice(SIDE, None) if x else slice(0, SIDE), slice(SIDE, None) if y else slice(0, SIDE))
            result[(at, *part)] |= (found & 1) << SIDE if z else found
        return result

    def spread(self, marks: WideArray, which: IndexArray) -> RowArray:
        """Marks (N, 9, 9) of nine bits, on corners of cells of bricks ``which``, as rows (B, 8, 8) of stored points.

        Bricks that marks fall on are added where they are missing.
        """
        parts: list[tuple[IndexArray, tuple[slice, slice], RowArray]] = []
        for x, y, z in HALO:
            part = (slice(SIDE, None) if x else slice(0, SIDE), slice(SIDE, None) if y else slice(0, SIDE))
            found = marks[(slice(None), *part)]
            found = (found >> SIDE if z else found & 255).astype(np.uint8)
            marked = np.flatnonzero(found.any(axis=(1, 2)))
            near = self.coords[which[marked]] + np.array((x, y, z))
            into = (slice(0, 1) if x else slice(None), slice(0, 1) if y else slice(None))
            parts.append((near, into, found[marked]))
            missing = near[self.find(near) < 0]
            if len(missing):
                self.add(missing)
        result = np.zeros((len(self), SIDE, SIDE), np.uint8)
        for near, into, found in parts:
            number = self.find(near)
            at = np.flatnonzero(number >= 0)
            # A brick is the neighbour in this direction of one brick at most: no mark is lost to a repeated index.
            result[(number[at], *into)] |= found[at]
        return result

    def _make_room(self, count: int) -> None:
        if count <= len(self._values):
            return
        room = int(count * _SLACK) if self._count else count + 256
        old = self._coords, self._values, self._known
        self._coords = np.empty((room, 3), np.int64)
        self._values = np.empty((room, SIDE, SIDE, SIDE), np.float32)
        self._known = np.empty((room, SIDE, SIDE), np.uint8)
        for new, kept in zip((self._coords, self._values, self._known), old, strict=True):
            new[: self._count] = kept[: self._count]
