# SPDX-License-Identifier: Apache-2.0
"""Smooth normals of meshes whose faces are known beforehand: a few sums, quick enough for every person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.parts.arrays import Sparse


@dataclass(frozen=True, eq=False)
class SmoothNormals:
    """``polygons`` (F, 3) or (F, 4); ``sums`` (V, F) adds up what is around each vertex."""

    polygons: NDArray[np.int64]
    sums: Sparse

    @classmethod
    def of(cls, polygons: NDArray[np.integer], count: int) -> SmoothNormals:
        """For ``count`` vertices and polygons (F, 3) or (F, 4), counter-clockwise from outside."""
        own = polygons.astype(np.int64)
        faces = np.repeat(np.arange(len(own)), own.shape[1])
        sums = sparse.csr_matrix((np.ones(len(faces)), (own.ravel(), faces)), (count, len(own)))
        return cls(own, sums)

    def __call__(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """(V, 3) of length one: the mean of the faces around a vertex by their area; +z where there is none."""
        a, b = self.diagonals
        # One axis after another is several times as quick as rows of three.
        x, y, z = np.ascontiguousarray(places.T)
        one, two = ([axis[ends[1]] - axis[ends[0]] for axis in (x, y, z)] for ends in (a, b))
        cross = np.empty((len(self.polygons), 3))
        cross[:, 0] = one[1] * two[2] - one[2] * two[1]
        cross[:, 1] = one[2] * two[0] - one[0] * two[2]
        cross[:, 2] = one[0] * two[1] - one[1] * two[0]
        total = np.asarray(self.sums @ cross)
        length = np.sqrt(np.einsum("vi,vi->v", total, total))[:, None]
        unit = np.divide(total, length, out=np.zeros_like(total), where=length > 0)
        unit[length[:, 0] <= 0] = (0.0, 0.0, 1.0)
        return unit

    @cached_property
    def diagonals(self) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Where the two diagonals of each quad begin and end, or two sides of each triangle."""
        sides = ((0, 2), (1, 3)) if self.polygons.shape[1] == 4 else ((0, 1), (0, 2))
        columns = [np.ascontiguousarray(column) for column in self.polygons.T]
        return [(columns[begin], columns[end]) for begin, end in sides]


class LiftedNormals:
    """The normals of :class:`SmoothNormals` for vertices that move up and down alone, again and again: what their
    heights do not change is computed once."""

    def __init__(self, smooth: SmoothNormals, places: NDArray[np.float64]) -> None:
        """``places`` (V, 3) say where the vertices are aside and ahead."""
        self._sums, self._diagonals = smooth.sums, smooth.diagonals
        x, _, z = np.ascontiguousarray(places.T)
        (self._x1, self._x2), (self._z1, self._z2) = (
            [axis[ends[1]] - axis[ends[0]] for ends in self._diagonals] for axis in (x, z)
        )
        self._up = np.asarray(self._sums @ (self._z1 * self._x2 - self._x1 * self._z2))

    def __call__(self, heights: NDArray[np.float64]) -> NDArray[np.float64]:
        """(3, V) of length one, an axis a row, for heights (V,); zero where there is none."""
        y1, y2 = (heights[end] - heights[begin] for begin, end in self._diagonals)
        cross = np.stack([y1 * self._z2 - self._z1 * y2, self._x1 * y2 - y1 * self._x2], axis=1)
        aside, ahead = np.ascontiguousarray(np.asarray(self._sums @ cross).T)
        total = np.stack([aside, self._up, ahead])
        length = np.sqrt(aside * aside + self._up * self._up + ahead * ahead)
        total /= np.where(length > 0, length, 1.0)
        return total
