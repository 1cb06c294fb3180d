# SPDX-License-Identifier: Apache-2.0
"""The full surface of a field: the reference of all meshes near it, for places in lattice space and for normals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.geometry.half_edges import ends, starts
from portrait_core.geometry.mesh_queries import PointSearch, closest_points
from portrait_core.geometry.normals import vertex_normals
from portrait_core.geometry.surface import Surface

REACH = 0.05
"""Metres within which a mesh must lie near the surface; beyond it the search gets slow and the answer meaningless."""


@dataclass(frozen=True)
class DenseSurface:
    """A surface in world metres whose vertices are known in lattice space too: ``lattice`` (V, 3)."""

    surface: Surface
    lattice: NDArray[np.float32]
    normals: NDArray[np.float32]
    closest: PointSearch
    edge: float

    @staticmethod
    def of(surface: Surface, lattice: NDArray[np.float32]) -> DenseSurface:
        """Raises ``ValueError`` when the two do not have the same number of vertices."""
        if lattice.shape != surface.vertices.shape:
            raise ValueError(f"expected {surface.vertices.shape} lattice places, got {lattice.shape}")
        start, end = (surface.vertices[surface.faces[:, k]] for k in (0, 1))
        return DenseSurface(
            surface,
            lattice,
            vertex_normals(surface.vertices, surface.faces),
            closest_points(surface.vertices, surface.faces, reach=REACH),
            float(np.median(np.linalg.norm(end - start, axis=1))),
        )

    def calmed(self, point: NDArray[np.float32], near: float, far: float, passes: int) -> DenseSurface:
        """The same with normals smoothed away from ``point`` (3,): not within ``near`` metres, fully from ``far``.

        A learned field carries ripples of a few voxels where it was seen little; they do not matter for the shape, but
        a normal map would show them on a throat. ``passes`` are mixings with the neighbours.
        """
        t = np.clip((np.linalg.norm(self.surface.vertices - point, axis=1) - near) / (far - near), 0.0, 1.0)
        amount = (t * t * (3.0 - 2.0 * t)).astype(np.float32)[:, None]
        count, faces = len(self.normals), self.surface.faces
        start, end = starts(faces), ends(faces)
        # A closed surface has every edge twice, once in each direction: each neighbour counts once.
        around = sparse.csr_matrix((np.ones(len(start), np.float32), (start, end)), shape=(count, count))
        share = 1.0 / np.maximum(np.asarray(around.sum(axis=1), np.float32), 1.0)
        normals = self.normals
        for _ in range(passes):
            normals = normals + amount * (np.asarray(around @ normals, np.float32) * share - normals)
        normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
        return replace(self, normals=normals.astype(np.float32))

    def lattice_places(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """World points (N, 3) on or near the surface -> lattice places (N, 3) of their nearest surface points.

        A point farther than ``REACH`` from the surface gets the nearest vertex's place.
        """
        face, weights, _ = self.closest(points)
        places = np.einsum("nk,nkc->nc", weights, self.lattice[self.surface.faces[face]]).astype(np.float32)
        lost = np.flatnonzero(face < 0)
        for begin in range(0, len(lost), 256):
            part = lost[begin : begin + 256]
            away = np.linalg.norm(points[part][:, None] - self.surface.vertices[None], axis=2)
            places[part] = self.lattice[away.argmin(axis=1)]
        return places
