# SPDX-License-Identifier: Apache-2.0
"""A field on a regular lattice: coarse everywhere, fine only where the surface can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as _ndimage

from portrait_core.errors import ModelFileError, UsageError
from portrait_core.field import Field
from portrait_core.progress import Progress, silent

_filters: Any = _ndimage  # scipy ships no types for it

COARSE = 4
"""Fine cells along the edge of a coarse block; a power of two, because each refinement halves the spacing."""

CHUNK = 1 << 18
"""Points of one call to the field: large enough for its matrix products, small enough for memory and for progress."""

SAFETY = 1.5
"""How much steeper than measured between coarse points a field may be inside a block."""


@dataclass(frozen=True)
class Lattice:
    """Places of a (nx+1, ny+1, nz+1) lattice that spans a box exactly: ``origin`` (3,) and ``spacing`` (3,)."""

    origin: NDArray[np.float64]
    spacing: NDArray[np.float64]
    cells: tuple[int, int, int]

    @staticmethod
    def over(bounds: NDArray[np.float32], resolution: int) -> Lattice:
        """A lattice over ``bounds`` (2, 3) with about ``resolution`` cells along its longest edge and near-cubic cells.

        Cell counts are rounded up to multiples of ``COARSE``. Raises ``UsageError`` for a resolution out of range and
        ``ModelFileError`` for an empty box.
        """
        if not 8 <= resolution <= 1024:
            raise UsageError(f"lattice resolution must be 8 to 1024, got {resolution}")
        low, high = bounds.astype(np.float64)
        extent = high - low
        if not bool(np.isfinite(extent).all()) or float(extent.min()) <= 0.0:
            raise ModelFileError(
                f"the model's bounds must be a lower and an upper corner, got {bounds.tolist()}"
            )
        wanted = extent / extent.max() * resolution
        x, y, z = (int(np.ceil(round(float(n), 6) / COARSE)) * COARSE for n in wanted)
        return Lattice(low, extent / np.array((x, y, z)), (x, y, z))

    def points(self, index: NDArray[np.int64]) -> NDArray[np.float32]:
        """(N, 3) lattice indices -> (N, 3) places."""
        return (self.origin + index * self.spacing).astype(np.float32)


def dense_values(field: Field, lattice: Lattice) -> NDArray[np.float32]:
    """The field at every lattice point, one call after the other: slow, plain, the oracle of ``sample_values``."""
    shape = tuple(n + 1 for n in lattice.cells)
    index = np.stack(np.unravel_index(np.arange(int(np.prod(shape))), shape), axis=1).astype(np.int64)
    return _evaluate(field, lattice, index, lambda done: None).reshape(shape)


def sample_values(
    field: Field, lattice: Lattice, *, progress: Progress | None = None
) -> tuple[NDArray[np.float32], int]:
    """The field on ``lattice``, exact near the surface, and the number of points that were evaluated.

    Away from the surface the lattice holds interpolated values of the right sign. A block is refined when its corners
    differ in sign, when it touches such a block, or when the steepness measured around it would let the field reach
    zero inside it; so a part that is thinner than a coarse block (``COARSE`` fine cells) is still found where it hangs
    on a larger one or where the field is a distance.
    """
    report = progress or silent
    stride = COARSE
    counts = [n // stride + 1 for n in lattice.cells]
    index = np.stack(np.unravel_index(np.arange(int(np.prod(counts))), counts), axis=1).astype(np.int64)
    values = _evaluate(field, lattice, index * stride, lambda done: report("lattice", 0.2 * done)).reshape(
        counts
    )
    evaluated = len(index)
    level, levels = 0, int(np.log2(COARSE))
    while stride > 1:
        blocks = _near_surface(values, stride * lattice.spacing)
        stride //= 2
        values = _doubled(values)
        wanted = _points_of(blocks)
        wanted[::2, ::2, ::2] = False  # the even points carry exact values of the level above already
        index = np.argwhere(wanted)
        begin, share = 0.2 + 0.8 * level / levels, 0.8 / levels
        fine = _evaluate(
            field, lattice, index * stride, lambda done, b=begin, s=share: report("lattice", b + s * done)
        )
        values[wanted] = fine
        evaluated += len(index)
        level += 1
    report("lattice", 1.0)
    return values, evaluated


def _near_surface(values: NDArray[np.float32], size: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which blocks (nx, ny, nz) between the points ``values`` (nx+1, ny+1, nz+1) may hold a piece of the surface."""
    low = _corners(values, np.minimum)
    high = _corners(values, np.maximum)
    crossing = (low <= 0.0) & (high > 0.0)
    steep = np.zeros(low.shape, np.float32)
    for axis in range(3):
        slope = np.abs(np.diff(values, axis=axis)) / np.float32(size[axis])
        others = [slice(None)] * 3
        for other in {0, 1, 2} - {axis}:
            pair = others.copy(), others.copy()
            pair[0][other], pair[1][other] = slice(None, -1), slice(1, None)
            slope = np.maximum(slope[tuple(pair[0])], slope[tuple(pair[1])])
        steep += slope * slope
    steep = np.asarray(_filters.maximum_filter(np.sqrt(steep), size=3, mode="nearest"), np.float32)
    # no point of a block is farther from its nearest corner than half the diagonal
    reach = np.float32(SAFETY * 0.5 * float(np.linalg.norm(size))) * steep
    nearest = np.minimum(np.abs(low), np.abs(high))
    touching = np.asarray(_filters.binary_dilation(crossing, np.ones((3, 3, 3), bool)), bool)
    return touching | (nearest <= reach)


def _corners(values: NDArray[np.float32], pick: Callable[..., NDArray[np.float32]]) -> NDArray[np.float32]:
    """Minimum or maximum over the eight corners of every block."""
    values = pick(values[:-1], values[1:])
    values = pick(values[:, :-1], values[:, 1:])
    return pick(values[:, :, :-1], values[:, :, 1:])


def _doubled(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Trilinear interpolation onto half the spacing: n points along an axis become 2n - 1."""
    for axis in range(3):
        shape = list(values.shape)
        shape[axis] = 2 * shape[axis] - 1
        finer = np.empty(shape, np.float32)
        at = [slice(None)] * 3
        low, high, even, odd = at.copy(), at.copy(), at.copy(), at.copy()
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        even[axis], odd[axis] = slice(0, None, 2), slice(1, None, 2)
        finer[tuple(even)] = values
        finer[tuple(odd)] = 0.5 * (values[tuple(low)] + values[tuple(high)])
        values = finer
    return values


def _points_of(blocks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the points, at half the spacing, of the marked blocks: (n,) blocks along an axis have 2n + 1 points."""
    for axis in range(3):
        shape = list(blocks.shape)
        shape[axis] = 2 * shape[axis] + 1
        points = np.zeros(shape, bool)
        for offset in range(3):
            at = [slice(None)] * 3
            at[axis] = slice(offset, offset + 2 * blocks.shape[axis] - 1, 2)
            points[tuple(at)] |= blocks
        blocks = points
    return blocks


def _evaluate(
    field: Field, lattice: Lattice, index: NDArray[np.int64], done: Callable[[float], None]
) -> NDArray[np.float32]:
    values = np.empty(len(index), np.float32)
    for begin in range(0, len(index), CHUNK):
        part = index[begin : begin + CHUNK]
        values[begin : begin + len(part)] = field.value(lattice.points(part))
        done((begin + len(part)) / len(index))
    if not bool(np.isfinite(values).all()):
        bad = int((~np.isfinite(values)).sum())
        raise ModelFileError(
            f"the model gives {bad} values that are not finite: damaged weights or an extreme latent"
        )
    return values
