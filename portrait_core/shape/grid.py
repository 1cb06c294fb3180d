# SPDX-License-Identifier: Apache-2.0
"""A regular lattice over a field's bounds, and the field at each of its points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import ModelFileError, UsageError
from portrait_core.field import Field

COARSE = 8
"""Cell counts are multiples of this, so that coarse lattices of half the points and again half fit into it."""

CHUNK = 1 << 18
"""Points of one call to the field: large enough for its matrix products, small enough for memory and for progress."""


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
            raise ModelFileError(f"the model's bounds must be a lower and an upper corner, got {bounds.tolist()}")
        wanted = extent / extent.max() * resolution
        x, y, z = (int(np.ceil(round(float(n), 6) / COARSE)) * COARSE for n in wanted)
        return Lattice(low, extent / np.array((x, y, z)), (x, y, z))

    def axes(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Coordinates of the lattice points along each axis: (nx+1,), (ny+1,), (nz+1,)."""
        x, y, z = (self.origin[a] + self.spacing[a] * np.arange(self.cells[a] + 1) for a in range(3))
        return x, y, z

    def points(self, index: NDArray[np.int64]) -> NDArray[np.float32]:
        """(N, 3) lattice indices -> (N, 3) places."""
        return (self.origin + index * self.spacing).astype(np.float32)


def dense_values(field: Field, lattice: Lattice) -> NDArray[np.float32]:
    """The field at every lattice point, one call after the other: slow, plain, the oracle of the sparse way."""
    shape = tuple(n + 1 for n in lattice.cells)
    index = np.stack(np.unravel_index(np.arange(int(np.prod(shape))), shape), axis=1).astype(np.int64)
    return _evaluate(field, lattice, index, lambda done: None).reshape(shape)


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
        raise ModelFileError(f"the model gives {bad} values that are not finite: damaged weights or an extreme latent")
    return values
