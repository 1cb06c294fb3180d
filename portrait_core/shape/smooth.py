# SPDX-License-Identifier: Apache-2.0
"""Terraces taken off a surface without shrinking it and without touching what is finer than they are deep.

A field that is nearly a step from inside to outside leaves marching cubes nothing to interpolate: vertices
sit on lattice edges' middles and the surface comes in terraces. Smoothing is by Taubin's pair of passes
(1995, "A signal processing approach to fair surface design"); no vertex goes farther than half a voxel from
where it was, because the lattice knew it that well; a last small offset along the normals gives the volume
back. A smooth field's surface is left alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as _sparse
from numpy.typing import NDArray

from portrait_core.shape.normals import vertex_normals
from portrait_core.shape.surface import Surface, face_cross
from portrait_core.shape.topology import ends, starts

_sparse_any: Any = _sparse  # scipy ships no types for it

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
    return _roughness(surface.vertices.astype(np.float64), _mean(surface), surface, voxel)


def take_off_terraces(
    surface: Surface, voxel: float, fixed: NDArray[np.bool_] | None = None
) -> tuple[Surface, int, float]:
    """``surface`` smoothed just until it is no longer rough, the pairs of passes that it took (0 for most
    fields), and how rough it was.

    Vertices in ``fixed`` (V,) stay where they are, and so does the volume.
    """
    mean = _mean(surface)
    place = start = surface.vertices.astype(np.float64)
    free = np.ones(len(start), bool) if fixed is None else ~fixed
    rough = now = _roughness(place, mean, surface, voxel)
    passes, limit = 0, ROUGH
    while passes < PASSES and now > limit:
        limit = SMOOTH
        for factor in (FORTH, BACK):
            place = place + factor * free[:, None] * (mean @ place - place)
        move = place - start
        length = np.linalg.norm(move, axis=1, keepdims=True)
        place = start + move * np.minimum(1.0, FARTHEST * voxel / np.maximum(length, 1e-12))
        passes += 1
        now = _roughness(place, mean, surface, voxel)
    if passes == 0:
        return surface, 0, rough
    lost = surface.volume() - Surface(place.astype(np.float32), surface.faces).volume()
    area = np.linalg.norm(face_cross(place, surface.faces), axis=1).sum() / 2.0
    normals = vertex_normals(place.astype(np.float32), surface.faces)
    place = place + free[:, None] * normals * (lost / area)
    return Surface(place.astype(np.float32), surface.faces), passes, rough


def _mean(surface: Surface) -> Any:
    """Sparse (V, V): the mean over a vertex's neighbours."""
    begin, end = starts(surface.faces), ends(surface.faces)
    size = len(surface.vertices)
    link = _sparse_any.coo_matrix((np.ones(len(begin)), (begin, end)), shape=(size, size)).tocsr()
    return _sparse_any.diags(1.0 / np.maximum(np.diff(link.indptr), 1)) @ link


def _roughness(place: NDArray[np.float64], mean: Any, surface: Surface, voxel: float) -> float:
    normal = np.zeros_like(place)
    cross = face_cross(place, surface.faces)
    for axis in range(3):
        for corner in range(3):
            normal[:, axis] += np.bincount(surface.faces[:, corner], cross[:, axis], minlength=len(place))
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-20)
    bend = np.einsum("ij,ij->i", np.asarray(mean @ place, np.float64) - place, normal) / voxel
    changing = bend - np.asarray(mean @ bend, np.float64)
    return float(np.sqrt((changing**2).mean()))
