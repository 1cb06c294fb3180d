# SPDX-License-Identifier: Apache-2.0
"""Terraces taken off a surface without shrinking it and without touching what is finer than they are deep.

A field that is nearly a step from inside to outside leaves marching cubes nothing to interpolate: vertices
sit on lattice edges' middles and the surface comes in terraces. Smoothing is by Taubin's pair of passes
(1995, "A signal processing approach to fair surface design"); no vertex goes farther than half a voxel from
where it was, because the lattice knew it that well; a last small offset along the normals gives the volume
back. A smooth field's surface is left alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.geometry.normals import vertex_normals
from portrait_core.geometry.surface import Surface, face_cross

FORTH, BACK = 0.5, -0.53
"""Taubin's factors: a pass that smooths, and one that gives back what it shrank."""
PASSES = 8
"""Pairs of passes at most."""
ROUGH, SMOOTH = 0.09, 0.05
"""Voxels: above the first roughness a surface has terraces, which are smoothed down to the second. A smooth
field with creases has 0.07, a step 0.17."""
FARTHEST = 0.5
"""Voxels that a vertex may move."""


def roughness(surface: Surface, voxel: float) -> float:
    """Root mean square, in voxels, of the part of the bending that changes from vertex to vertex."""
    return _roughness(surface.vertices.astype(np.float64), _Fans(surface), voxel)


def take_off_terraces(
    surface: Surface, voxel: float, fixed: NDArray[np.bool_] | None = None
) -> tuple[Surface, int, float]:
    """``surface`` smoothed just until it is no longer rough, the pairs of passes that it took (0 for most
    fields), and how rough it was.

    Vertices in ``fixed`` (V,) stay where they are, and so does the volume.
    """
    fans = _Fans(surface)
    place = start = surface.vertices.astype(np.float64)
    free = np.ones(len(start), bool) if fixed is None else ~fixed
    rough = now = _roughness(place, fans, voxel)
    passes, limit = 0, ROUGH
    while passes < PASSES and now > limit:
        limit = SMOOTH
        for factor in (FORTH, BACK):
            place = place + factor * free[:, None] * (fans.means(place) - place)
        move = place - start
        length = np.linalg.norm(move, axis=1, keepdims=True)
        place = start + move * np.minimum(1.0, FARTHEST * voxel / np.maximum(length, 1e-12))
        passes += 1
        now = _roughness(place, fans, voxel)
    if passes == 0:
        return surface, 0, rough
    lost = surface.volume() - Surface(place.astype(np.float32), surface.faces).volume()
    area = np.linalg.norm(face_cross(place, surface.faces), axis=1).sum() / 2.0
    normals = vertex_normals(place.astype(np.float32), surface.faces)
    place = place + free[:, None] * normals * (lost / area)
    return Surface(place.astype(np.float32), surface.faces), passes, rough


class _Fans:
    """Sums over the faces around each vertex of a closed surface, for which its faces are a sparse matrix as they
    stand: nothing has to be sorted."""

    def __init__(self, surface: Surface) -> None:
        corners = surface.faces.ravel()
        matrix = (np.ones(len(corners)), corners, np.arange(0, len(corners) + 1, 3, dtype=np.int32))
        self.faces = surface.faces
        self._corners = sparse.csr_matrix(matrix, shape=(len(surface.faces), len(surface.vertices)))
        self._count = np.bincount(corners, minlength=len(surface.vertices)).astype(np.float64)

    def sums(self, of_faces: NDArray[np.float64]) -> NDArray[np.float64]:
        """(V, ...) sum of the values (F, ...) of the faces around each vertex."""
        return np.asarray(self._corners.T @ of_faces, np.float64)

    def means(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(V, ...) mean of the values of each vertex's neighbours."""
        count = self._count if values.ndim == 1 else self._count[:, None]
        # Around a closed fan every neighbour is a corner of two faces, and the vertex itself of all.
        return (self.sums(np.asarray(self._corners @ values)) - count * values) / np.maximum(2.0 * count, 1.0)


def _roughness(place: NDArray[np.float64], fans: _Fans, voxel: float) -> float:
    normal = fans.sums(face_cross(place, fans.faces))
    normal /= np.maximum(np.sqrt(np.einsum("ij,ij->i", normal, normal))[:, None], 1e-20)
    bend = np.einsum("ij,ij->i", fans.means(place) - place, normal) / voxel
    changing = bend - fans.means(bend)
    return float(np.sqrt((changing**2).mean()))
