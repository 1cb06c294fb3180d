# SPDX-License-Identifier: Apache-2.0
"""Closest point of a triangle mesh."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.mesh_queries import MeshQueries


class ClosestPoint:
    """A mesh (V, 3), (F, 3) prepared for closest-point queries on the CPU, in as many threads as there are cores.

    Points farther from it than ``reach`` get triangle -1. A short reach is faster.
    """

    def __init__(self, vertices: NDArray[Any], triangles: NDArray[Any], *, reach: float = 100.0) -> None:
        self._queries = MeshQueries(vertices, triangles)
        self._reach = reach

    def __call__(self, points: NDArray[Any]) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
        """Points (N, 3) -> triangle (N,), barycentric weights (N, 3) of its corners, distance (N,)."""
        hits = self._queries.closest(points, self._reach)
        return hits.face, hits.weights, hits.distance
