# SPDX-License-Identifier: Apache-2.0
"""Rays against triangles, in and out as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Hits:
    """For each ray the number of the face it meets first (-1: none), the distance, and barycentric weights (N, 3)."""

    face: NDArray[np.int32]
    distance: NDArray[np.float32]
    weights: NDArray[np.float32]


class RayMesh:
    """A triangle mesh that answers ray queries: ``vertices`` (V, 3) float32 and ``faces`` (F, 3) int32, any units."""

    def __init__(self, vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> None:
        from portrait_core.geometry.mesh_queries import MeshQueries

        self._queries = MeshQueries(vertices, faces)
        self._size = float(np.linalg.norm(np.ptp(vertices, axis=0)))

    def first_hits(self, origin: NDArray[np.float32], directions: NDArray[np.float32]) -> Hits:
        """Where rays from ``origin`` (3,) along unit ``directions`` (N, 3) first meet the mesh."""
        hits = self._queries.first_hits(origin, directions)
        return Hits(hits.face, hits.distance, hits.weights)

    def open_share(
        self,
        points: NDArray[np.float32],
        normals: NDArray[np.float32],
        directions: NDArray[np.float32],
        reach: float | None = None,
    ) -> NDArray[np.float32]:
        """(N,) the share of ``directions`` (K, 3) above each point's horizon that is free of the mesh.

        Directions count by their cosine to the normal. ``reach`` is how far an obstacle matters (default: any
        distance). A point with no direction above its horizon gets 0.
        """
        limit = 10.0 * self._size if reach is None else reach
        return self._queries.open_share(points, normals, directions, start=1e-3 * self._size, reach=limit)
