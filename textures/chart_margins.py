# SPDX-License-Identifier: Apache-2.0
"""The texels beside charts, as if the surface went on there: a lattice needs points around what it covers.

The place of a texel outside is that of the nearest texel inside, gone on by as much as the surface goes from the texel
that lies as far on the other side of it. Where that is not of the chart the place is the nearest one's own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


@dataclass(frozen=True, eq=False)
class ChartMargins:
    """Of an (S, S) image: ``chart`` int32 of each texel, -1 farther than the reach; ``away`` uint8, texels to the
    nearest covered one, rounded up; and of texels by their flat numbers ``outside`` (M,), growing, the flat numbers
    ``nearest`` and ``across`` (M,) of those that their places follow from."""

    chart: NDArray[np.int32]
    away: NDArray[np.uint8]
    outside: NDArray[np.int64]
    nearest: NDArray[np.int32]
    across: NDArray[np.int32]

    @classmethod
    def of(cls, chart: NDArray[np.int32], reach: int) -> ChartMargins:
        """``chart`` (S, S) is that of covered texels, -1 elsewhere; ``reach`` is how many texels the margins have."""
        side = chart.shape[1]
        found: NDArray[np.int32] = ndimage.distance_transform_edt(
            chart < 0, return_distances=False, return_indices=True
        )
        # Distances where there are some, and as bytes: those of a whole large image took most of the memory here.
        flat = np.flatnonzero(chart < 0)
        down, beside = (each.astype(np.int32) for each in np.divmod(flat, side))
        row, column = (each.reshape(-1)[flat] for each in found)
        squared = (row - down) ** 2 + (column - beside) ** 2
        away = np.zeros(chart.shape, np.uint8)
        away.reshape(-1)[flat] = np.minimum(np.ceil(np.sqrt(squared.astype(np.float32))), 255)
        near = squared <= reach * reach
        down, beside, near_row, near_column = (each[near].astype(np.int64) for each in (down, beside, row, column))
        far_row, far_column = 2 * near_row - down, 2 * near_column - beside
        own = chart[near_row, near_column]
        inside: NDArray[np.bool_] = (far_row >= 0) & (far_row < len(chart)) & (far_column >= 0) & (far_column < side)
        nearest: NDArray[np.int64] = near_row * side + near_column
        across: NDArray[np.int64] = np.where(inside, far_row * side + far_column, nearest)
        other: NDArray[np.bool_] = chart.reshape(-1)[across] != own
        across = np.where(other, nearest, across)
        grown = chart.copy()
        grown[down, beside] = own
        outside = (down * side + beside).astype(np.int64)
        return cls(grown, away, outside, nearest.astype(np.int32), across.astype(np.int32))

    def without_images(self) -> ChartMargins:
        """What :meth:`sources` needs alone, with no ``chart`` and no ``away``."""
        return replace(self, chart=np.empty((0, 0), np.int32), away=np.empty((0, 0), np.uint8))

    def sources(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Which (K,) of texels ``numbers`` (N,) lie outside, and the nearest and the opposite texels of those (K,)."""
        place = np.searchsorted(self.outside, numbers)
        place = np.minimum(place, max(0, len(self.outside) - 1))
        which = np.flatnonzero(self.outside[place] == numbers) if len(self.outside) else np.zeros(0, np.int64)
        found = place[which]
        return which, self.nearest[found].astype(np.int64), self.across[found].astype(np.int64)
