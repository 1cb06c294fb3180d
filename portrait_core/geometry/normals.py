# SPDX-License-Identifier: Apache-2.0
"""Smooth vertex normals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def vertex_normals(vertices: NDArray[np.floating], faces: NDArray[np.integer]) -> NDArray[np.float32]:
    """Unit normals of shape (V, 3), each the mean of the faces around a vertex, weighted by their angle there.

    Angle weights do not depend on how a flat region is cut into triangles. ``vertices`` (V, 3) in any length unit,
    ``faces`` (F, 3) counter-clockwise from outside. A vertex without a proper face gets +z, so that a file stays valid.
    """
    corners = vertices.astype(np.float64)[faces]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    size = np.linalg.norm(cross, axis=1, keepdims=True)
    flat = np.divide(cross, size, out=np.zeros_like(cross), where=size > 0)
    total = np.zeros((len(vertices), 3))
    for corner in range(3):
        one = corners[:, (corner + 1) % 3] - corners[:, corner]
        two = corners[:, (corner + 2) % 3] - corners[:, corner]
        # atan2 of |cross| and dot stays exact for slivers, where arccos loses all digits
        angle = np.arctan2(np.linalg.norm(np.cross(one, two), axis=1), np.einsum("ij,ij->i", one, two))
        for axis in range(3):
            total[:, axis] += np.bincount(faces[:, corner], angle * flat[:, axis], minlength=len(vertices))
    length = np.linalg.norm(total, axis=1, keepdims=True)
    unit = np.divide(total, length, out=np.zeros_like(total), where=length > 1e-12)
    unit[length[:, 0] <= 1e-12] = (0.0, 0.0, 1.0)
    return unit.astype(np.float32)


def renewed_normals(
    normals: NDArray[np.float32],
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    faces: NDArray[np.integer],
    objects: NDArray[np.integer] | None = None,
) -> NDArray[np.float32]:
    """Unit ``normals`` (V, 3) of a mesh whose vertices (V, 3) were at ``before`` and are at ``after``.

    Each turns as the smooth normal of the surface there does, so that normals which are not those of the triangles (of
    a finer level, of a sheet of hair) stay what they mean. Vertices at one place before are one vertex of the surface:
    copies along seams; ``objects`` (V,) tell apart those of several meshes. Far from what moved nothing changes, to the
    last bit.
    """
    moved = (before != after).any(axis=1)
    if not bool(moved.any()):
        return normals
    # The bits of the numbers: rows of bytes are told apart many times as quickly as rows of floats.
    key = np.ascontiguousarray(before.astype(np.float32) + np.float32(0.0))
    whose = np.zeros(len(key), np.int32) if objects is None else objects.astype(np.int32)
    bits = np.concatenate([key.view(np.int32), whose[:, None]], axis=1)
    rows_of_bytes = np.ascontiguousarray(bits).view(np.dtype((np.void, 16))).reshape(-1)
    _, first, surface = np.unique(rows_of_bytes, return_index=True, return_inverse=True)
    welded = np.asarray(surface, np.int64).reshape(-1)
    corners = welded[faces]
    turning = np.zeros(len(first), np.bool_)
    turning[corners[moved[faces].any(axis=1)]] = True
    near = corners[turning[corners].any(axis=1)]
    one, two = (vertex_normals(places[first], near).astype(np.float64) for places in (before, after))
    result = normals.copy()
    rows = np.flatnonzero(turning[welded])
    result[rows] = _carried(normals[rows].astype(np.float64), one[welded[rows]], two[welded[rows]])
    return result


def _carried(vectors: NDArray[np.float64], one: NDArray[np.float64], two: NDArray[np.float64]) -> NDArray[np.float32]:
    """Unit vectors (N, 3), each turned by the least turn that takes ``one`` to ``two``, both (N, 3) of length one."""
    axis, cosine = np.cross(one, two), np.einsum("ni,ni->n", one, two)[:, None]
    along = np.einsum("ni,ni->n", axis, vectors)[:, None] / np.maximum(1.0 + cosine, 1e-6)
    turned = cosine * vectors + np.cross(axis, vectors) + along * axis
    # Half a turn has no least one: the surface's own normal then.
    turned = np.where(cosine > -0.999, turned, two)
    return (turned / np.linalg.norm(turned, axis=1, keepdims=True)).astype(np.float32)
