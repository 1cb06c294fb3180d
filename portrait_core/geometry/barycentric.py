# SPDX-License-Identifier: Apache-2.0
"""The place of a triangle that is nearest to a point, in float64 (Ericson, "Real-Time Collision Detection", 5.1.5)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def closest_barycentric(points: NDArray[np.float64], triangles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Barycentric weights (N, 3) of the point of ``triangles`` (N, 3, 3) that is nearest to ``points`` (N, 3)."""
    inner = _plane_weights(points, triangles)
    edges = np.stack([_edge_weights(points, triangles, k) for k in range(3)])
    place = np.einsum("enk,nki->eni", edges, triangles)
    best = np.linalg.norm(place - points, axis=2).argmin(axis=0)
    on_edge = edges[best, np.arange(len(points))]
    return np.where((inner >= 0.0).all(axis=1, keepdims=True), inner, on_edge)


def _plane_weights(points: NDArray[np.float64], triangles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of the projection onto the plane; a triangle without area gets negative ones (use its edges)."""
    one, two = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    to = points - triangles[:, 0]
    a, b, c = (np.einsum("ni,ni->n", x, y) for x, y in ((one, one), (one, two), (two, two)))
    d, e = np.einsum("ni,ni->n", to, one), np.einsum("ni,ni->n", to, two)
    area = a * c - b * b
    good = area > 1e-30
    scale = np.where(good, area, 1.0)
    v, w = (c * d - b * e) / scale, (a * e - b * d) / scale
    return np.where(good[:, None], np.stack([1.0 - v - w, v, w], axis=1), -1.0)


def _edge_weights(points: NDArray[np.float64], triangles: NDArray[np.float64], edge: int) -> NDArray[np.float64]:
    """Weights of the nearest point on the edge from corner ``edge`` to the next."""
    start, along = triangles[:, edge], triangles[:, (edge + 1) % 3] - triangles[:, edge]
    square = np.maximum(np.einsum("ni,ni->n", along, along), 1e-30)
    t = np.clip(np.einsum("ni,ni->n", points - start, along) / square, 0.0, 1.0)
    weights = np.zeros((len(points), 3))
    weights[:, edge], weights[:, (edge + 1) % 3] = 1.0 - t, t
    return weights
