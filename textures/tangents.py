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
    steps = FaceSteps.of(flat, faces)
    along, long = _face_tangents(places, steps, faces)
    space = TangentSpace.of(_welded(vertices, normals, uvs)[faces], steps, steps.has_area & long, faces, count)
    return Tangents(space.summed(along, places, ups), space.vertex_map, space.cut)


@dataclass(frozen=True)
class FaceSteps:
    """From the first corner of each face to the others in the texture, ``steps`` (F, 2, 2), and whether it keeps its
    orientation there and has an area (F,)."""

    steps: FloatArray
    kept_order: NDArray[np.bool_]
    has_area: NDArray[np.bool_]

    @classmethod
    def of(cls, uvs: FloatArray, faces: NDArray[np.int32]) -> FaceSteps:
        steps = uvs[faces[:, 1:]] - uvs[faces[:, :1]]
        area = steps[:, 0, 0] * steps[:, 1, 1] - steps[:, 0, 1] * steps[:, 1, 0]
        return cls(steps, area > 0.0, area != 0.0)


@dataclass(frozen=True)
class TangentSpace:
    """What tangents need to know of faces and texture alone: for meshes whose vertices move, once for all.

    Attributes:
        steps: of the faces in the texture.
        faces: (F, 3) of the input; group: (F, 3) the number of each corner's group, before faces without area borrow.
        counted: (F,) which faces have a say.
        vertex_map, cut: as :class:`Tangents` has them, the latter its ``faces``.
        group_of: (Vn,) the group of each new vertex, -1 for none; signs: (Vn,) +1 or -1.
    """

    steps: FaceSteps
    faces: NDArray[np.int32]
    group: NDArray[np.int64]
    counted: NDArray[np.bool_]
    vertex_map: NDArray[np.int32]
    cut: NDArray[np.int32]
    group_of: NDArray[np.int64]
    signs: FloatArray

    @classmethod
    def of_texture(cls, uvs: NDArray[np.float32], faces: NDArray[np.int32]) -> TangentSpace:
        """Of vertices with ``uvs`` (V, 2) no two of which are the same, and ``faces`` (F, 3)."""
        steps = FaceSteps.of(uvs.astype(np.float64), faces)
        return cls.of(faces.astype(np.int64), steps, steps.has_area, faces, len(uvs))

    @classmethod
    def of(
        cls,
        welded: NDArray[np.int64],
        steps: FaceSteps,
        counted: NDArray[np.bool_],
        faces: NDArray[np.int32],
        count: int,
    ) -> TangentSpace:
        """Of ``faces`` (F, 3) over ``count`` vertices; ``welded`` (F, 3) has one number for all that are the same."""
        own = _groups(welded, steps.kept_order, counted)
        total = int(own.max()) + 1
        group = _lend_to_flat(own, faces, counted)
        # One new vertex for each pair of a vertex and a group that meet; an uncut mesh keeps its numbering.
        keys, inverse = np.unique(faces.ravel() * np.int64(total) + group.ravel(), return_inverse=True)
        pairs = np.stack(np.divmod(keys, total), axis=1)
        first = np.append(True, pairs[1:, 0] != pairs[:-1, 0])
        number = np.where(first, pairs[:, 0], count + np.cumsum(~first) - 1)
        vertex_map = np.concatenate([np.arange(count), pairs[~first, 0]]).astype(np.int32)
        group_of = np.full(len(vertex_map), -1, np.int64)
        group_of[number] = pairs[:, 1]
        sign_of_group = np.ones(total)
        sign_of_group[group[counted & ~steps.kept_order]] = -1.0
        signs = np.where(group_of >= 0, sign_of_group[group_of], 1.0)
        cut = number[inverse.ravel()].reshape(-1, 3).astype(np.int32)
        return cls(steps, faces, own, counted, vertex_map, cut, group_of, signs)

    def tangents(self, vertices: NDArray[np.float32], normals: NDArray[np.float32]) -> NDArray[np.float32]:
        """(Vn, 4) for ``vertices`` and unit ``normals`` (V, 3)."""
        places, ups = vertices.astype(np.float64), normals.astype(np.float64)
        return self.summed(_face_tangents(places, self.steps, self.faces)[0], places, ups)

    def summed(self, along: FloatArray, places: FloatArray, ups: FloatArray) -> NDArray[np.float32]:
        """(Vn, 4) from the direction (F, 3) of growing u in each face."""
        count = int(self.group.max()) + 1
        summed = np.zeros((count, 3))
        for corner in range(3):
            direction = _in_plane(along, ups[self.faces[:, corner]])
            angle = _corner_angle(places, ups, self.faces, corner)
            amount = direction * (angle * self.counted)[:, None]
            for axis in range(3):
                summed[:, axis] += np.bincount(self.group[:, corner], amount[:, axis], minlength=count)
        sums = summed[self.group_of]
        sums[self.group_of < 0] = 0.0
        result = np.concatenate([_at_right_angles(sums, ups[self.vertex_map]), self.signs[:, None]], axis=1)
        return result.astype(np.float32)


def _face_tangents(
    places: FloatArray, steps: FaceSteps, faces: NDArray[np.int32]
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Per face: unit direction of growing u (F, 3), and whether it has one."""
    edges = places[faces[:, 1:]] - places[faces[:, :1]]
    along = steps.steps[:, 1, 1:] * edges[:, 0] - steps.steps[:, 0, 1:] * edges[:, 1]
    along *= np.where(steps.kept_order, 1.0, -1.0)[:, None]
    length = np.linalg.norm(along, axis=1)
    return along / np.where(length > 0.0, length, 1.0)[:, None], length > 0.0


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
