# SPDX-License-Identifier: Apache-2.0
"""The place of a triangle that is nearest to a point, in float64 (Ericson, "Real-Time Collision Detection", 5.1.5)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]


def closest_barycentric(points: NDArray[np.float64], triangles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Barycentric weights (N, 3) of the point of ``triangles`` (N, 3, 3) that is nearest to ``points`` (N, 3)."""
    start = triangles[:, 0]
    one, two, to = ((each - start).T.copy() for each in (triangles[:, 1], triangles[:, 2], points))
    a, b, c, d, e = (_dot(x, y) for x, y in ((one, one), (one, two), (two, two), (to, one), (to, two)))
    area = a * c - b * b
    good = area > 1e-30
    scale = np.where(good, area, 1.0)
    v, w = (c * d - b * e) / scale, (a * e - b * d) / scale
    beside = np.flatnonzero(~good | (v < 0.0) | (w < 0.0) | (v + w > 1.0))
    if len(beside):
        v[beside], w[beside] = _on_edges(*(each[beside] for each in (a, b, c, d, e)))
    return np.stack([np.maximum(1.0 - v - w, 0.0), v, w], axis=1)


def _on_edges(a: Column, b: Column, c: Column, d: Column, e: Column) -> tuple[Column, Column]:
    """Weights (N,) of the second and third corner at the nearest point of the three edges; the products of the two
    sides one, two and of the way ``to`` the point: a = one one, b = one two, c = two two, d = to one, e = to two."""
    nothing = np.zeros_like(a)
    first, second = _share(d, a), _share(e, c)
    third = _share(e - d - b + a, a - 2.0 * b + c)
    candidates = ((first, nothing), (nothing, second), (1.0 - third, third))
    # The square of the distance, less that to the first corner.
    square = np.stack([v * (v * a - 2.0 * d) + w * (w * c - 2.0 * e) + 2.0 * v * w * b for v, w in candidates])
    best = square.argmin(axis=0)
    v, w = (np.choose(best, [each[k] for each in candidates]) for k in (0, 1))
    return v, w


def _share(along: Column, square: Column) -> Column:
    return np.clip(along / np.maximum(square, 1e-30), 0.0, 1.0)


def _dot(one: NDArray[np.float64], two: NDArray[np.float64]) -> Column:
    return one[0] * two[0] + one[1] * two[1] + one[2] * two[2]
