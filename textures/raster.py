# SPDX-License-Identifier: Apache-2.0
"""Which texel centres lie in which triangle: a scan-line rasteriser in plain NumPy, without any graphics context."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SLACK = 1e-4
"""Texels by which a triangle is grown, so that rounding leaves no gap between two triangles that share an edge."""


@dataclass(frozen=True)
class Texels:
    """The N covered texels: ``row`` (0 = top) and ``column`` int64, ``face`` int64, barycentric ``weights`` (N, 3)."""

    row: NDArray[np.int64]
    column: NDArray[np.int64]
    face: NDArray[np.int64]
    weights: NDArray[np.float32]

    def interpolate(self, faces: NDArray[np.int32], values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Vertex ``values`` (V, C) at the texels: (N, C)."""
        corner = faces[self.face]
        return sum(
            (values[corner[:, k]] * self.weights[:, k : k + 1] for k in range(3)),
            np.zeros((len(self.face), values.shape[1]), np.float32),
        )


def cover_texels(faces: NDArray[np.int32], uvs: NDArray[np.float32], size: int) -> Texels:
    """The texels of a ``size`` x ``size`` image whose centres lie in a triangle; each once (the last triangle wins).

    ``faces`` (F, 3), ``uvs`` (V, 2) with the origin at the bottom left. Triangles may have either orientation; those
    without area cover nothing.
    """
    corners = uvs.astype(np.float64)[faces] * size
    corners[:, :, 1] = size - corners[:, :, 1]  # image rows count downwards
    corners -= 0.5  # texel centres at whole numbers
    first = np.maximum(np.ceil(corners[:, :, 1].min(axis=1) - SLACK), 0).astype(np.int64)
    last = np.minimum(np.floor(corners[:, :, 1].max(axis=1) + SLACK), size - 1).astype(np.int64)
    face, row = _runs(np.maximum(last - first + 1, 0), first)
    left, right = _spans(corners, face, row)
    begin = np.maximum(np.ceil(left), 0).astype(np.int64)
    end = np.minimum(np.floor(right), size - 1).astype(np.int64)
    span, column = _runs(np.maximum(end - begin + 1, 0), begin)
    face, row = face[span], row[span]
    weights = _barycentric(corners, face, row, column)
    _, chosen = np.unique((row * size + column)[::-1], return_index=True)
    chosen = len(row) - 1 - chosen
    return Texels(row[chosen], column[chosen], face[chosen], weights[chosen])


def _runs(counts: NDArray[np.int64], start: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each i the numbers ``start[i]``, ``start[i]+1``, ... (``counts[i]`` of them), with i beside each."""
    owner = np.repeat(np.arange(len(counts)), counts)
    offset = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    return owner, start[owner] + offset


def _spans(
    corners: NDArray[np.float64], face: NDArray[np.int64], row: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the line ``row`` enters and leaves the triangle ``face``: left and right x."""
    left = np.full(len(face), np.inf)
    right = np.full(len(face), -np.inf)
    for k in range(3):
        x0, y0 = _column(corners, face, k, 0), _column(corners, face, k, 1)
        x1, y1 = _column(corners, face, (k + 1) % 3, 0), _column(corners, face, (k + 1) % 3, 1)
        crossed = (row >= np.minimum(y0, y1) - SLACK) & (row <= np.maximum(y0, y1) + SLACK)
        flat = np.abs(y1 - y0) < 1e-12
        along = np.clip((row - y0) / np.where(flat, 1.0, y1 - y0), 0.0, 1.0)
        meet = x0 + along * (x1 - x0)
        near = np.where(flat, np.minimum(x0, x1), meet)
        far = np.where(flat, np.maximum(x0, x1), meet)
        left = np.where(crossed, np.minimum(left, near), left)
        right = np.where(crossed, np.maximum(right, far), right)
    return np.where(left <= right, left - SLACK, 1.0), np.where(left <= right, right + SLACK, 0.0)


def _column(
    corners: NDArray[np.float64], face: NDArray[np.int64], corner: int, axis: int
) -> NDArray[np.float64]:
    return corners[face, corner, axis]


def _barycentric(
    corners: NDArray[np.float64], face: NDArray[np.int64], row: NDArray[np.int64], column: NDArray[np.int64]
) -> NDArray[np.float32]:
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    ab, ac = b - a, c - a
    area = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    inverse = np.divide(1.0, area, out=np.zeros_like(area), where=np.abs(area) > 1e-12)
    x, y = column - a[face, 0], row - a[face, 1]
    second = (x * ac[face, 1] - y * ac[face, 0]) * inverse[face]
    third = (y * ab[face, 0] - x * ab[face, 1]) * inverse[face]
    weights = np.clip(np.stack([1.0 - second - third, second, third], axis=1), 0.0, 1.0)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
