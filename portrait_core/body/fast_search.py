# SPDX-License-Identifier: Apache-2.0
"""The warp's search by a bounding-volume hierarchy: the triangles of the slow searches, ties and all, much quicker."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.body.triangles import TIE, Nearest
from portrait_core.geometry.nearest_triangle import NearestTriangle

FAR = 100.0
"""Metres: more than any body, for searches without a radius."""


class HierarchySearch:
    """A :data:`portrait_core.body.triangles.NearestSearch` that keeps the hierarchy of the last mesh.

    Corners at the same place count as one, so that triangles which tie are found to touch.
    """

    def __init__(self) -> None:
        self._mesh: NDArray[np.float32] | None = None
        self._nearest: NearestTriangle | None = None
        self._reach = 0.0

    def __call__(self, points: NDArray[np.float32], triangles: NDArray[np.float32], radius: float = np.inf) -> Nearest:
        """Points (N, 3), triangles (F, 3, 3) and a search radius, metres; gaps are not looked for."""
        reach = 1.01 * radius if np.isfinite(radius) else FAR
        same = self._mesh is not None and reach == self._reach and np.array_equal(self._mesh, triangles)
        if self._nearest is None or not same:
            vertices, index = np.unique(triangles.reshape(-1, 3), axis=0, return_inverse=True)
            self._nearest = NearestTriangle(vertices, np.asarray(index).reshape(-1, 3), reach=reach, tie=TIE)
            self._mesh, self._reach = triangles.copy(), reach
        face, squared = self._nearest(points)
        beyond = (face < 0) | (squared >= radius**2)
        return Nearest(
            np.where(beyond, np.inf, squared), np.where(beyond, 0, face).astype(np.int64), np.full(len(points), np.inf)
        )
