# SPDX-License-Identifier: Apache-2.0
"""Tangents of a mesh with texture coordinates, as MikkTSpace gives them, so that every viewer agrees.

The method is Morten Mikkelsen's ("Simulation of Wrinkled Surfaces Revisited", 2008), which glTF 2.0 names for tangent
space: each triangle gives the direction in which u grows; around a vertex, the triangles that hang together by edges
and have the same orientation in the texture share one tangent, the mean of theirs in the vertex's plane, weighted by
the angle at the vertex. The published C code has no wheel for current Pythons; this is the same in NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.components import component_labels
from portrait_core.geometry.edge_pairs import Edges, next_corner

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Tangents:
    """Tangents for vertices, after cutting the mesh where mirrored or separate parts of the texture meet in a vertex.

    ``tangents`` (Vn, 4) float32: unit xyz, at right angles to the normal, along growing u; w is +1 or -1 and
    cross(normal, xyz) * w points along growing v (the origin of ``uvs`` at the bottom left: up in the image, as glTF's
    normal maps have it). ``vertex_map`` (Vn,) int32 names the input vertex of each, ``faces`` (F, 3) int32 the new
    vertices of the faces. Where nothing had to be cut ``vertex_map`` counts from 0 and ``faces`` are the input's.
    """

    tangents: NDArray[np.float32]
    vertex_map: NDArray[np.int32]
    faces: NDArray[np.int32]


def tangents(
    vertices: NDArray[np.float32],
    normals: NDArray[np.float32],
    uvs: NDArray[np.float32],
    faces: NDArray[np.int32],
) -> Tangents:
    """MikkTSpace tangents of ``vertices`` (V, 3), unit ``normals`` (V, 3), ``uvs`` (V, 2) and ``faces`` (F, 3).

    The origin of ``uvs`` is at the bottom left. Faces without area in the texture have no say; a vertex with no other
    gets some tangent at right angles to its normal. Raises ``ValueError`` when the arrays do not fit each other.
    """
    count = len(vertices)
    if normals.shape != (count, 3) or uvs.shape != (count, 2):
        raise ValueError(
            f"tangents: {count} vertices need normals ({count}, 3) and uvs ({count}, 2), "
            f"got {normals.shape} and {uvs.shape}"
        )
    if len(faces) == 0 or int(faces.min()) < 0 or int(faces.max()) >= count:
        raise ValueError(f"tangents: expected faces that name vertices 0..{count - 1}")
    places, ups, flat = (array.astype(np.float64) for array in (vertices, normals, uvs))
    along, kept_order, has_area = _face_tangents(places, flat, faces)
    group = _groups(_welded(vertices, normals, uvs)[faces], kept_order, has_area)
    summed = np.zeros((int(group.max()) + 1, 3))
    for corner in range(3):
        direction = _in_plane(along, ups[faces[:, corner]])
        angle = _corner_angle(places, ups, faces, corner)
        amount = direction * (angle * has_area)[:, None]
        for axis in range(3):
            summed[:, axis] += np.bincount(group[:, corner], amount[:, axis], minlength=len(summed))
    group = _lend_to_flat(group, faces, has_area)

    # One new vertex for each pair of a vertex and a group that meet; an uncut mesh keeps its numbering.
    keys, inverse = np.unique(faces.ravel() * np.int64(len(summed)) + group.ravel(), return_inverse=True)
    pairs = np.stack(np.divmod(keys, len(summed)), axis=1)
    first = np.append(True, pairs[1:, 0] != pairs[:-1, 0])
    number = np.where(first, pairs[:, 0], count + np.cumsum(~first) - 1)
    vertex_map = np.concatenate([np.arange(count), pairs[~first, 0]]).astype(np.int32)
    group_of = np.full(len(vertex_map), -1, np.int64)
    group_of[number] = pairs[:, 1]
    sign_of_group = np.ones(len(summed))
    sign_of_group[group[has_area & ~kept_order]] = -1.0
    sums, signs = summed[group_of], np.where(group_of >= 0, sign_of_group[group_of], 1.0)
    sums[group_of < 0] = 0.0
    result = np.concatenate([_at_right_angles(sums, ups[vertex_map]), signs[:, None]], axis=1)
    return Tangents(result.astype(np.float32), vertex_map, number[inverse.ravel()].reshape(-1, 3).astype(np.int32))


def _face_tangents(
    places: FloatArray, uvs: FloatArray, faces: NDArray[np.int32]
) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
    """Per face: unit direction of growing u (F, 3), whether the texture keeps its orientation, whether it has area."""
    edges = places[faces[:, 1:]] - places[faces[:, :1]]
    steps = uvs[faces[:, 1:]] - uvs[faces[:, :1]]
    area = steps[:, 0, 0] * steps[:, 1, 1] - steps[:, 0, 1] * steps[:, 1, 0]
    kept_order = area > 0.0
    along = steps[:, 1, 1:] * edges[:, 0] - steps[:, 0, 1:] * edges[:, 1]
    along *= np.where(kept_order, 1.0, -1.0)[:, None]
    length = np.linalg.norm(along, axis=1)
    has_area = (area != 0.0) & (length > 0.0)
    return along / np.where(length > 0.0, length, 1.0)[:, None], kept_order, has_area


def _welded(vertices: NDArray[np.float32], normals: NDArray[np.float32], uvs: NDArray[np.float32]) -> NDArray[np.int64]:
    """(V,) one number for all vertices that are the same in place, normal and texture."""
    rows = np.ascontiguousarray(np.concatenate([vertices, normals, uvs], axis=1).astype(np.float32) + 0.0)
    number = np.zeros(len(rows), np.int64)
    # Two numbers at a time: whole numbers are sorted much faster than rows.
    for column in rows.view(np.int64).T:
        _, own = np.unique(column, return_inverse=True)
        _, number = np.unique(number * len(rows) + own.ravel(), return_inverse=True)
    return number.ravel().astype(np.int64)


def _groups(welded: NDArray[np.int64], kept_order: NDArray[np.bool_], has_area: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(F, 3) for each corner the number of the group that shares its tangent."""
    # Only triangles with an area hang together; half-edge k of one runs from its corner k to the next.
    usable = np.flatnonzero(has_area)
    pairs = Edges.of(welded[usable]).opposite()
    one, other = (3 * usable[half // 3] + half % 3 for half in (pairs.one, pairs.two))
    same = kept_order[one // 3] == kept_order[other // 3]
    one, other = one[same], other[same]
    links_a = np.concatenate([one, next_corner(one)])
    links_b = np.concatenate([next_corner(other), other])
    return component_labels(3 * len(welded), links_a, links_b).reshape(len(welded), 3)


def _in_plane(vectors: FloatArray, normals: FloatArray) -> FloatArray:
    """Unit vectors (N, 3) along ``vectors`` in the planes of ``normals``; zero where nothing is left."""
    flat = vectors - (vectors * normals).sum(axis=1, keepdims=True) * normals
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    return flat / np.where(length > 1e-12, length, np.inf)


def _corner_angle(places: FloatArray, normals: FloatArray, faces: NDArray[np.int32], corner: int) -> FloatArray:
    """(F,) angle of each face at its ``corner``, seen along the vertex normal."""
    here = faces[:, corner]
    before = _in_plane(places[faces[:, (corner + 2) % 3]] - places[here], normals[here])
    after = _in_plane(places[faces[:, (corner + 1) % 3]] - places[here], normals[here])
    return np.arccos(np.clip((before * after).sum(axis=1), -1.0, 1.0))


def _lend_to_flat(group: NDArray[np.int64], faces: NDArray[np.int32], has_area: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Corners of faces without area in the texture share a group with the neighbours in the same vertex."""
    lender = np.full(int(faces.max()) + 1, -1, np.int64)
    lender[faces[~has_area].ravel()] = group[~has_area].ravel()  # overwritten where there is a better one
    lender[faces[has_area].ravel()] = group[has_area].ravel()
    return np.where(has_area[:, None], group, lender[faces])


def _at_right_angles(vectors: FloatArray, normals: FloatArray) -> FloatArray:
    """Unit vectors at right angles to ``normals``: along ``vectors`` where these say anything."""
    unit = _in_plane(vectors, normals)
    silent = (unit * unit).sum(axis=1) < 0.5
    axes = np.eye(3)[np.abs(normals[silent]).argmin(axis=1)]
    unit[silent] = _in_plane(axes, normals[silent])
    return unit
