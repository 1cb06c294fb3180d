# SPDX-License-Identifier: Apache-2.0
"""Nearest triangles by a bounding-volume hierarchy: quick, in float32, any of the triangles that share an edge."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.body.triangles import Nearest
from portrait_core.closest_point import ClosestPoint


class HierarchySearch:
    """A :data:`portrait_core.body.triangles.NearestSearch` for pictures.

    It finds what `nearest_by_tree` finds to float32, but where several triangles are equally near it may name another
    of them (specification: deformation, 4.1). The hierarchy of the last mesh is kept.
    """

    def __init__(self) -> None:
        self._mesh: NDArray[np.float32] | None = None
        self._closest: ClosestPoint | None = None

    def __call__(
        self, points: NDArray[np.float32], triangles: NDArray[np.float32], radius: float = np.inf
    ) -> Nearest:
        """Points (N, 3), triangles (F, 3, 3) and a search radius, metres; gaps are not looked for."""
        if self._closest is None or self._mesh is None or not np.array_equal(self._mesh, triangles):
            corners = np.arange(3 * len(triangles), dtype=np.int32).reshape(-1, 3)
            self._closest, self._mesh = ClosestPoint(triangles.reshape(-1, 3), corners), triangles.copy()
        face, _, distance = self._closest(points)
        beyond = distance >= radius
        squared = np.where(beyond, np.inf, distance.astype(np.float64) ** 2)
        return Nearest(squared, np.where(beyond, 0, face).astype(np.int64), np.full(len(points), np.inf))
