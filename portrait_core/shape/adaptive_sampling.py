# SPDX-License-Identifier: Apache-2.0
"""A field on a lattice where its surface is, and hardly anywhere else.

Every eighth point is evaluated first. Bricks whose corners allow a surface are then looked at with half the spacing,
and again, down to the lattice. What that finds is completed: a cell with known corners on both sides of the surface
belongs to the surface, so its other corners are evaluated, until no such cell is left. Therefore a shell of which one
cell was found is found whole, exactly as on the dense lattice, whatever the field is like between the coarse points;
only shells that lie between them altogether can be missed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import ModelFileError
from portrait_core.field import Field, StructuredField
from portrait_core.progress import Progress
from portrait_core.shape.bit_masks import (
    HALO,
    SIDE,
    RowArray,
    WideArray,
    any_corner,
    corners,
    every_corner,
    places,
    points_of_blocks,
)
from portrait_core.shape.grid import CHUNK, Lattice
from portrait_core.shape.sparse_grid import BoolArray, FloatArray, IndexArray, SparseGrid

Reader = Callable[[IndexArray], FloatArray]
"""Lattice indices (N, 3) -> values (N,)."""

SMALL = 1 << 17
"""A lattice of no more cells than this is evaluated everywhere."""

COARSE_MARGIN = 0.7
MARGINS = ((4, 0.6), (2, 0.1))
"""Strides of the looks into a brick, and how far beyond its corner values a block is thought to reach: 1 for as far as
a linear function of the same differences may from the nearest corner to the middle. What is missed is completed."""


def reader(field: Field, lattice: Lattice) -> Reader:
    """Values of ``field`` at lattice indices: by its own lattice form where it has one, else point by point.

    Raises :class:`ModelFileError` for values that are not finite.
    """
    structured = field.on_lattice(lattice.axes()) if isinstance(field, StructuredField) else None

    def read(index: IndexArray) -> FloatArray:
        return field.value(lattice.points(index)) if structured is None else structured(index)

    def checked(index: IndexArray) -> FloatArray:
        values = np.empty(len(index), np.float32)
        for begin in range(0, len(index), CHUNK):
            values[begin : begin + CHUNK] = read(index[begin : begin + CHUNK])
        if not bool(np.isfinite(values).all()):
            bad = int((~np.isfinite(values)).sum())
            raise ModelFileError(
                f"the model gives {bad} values that are not finite: damaged weights or an extreme latent"
            )
        return values

    return checked


class Sampler:
    """One sampling of a lattice; ``evaluated`` counts the points asked for."""

    def __init__(self, read: Reader, lattice: Lattice) -> None:
        self.lattice = lattice
        self.evaluated = 0
        self.rounds = 0
        self._read = read

    def run(self, report: Callable[[float], None]) -> SparseGrid:
        """Bricks with all cells of the surface complete; ``report`` hears fractions up to 1."""
        near, coarse = self._near_bricks()
        report(0.1)
        bricks = SparseGrid(self.lattice.cells, -float(np.abs(coarse).max()))
        bricks.add(near)
        which = np.arange(len(bricks))
        if int(np.prod(self.lattice.cells)) <= SMALL:
            every = np.full((len(which), SIDE + 1, SIDE + 1), (2 << SIDE) - 1, np.uint16)
            self._evaluate(bricks, bricks.spread(every, which))
        else:
            self._refine(bricks, which, report)
        report(0.8)
        self._complete(bricks)
        report(1.0)
        return bricks

    def _near_bricks(self) -> tuple[IndexArray, FloatArray]:
        """Bricks that may hold a piece of the surface, (B, 3), and the values at every brick's first point."""
        counts = [n // SIDE + 1 for n in self.lattice.cells]
        index = SIDE * np.indices(counts).reshape(3, -1).T
        values = self._read(index).reshape(counts)
        self.evaluated += values.size
        if int(np.prod(self.lattice.cells)) <= SMALL:
            return np.argwhere(np.ones([n - 1 for n in counts], bool)), values
        # A solid that runs to a wall ends there.
        wall = np.ones(values.shape, bool)
        wall[1:-1, 1:-1, 1:-1] = False
        near = near_blocks(values, COARSE_MARGIN) | _corners(wall & (values > 0), np.logical_or)
        return np.argwhere(near), values

    def _refine(self, bricks: SparseGrid, which: IndexArray, report: Callable[[float], None]) -> None:
        marks = points_of_blocks(np.ones((len(which), 1, 1, 1), bool), MARGINS[0][0])
        for level, (stride, margin) in enumerate(MARGINS):
            self._evaluate(bricks, bricks.spread(marks, which))
            halo = bricks.with_halo(which, stride)
            blocks = near_blocks(halo, margin) | _at_walls(bricks, which, halo)
            kept = np.flatnonzero(blocks.any(axis=(1, 2, 3)))
            which = which[kept]
            marks = points_of_blocks(blocks[kept], stride // 2)
            report(0.2 + 0.2 * level)
        self._evaluate(bricks, bricks.spread(marks, which))

    def _complete(self, bricks: SparseGrid) -> None:
        """Evaluate the corners of all cells that have known corners inside and outside."""
        inside, outside = bricks.sides()
        active = bricks.mixed(inside, outside)
        while len(active):
            self.rounds += 1
            here, there = (bricks.rows_with_halo(rows, active) for rows in (inside, outside))
            before = len(bricks)
            bricks.add(self._beyond(bricks, active, here, there))
            known = here | there
            todo = any_corner(here) & any_corner(there) & ~every_corner(known)
            open_bricks = np.flatnonzero(todo.any(axis=(1, 2)))
            marks = corners(todo[open_bricks]) & ~known[open_bricks]
            wanted = bricks.spread(marks, active[open_bricks])
            self._evaluate(bricks, wanted)
            changed = np.flatnonzero(wanted.any(axis=(1, 2)))
            changed = np.union1d(changed, np.arange(before, len(bricks)))
            sides = bricks.sides(changed)
            inside, outside = (
                _grown(old, len(bricks), changed, new) for old, new in zip((inside, outside), sides, strict=True)
            )
            below = [bricks.find(bricks.coords[changed] - np.array(step)) for step in HALO]
            active = np.unique(np.concatenate(below))
            active = active[active >= 0]

    def _beyond(self, bricks: SparseGrid, active: IndexArray, inside: WideArray, outside: WideArray) -> IndexArray:
        """Missing bricks before the active ones into which the surface runs on."""
        found: list[IndexArray] = []
        for axis in range(3):
            first = _first_layer(inside, axis)
            crossed = first & _first_layer(outside, axis)
            crossed |= first & (bricks.coords[active, axis] == 0)
            step = np.zeros(3, np.int64)
            step[axis] = 1
            found.append(bricks.coords[active[crossed]] - step)
        missing = np.concatenate(found)
        return missing[bricks.find(missing) < 0]

    def _evaluate(self, bricks: SparseGrid, wanted: RowArray) -> None:
        wanted &= ~bricks.known
        flat = places(wanted)
        values = bricks.values.reshape(-1)
        for begin in range(0, len(flat), CHUNK):
            part = flat[begin : begin + CHUNK]
            values[part] = self._read(bricks.index(part))
        np.bitwise_or(bricks.known, wanted, out=bricks.known)
        self.evaluated += len(flat)


def sample_sparse_grid(field: Field, lattice: Lattice, *, progress: Progress) -> tuple[SparseGrid, int]:
    """The values of ``field`` around its surface, and the number of points that were evaluated."""
    sampler = Sampler(reader(field, lattice), lattice)
    bricks = sampler.run(lambda fraction: progress("lattice", fraction))
    return bricks, sampler.evaluated


def near_blocks(values: FloatArray, margin: float) -> BoolArray:
    """Which blocks (..., nx, ny, nz) between points (..., nx+1, ny+1, nz+1) may hold a piece of the zero level.

    Unknown corners (NaN) make a block count as far.
    """
    low, high = _corners(values, np.minimum), _corners(values, np.maximum)
    reach = np.float32(0.5 * margin) * (high - low)
    return (low <= reach) & (high >= -reach)


def _at_walls(bricks: SparseGrid, which: IndexArray, halo: FloatArray) -> BoolArray:
    """Which blocks of bricks ``which``, with corner values ``halo``, lie at a wall of the lattice and solid there."""
    walls = np.zeros(halo.shape, bool)
    coords = bricks.coords[which]
    for axis in range(3):
        across = np.moveaxis(walls, axis + 1, 1)
        across[coords[:, axis] == 0, 0] = True
        across[coords[:, axis] == bricks.cells[axis] // SIDE - 1, -1] = True
    return _corners(walls & (halo > 0), np.logical_or)


def _corners(values: NDArray[Any], pick: np.ufunc) -> NDArray[Any]:
    """``pick`` over the eight corners of every cell; the last three axes are the lattice's."""
    values = pick(values[..., :-1, :, :], values[..., 1:, :, :])
    values = pick(values[..., :-1, :], values[..., 1:, :])
    return pick(values[..., :-1], values[..., 1:])


def _first_layer(wide: WideArray, axis: int) -> BoolArray:
    """Whether a wide row (N, 9, 9) has a bit set among the first points along ``axis``: (N,)."""
    if axis == 2:
        return np.asarray((wide & 1).any(axis=(1, 2)), np.bool_)
    return np.asarray(np.take(wide, 0, axis=axis + 1).any(axis=1), np.bool_)


def _grown(rows: RowArray, count: int, changed: IndexArray, values: RowArray) -> RowArray:
    """``rows`` for ``count`` bricks with new ``values`` for those of the numbers ``changed``."""
    if len(rows) < count:
        rows = np.concatenate([rows, np.zeros((count - len(rows), SIDE, SIDE), np.uint8)])
    rows[changed] = values
    return rows
