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
