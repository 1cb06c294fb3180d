# SPDX-License-Identifier: Apache-2.0
"""Values of a lattice kept only where somebody looks: bricks of 8 x 8 x 8 points, the rest is not stored."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 8
"""Points along an edge of a brick."""

LOCAL: NDArray[np.int64] = np.argwhere(np.ones((SIDE, SIDE, SIDE), bool))
"""Places (512, 3) of a brick's points within it, in the order of its flattened values."""

_HALO = tuple(product((0, 1), repeat=3))
"""Where the bricks lie whose first points are the far border of a brick's cells."""

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]
IndexArray = NDArray[np.int64]


class Bricks:
    """Bricks of lattice points and the table that finds them.

    ``cells`` are the lattice's cells (nx, ny, nz); it has one point more along each axis. A ring of bricks around the
    lattice may be stored too: its points, beyond the walls, hold ``beyond`` from the beginning, so that a solid which
    runs to a wall is closed there. Other points are NaN until they are known.

    Attributes:
        coords: (B, 3) of each brick, in bricks; its first point is lattice point ``8 * coords``.
        values: (B, 8, 8, 8).
    """

    def __init__(self, cells: tuple[int, int, int], beyond: float) -> None:
        self.cells = np.asarray(cells, np.int64)
        self.beyond = np.float32(beyond)
        self.coords: IndexArray = np.empty((0, 3), np.int64)
        self.values: FloatArray = np.empty((0, SIDE, SIDE, SIDE), np.float32)
        # one brick before the lattice, the bricks of points 0 to n, one more for the halo of the last
        self._table = np.full(tuple(self.cells // SIDE + 4), -1, np.int64)

    def __len__(self) -> int:
        return len(self.coords)

    def find(self, coords: IndexArray) -> IndexArray:
        """Number of the brick at each of ``coords`` (N, 3), -1 where none is stored."""
        x, y, z = (coords + 1).T
        return self._table[x, y, z]

    def add(self, coords: IndexArray) -> None:
        """Store bricks at ``coords`` (N, 3), in the order of the table; those that are stored already stay as they are.

        Bricks that no cell at the lattice's walls or inside them can touch are left out.
        """
        kept = ((coords >= -1) & (coords <= self.cells // SIDE + 1)).all(axis=1)
        wanted = np.zeros(self._table.shape, bool)
        wanted[tuple((coords[kept] + 1).T)] = True
        fresh = np.argwhere(wanted & (self._table < 0)) - 1
        self._table[tuple((fresh + 1).T)] = len(self) + np.arange(len(fresh))
        self.coords = np.concatenate([self.coords, fresh])
        values = np.full((len(fresh), SIDE, SIDE, SIDE), np.nan, np.float32)
        edge = ((fresh < 0) | ((fresh + 1) * SIDE > self.cells + 1)).any(axis=1)
        for brick in np.flatnonzero(edge):
            axes = [np.arange(SIDE) + SIDE * c for c in fresh[brick]]
            x, y, z = ((a < 0) | (a > n) for a, n in zip(axes, self.cells, strict=True))
            values[brick][x[:, None, None] | y[:, None] | z] = self.beyond
        self.values = np.concatenate([self.values, values])

    def index(self, flat: IndexArray) -> IndexArray:
        """Lattice indices (N, 3) of points given by their places (N,) in the flattened ``values``."""
        result = LOCAL[flat & 511]
        result += (self.coords * SIDE)[flat >> 9]
        return result

    def mixed(self) -> IndexArray:
        """Bricks (N,) whose cells may have corners inside and outside: they or the next bricks hold such values."""
        values = self.values.reshape(len(self), -1)
        sides = np.zeros((len(self) + 1, 2), bool)  # the last row stands for bricks that are not stored
        sides[:-1, 0], sides[:-1, 1] = (values > 0).any(axis=1), (values <= 0).any(axis=1)
        near = [sides[self.find(self.coords + np.array(step))] for step in _HALO]
        return np.flatnonzero(np.any(near, axis=0).all(axis=1))

    def with_halo(self, which: IndexArray) -> FloatArray:
        """Values (N, 9, 9, 9) at all corners of the cells of bricks ``which`` (N,); NaN where nothing is known."""
        return self.haloed(self.values, which, np.nan)

    def haloed(self, stored: NDArray[Any], which: IndexArray, missing: float) -> NDArray[Any]:
        """The same for any array (B, 8, 8, 8): the next bricks' first points are added behind a brick's last."""
        result = np.full((len(which), SIDE + 1, SIDE + 1, SIDE + 1), missing, stored.dtype)
        for step in _HALO:
            near = self.find(self.coords[which] + np.array(step)) if any(step) else which
            at = np.flatnonzero(near >= 0)
            into = tuple(slice(SIDE, None) if s else slice(0, SIDE) for s in step)
            of = tuple(slice(0, 1) if s else slice(None) for s in step)
            if len(at) == len(which):
                result[(slice(None), *into)] = stored[(slice(None), *of)][near]
            else:
                result[(at, *into)] = stored[(slice(None), *of)][near[at]]
        return result

    def spread(self, marked: BoolArray, which: IndexArray) -> BoolArray:
        """Marks (N, 9, 9, 9) on corners of cells of bricks ``which``, as marks (B, 8, 8, 8) on stored points.

        Bricks that marks fall on are added where they are missing.
        """
        for step in _HALO[1:]:
            border = marked[(slice(None), *(slice(SIDE, None) if s else slice(0, SIDE) for s in step))]
            near = self.coords[which] + np.array(step)
            fresh = (self.find(near) < 0) & border.any(axis=(1, 2, 3))
            if fresh.any():
                self.add(near[fresh])
        result = np.zeros((len(self), SIDE, SIDE, SIDE), bool)
        result[which] = marked[:, :SIDE, :SIDE, :SIDE]
        for step in _HALO[1:]:
            near = self.find(self.coords[which] + np.array(step))
            at = np.flatnonzero(near >= 0)
            into = tuple(slice(0, 1) if s else slice(None) for s in step)
            of = tuple(slice(SIDE, None) if s else slice(0, SIDE) for s in step)
            # A brick is the neighbour in this direction of one brick at most: no mark is lost to a repeated index.
            result[(near[at], *into)] |= marked[(at, *of)]
        return result
