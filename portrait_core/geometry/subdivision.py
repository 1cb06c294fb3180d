# SPDX-License-Identifier: Apache-2.0
"""One step of Catmull-Clark subdivision, as a sparse matrix from old to new vertices.

The rule is linear in the vertices, so one matrix serves every identity: ``new = matrix @ old``.
Source: Catmull and Clark, "Recursively generated B-spline surfaces on arbitrary topological meshes", 1978.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

Sparse: TypeAlias = Any
"""A ``scipy.sparse.csr_matrix``."""


@dataclass(frozen=True)
class Subdivision:
    """``matrix`` (V', V) maps vertices; ``quads`` (4F, 4); ``corner_uvs`` (4F, 4, 2) are interpolated linearly."""

    matrix: Sparse
    quads: IntArray
    corner_uvs: FloatArray


def catmull_clark(quads: IntArray, vertex_count: int, corner_uvs: FloatArray) -> Subdivision:
    """Subdivide quads once.

    Args:
        quads: (F, 4) vertex indices of a mesh of quads, possibly with a border.
        vertex_count: number of vertices V; those that no quad uses stay where they are.
        corner_uvs: (F, 4, 2) texture coordinates of the quads' corners.

    Returns:
        New vertices come in the order: old vertices, edge points, face points.
    """
    faces = len(quads)
    ends = np.sort(np.stack([quads, np.roll(quads, -1, axis=1)], -1).reshape(-1, 2), axis=1)
    edges, edge_of_corner, uses = np.unique(ends, axis=0, return_inverse=True, return_counts=True)
    edge_of_corner = edge_of_corner.reshape(faces, 4)
    count = len(edges)
    face_of_corner = np.repeat(np.arange(faces), 4)

    face_point = _matrix(face_of_corner, quads.ravel(), np.full(faces * 4, 0.25), (faces, vertex_count))

    inner = uses == 2
    rows = np.repeat(np.arange(count), 2)
    mid_weight = np.repeat(np.where(inner, 0.25, 0.5), 2)
    edge_ends = _matrix(rows, edges.ravel(), mid_weight, (count, vertex_count))
    side_weight = np.where(inner[edge_of_corner.ravel()], 0.25, 0.0)
    edge_faces = _matrix(edge_of_corner.ravel(), face_of_corner, side_weight, (count, faces))
    edge_point = edge_ends + edge_faces @ face_point

    border_edges = edges[~inner]
    on_border = np.zeros(vertex_count, bool)
    on_border[border_edges.ravel()] = True
    valence = np.bincount(quads.ravel(), minlength=vertex_count)
    neighbours = np.bincount(edges.ravel(), minlength=vertex_count)
    smooth = (valence > 0) & ~on_border
    k = np.maximum(valence, 1).astype(float)

    # (F + 2 R + (k - 3) P) / k with F the mean face point and R the mean edge mid-point around the vertex.
    corner_smooth = smooth[quads.ravel()]
    around_faces = _matrix(
        quads.ravel(), face_of_corner, np.where(corner_smooth, 1 / k[quads.ravel()] ** 2, 0.0), (vertex_count, faces)
    )
    both = np.concatenate([edges, edges[:, ::-1]])
    edge_weight = np.where(smooth[both[:, 0]], 1 / (k[both[:, 0]] * np.maximum(neighbours[both[:, 0]], 1)), 0.0)
    around_edges = _matrix(both[:, 0], both[:, 1], edge_weight, (vertex_count, vertex_count))
    own = np.where(smooth, 1 / k + (k - 3) / k, np.where(on_border, 0.75, 1.0))
    border_both = np.concatenate([border_edges, border_edges[:, ::-1]])
    border_weight = np.full(len(border_both), 0.125)
    # A vertex where several borders meet would get more than two border neighbours: its weights must still sum to one.
    border_uses = np.bincount(border_both[:, 0], minlength=vertex_count)
    border_weight *= 2 / np.maximum(border_uses[border_both[:, 0]], 1)
    around_border = _matrix(border_both[:, 0], border_both[:, 1], border_weight, (vertex_count, vertex_count))
    vertex_point = sparse.diags(own) + around_edges + around_border + around_faces @ face_point

    matrix = sparse.csr_matrix(sparse.vstack([vertex_point, edge_point, face_point]))
    new_quads = np.empty((faces, 4, 4), np.int64)
    edge_index = edge_of_corner + vertex_count
    new_quads[:, :, 0] = quads
    new_quads[:, :, 1] = edge_index
    new_quads[:, :, 2] = (vertex_count + count + np.arange(faces))[:, None]
    new_quads[:, :, 3] = np.roll(edge_index, 1, axis=1)
    uvs = np.empty((faces, 4, 4, 2))
    uvs[:, :, 0] = corner_uvs
    uvs[:, :, 1] = (corner_uvs + np.roll(corner_uvs, -1, axis=1)) / 2
    uvs[:, :, 2] = corner_uvs.mean(axis=1, keepdims=True)
    uvs[:, :, 3] = (corner_uvs + np.roll(corner_uvs, 1, axis=1)) / 2
    return Subdivision(matrix, new_quads.reshape(-1, 4), uvs.reshape(-1, 4, 2))


def quads_to_triangles(quads: IntArray) -> IntArray:
    """Each quad as two triangles: (2F, 3), first halves first."""
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def _matrix(rows: IntArray, columns: IntArray, values: FloatArray, shape: tuple[int, int]) -> Sparse:
    return sparse.csr_matrix((values, (rows, columns)), shape=shape)
