# SPDX-License-Identifier: Apache-2.0
"""Closest points, ray hits and inside tests on the meshes of the world, and what is read off at the hits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry import mesh_queries

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Hits:
    """For each query: ``face`` (N,) index or -1, ``bary`` (N, 3) weights of its corners, ``distance`` (N,) metres."""

    face: NDArray[np.int32]
    bary: FloatArray
    distance: FloatArray


class TriangleScene:
    """A mesh (V, 3), (F, 3) prepared for queries; all arrays in and out are numpy."""

    def __init__(self, vertices: NDArray[Any], triangles: NDArray[Any], *, solid: bool = False) -> None:
        """``solid`` prepares the mesh (closed, counter-clockwise) for :meth:`inside` too."""
        self._queries = mesh_queries.MeshQueries(vertices, triangles, solid=solid)

    def closest(self, points: NDArray[Any], reach: float = 10.0) -> Hits:
        """Closest surface point of each point (N, 3) within ``reach`` metres."""
        return _named(self._queries.closest(points, reach))

    def cast(self, origins: NDArray[Any], directions: NDArray[Any], far: float = 10.0) -> Hits:
        """First hit of each ray; directions (N, 3) of unit length."""
        return _named(self._queries.first_hits(origins, directions, far))

    def inside(self, points: NDArray[Any]) -> NDArray[np.bool_]:
        """Whether each point lies inside (generalised winding number); needs ``solid=True``."""
        return self._queries.inside(points)


def _named(hits: mesh_queries.Hits) -> Hits:
    return Hits(hits.face, hits.weights, hits.distance)


def interpolate(values: NDArray[Any], triangles: NDArray[Any], hits: Hits) -> NDArray[Any]:
    """Values (V, ...) at the hit points (N, ...); every hit must have a face."""
    corner = values[triangles[hits.face]]
    weight = hits.bary.reshape(hits.bary.shape + (1,) * (values.ndim - 1))
    return (corner * weight).sum(axis=1)


def vertex_normals(vertices: NDArray[Any], triangles: NDArray[Any]) -> NDArray[Any]:
    """Area-weighted unit normals (V, 3)."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    total = np.zeros_like(vertices)
    for corner in range(3):
        for axis in range(3):
            total[:, axis] += np.bincount(triangles[:, corner], face[:, axis], minlength=len(vertices))
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)


def sphere_directions(count: int) -> FloatArray:
    """Evenly spread unit directions (count, 3) (Fibonacci lattice)."""
    i = np.arange(count) + 0.5
    azimuth = np.pi * (1 + 5**0.5) * i
    y = 1 - 2 * i / count
    radius = np.sqrt(1 - y * y)
    return np.stack([radius * np.cos(azimuth), y, radius * np.sin(azimuth)], -1).astype(np.float32)
