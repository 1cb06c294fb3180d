# SPDX-License-Identifier: Apache-2.0
"""Rays against triangles, in and out as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
        import warp as wp

        from portrait_core.rendering import ray_kernels

        self._wp: Any = wp
        self._kernels: Any = ray_kernels
        self._mesh: Any = wp.Mesh(
            points=self._vectors(vertices),
            indices=self._wp.array(
                np.ascontiguousarray(faces.ravel(), np.int32), dtype=wp.int32, device="cpu"
            ),
        )
        self._size = float(np.linalg.norm(np.ptp(vertices, axis=0)))

    def first_hits(self, origin: NDArray[np.float32], directions: NDArray[np.float32]) -> Hits:
        """Where rays from ``origin`` (3,) along unit ``directions`` (N, 3) first meet the mesh."""
        count = len(directions)
        face = np.full(count, -1, np.int32)
        distance, u, v = (np.zeros(count, np.float32) for _ in range(3))
        outputs = [self._wrap(array) for array in (face, distance, u, v)]
        place = self._wp.vec3(*origin.astype(float).tolist())
        self._launch("first_hit", count, [self._mesh.id, place, self._vectors(directions), *outputs])
        return Hits(face, distance, np.stack([u, v, 1.0 - u - v], axis=1))

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
        share = np.zeros(len(points), np.float32)
        limit = 10.0 * self._size if reach is None else reach
        arguments = [self._mesh.id, self._vectors(points), self._vectors(normals), self._vectors(directions)]
        self._launch("open_share", len(points), [*arguments, 1e-3 * self._size, limit, self._wrap(share)])
        return share

    def _launch(self, kernel: str, count: int, arguments: list[Any]) -> None:
        self._kernels.launch(getattr(self._kernels, kernel), count, arguments)

    def _vectors(self, array: NDArray[np.float32]) -> Any:
        return self._wp.array(np.ascontiguousarray(array, np.float32), dtype=self._wp.vec3, device="cpu")

    def _wrap(self, array: NDArray[Any]) -> Any:
        """A warp view of ``array``: kernels write straight into it."""
        return self._wp.array(array, device="cpu", copy=False)
