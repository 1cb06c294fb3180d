# SPDX-License-Identifier: Apache-2.0
"""Which texel centres lie in which triangle: a scan-line rasteriser in plain NumPy, without any graphics context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

SLACK = 1e-4
"""Texels by which a triangle is grown, so that rounding leaves no gap between two triangles that share an edge."""

OVER = 4
"""Times that triangles painted at once may cover an image, by their boxes."""

PIECE = 1 << 16
"""Texels whose weights are computed at once."""

Window = tuple[int, int, int, int]
"""First row, row after the last, first column, column after the last."""


@dataclass(frozen=True)
class Texels:
    """The N covered texels: ``row`` (0 = top) and ``column`` int64, ``face`` int64, barycentric ``weights`` (N, 3)."""

    row: NDArray[np.int64]
    column: NDArray[np.int64]
    face: NDArray[np.int64]
    weights: NDArray[np.float32]

    def interpolate(self, faces: NDArray[np.int32], values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Vertex ``values`` (V, C) at the texels: (N, C)."""
        return blend(faces[self.face], self.weights, values)

    def nearest(self, size: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Row and column (S, S) of the covered texel that is nearest to each of a ``size`` x ``size`` image."""
        bare = np.ones((size, size), bool)
        bare[self.row, self.column] = False
        row, column = ndimage.distance_transform_edt(bare, return_distances=False, return_indices=True)
        return row, column


def cover_texels(faces: NDArray[np.int32], uvs: NDArray[np.float32], size: int) -> Texels:
    """The texels of a ``size`` x ``size`` image whose centres lie in a triangle, row by row; each once (the last
    triangle wins).

    ``faces`` (F, 3), ``uvs`` (V, 2) with the origin at the bottom left. Triangles may have either orientation; those
    without area cover nothing.
    """
    placement = Placement(faces, uvs, size)
    painted = placement.paint((0, size, 0, size))
    row, column = np.nonzero(painted >= 0)
    face = painted[row, column].astype(np.int64)
    return Texels(row, column, face, placement.weights(face, row, column))


class Placement:
    """Triangles placed in a ``size`` x ``size`` image: ``faces`` (F, 3), ``uvs`` (V, 2), origin at the bottom left."""

    def __init__(self, faces: NDArray[np.int32], uvs: NDArray[np.float32], size: int) -> None:
        self._size = size
        corners = uvs.astype(np.float64)[faces] * size
        corners[:, :, 1] = size - corners[:, :, 1]  # image rows count downwards
        corners -= 0.5  # texel centres at whole numbers
        self._corners = corners
        a, ab, ac = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        area = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
        inverse = np.divide(1.0, area, out=np.zeros_like(area), where=np.abs(area) > 1e-12)[:, None]
        # The second and third barycentric weight are linear in x and y: one row of six numbers for each face.
        second = np.stack([ac[:, 1], -ac[:, 0], a[:, 1] * ac[:, 0] - a[:, 0] * ac[:, 1]], axis=1) * inverse
        third = np.stack([-ab[:, 1], ab[:, 0], a[:, 0] * ab[:, 1] - a[:, 1] * ab[:, 0]], axis=1) * inverse
        self._linear = np.concatenate([second, third], axis=1)

    def paint(self, window: Window) -> NDArray[np.int32]:
        """(rows, columns) of a window: the face at each texel centre, -1 where there is none; the last face wins."""
        top, bottom, left, right = window
        low, high = self._corners.min(axis=1), self._corners.max(axis=1)
        inside = (high[:, 1] >= top - 1) & (low[:, 1] <= bottom) & (high[:, 0] >= left - 1) & (low[:, 0] <= right)
        chosen = np.flatnonzero(inside)
        # Cards of hair lie over one texture a hundred times: the last ones first, until they cover it all.
        height, width = bottom - top, right - left
        size = np.clip(np.minimum(high, (right, bottom)) - np.maximum(low, (left, top)), 1, None).prod(axis=1)[chosen]
        share = np.cumsum(size[::-1])[::-1] // (OVER * height * width)
        painted = np.full((height, width), -1, np.int32)
        for number in np.unique(share):
            found = self._painted(chosen[share == number], window)
            painted = np.where(painted < 0, found, painted)
            if bool((painted >= 0).all()):
                break
        return painted

    def _painted(self, chosen: NDArray[np.int64], window: Window) -> NDArray[np.int32]:
        """:meth:`paint` with the ``chosen`` faces alone."""
        top, bottom, left, right = window
        corners = self._corners[chosen] - (left, top)
        height, width = bottom - top, right - left
        first = np.maximum(np.ceil(corners[:, :, 1].min(axis=1) - SLACK), 0).astype(np.int64)
        last = np.minimum(np.floor(corners[:, :, 1].max(axis=1) + SLACK), height - 1).astype(np.int64)
        face, row = _runs(np.maximum(last - first + 1, 0), first)
        start, end = _spans(corners, face, row)
        begin = np.maximum(np.ceil(start), 0).astype(np.int64)
        count = np.maximum(np.minimum(np.floor(end), width - 1).astype(np.int64) - begin + 1, 0)
        span, place = _runs(count, row * width + begin)
        painted = np.full(height * width, -1, np.int32)
        painted[place] = chosen.astype(np.int32)[face][span]  # of equal places NumPy keeps the last value
        return painted.reshape(height, width)

    def count(self) -> NDArray[np.int64]:
        """(size, size) how many faces lie over each texel centre, each shrunk by a little so that no edge counts."""
        size, corners = self._size, self._corners
        first = np.maximum(np.ceil(corners[:, :, 1].min(axis=1)), 0).astype(np.int64)
        last = np.minimum(np.floor(corners[:, :, 1].max(axis=1)), size - 1).astype(np.int64)
        face, row = _runs(np.maximum(last - first + 1, 0), first)
        start, end = _spans(corners, face, row)
        begin = np.maximum(np.ceil(start + 3 * SLACK), 0).astype(np.int64)
        length = np.maximum(np.minimum(np.floor(end - 3 * SLACK), size - 1).astype(np.int64) - begin + 1, 0)
        _, place = _runs(length, row * size + begin)
        return np.bincount(place, minlength=size * size).reshape(size, size)

    def weights(self, face: NDArray[np.int64], row: NDArray[Any], column: NDArray[Any]) -> NDArray[np.float32]:
        """Barycentric weights (N, 3) of texel places in their faces; whole numbers are texel centres.

        Places outside are moved onto the face.
        """
        result = np.empty((len(face), 3), np.float32)
        for begin in range(0, len(face), PIECE):  # six numbers of a texel's face are more than all else
            some = slice(begin, begin + PIECE)
            linear, x, y = self._linear[face[some]], column[some], row[some]
            second = linear[:, 0] * x + linear[:, 1] * y + linear[:, 2]
            third = linear[:, 3] * x + linear[:, 4] * y + linear[:, 5]
            weights = np.clip(np.stack([1.0 - second - third, second, third], axis=1), 0.0, 1.0)
            result[some] = weights / weights.sum(axis=1, keepdims=True)
        return result


def blend(corner: NDArray[np.int32], weights: NDArray[np.float32], values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vertex ``values`` (V, C) at barycentric ``weights`` (N, 3) of the vertices ``corner`` (N, 3): (N, C)."""
    total = values[corner[:, 0]] * weights[:, :1]
    for k in (1, 2):
        total += values[corner[:, k]] * weights[:, k : k + 1]
    return total


def _runs(counts: NDArray[np.int64], start: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each i the numbers ``start[i]``, ``start[i]+1``, ... (``counts[i]`` of them), with i beside each."""
    owner = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(owner))
    number += (start - np.cumsum(counts) + counts)[owner]
    return owner, number


def _spans(
    corners: NDArray[np.float64], face: NDArray[np.int64], row: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the line ``row`` enters and leaves the triangle ``face``: left and right x."""
    left = np.full(len(face), np.inf)
    right = np.full(len(face), -np.inf)
    at = corners[face]
    for k in range(3):
        x0, y0 = at[:, k, 0], at[:, k, 1]
        x1, y1 = at[:, (k + 1) % 3, 0], at[:, (k + 1) % 3, 1]
        crossed = (row >= np.minimum(y0, y1) - SLACK) & (row <= np.maximum(y0, y1) + SLACK)
        flat = np.abs(y1 - y0) < 1e-12
        along = np.clip((row - y0) / np.where(flat, 1.0, y1 - y0), 0.0, 1.0)
        meet = x0 + along * (x1 - x0)
        near = np.where(flat, np.minimum(x0, x1), meet)
        far = np.where(flat, np.maximum(x0, x1), meet)
        left = np.where(crossed, np.minimum(left, near), left)
        right = np.where(crossed, np.maximum(right, far), right)
    return np.where(left <= right, left - SLACK, 1.0), np.where(left <= right, right + SLACK, 0.0)
