# SPDX-License-Identifier: Apache-2.0
"""A finished part of one person: the same for everybody of a model but for its places."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.settled import settled
from textures.tangents import TangentSpace, tangents

UV_STEP, MOST_STEPS = 2.0**-22, (1 << 22) + 1
"""Of a texture's edge: the grid on which places in it are compared; and how many steps of it are counted directly."""

NO_TANGENT = np.array([1, 0, 0, 1], np.float32)
"""Of a vertex that nothing is known of."""


@dataclass(frozen=True, eq=False)
class PartMesh:
    """One mesh of a character, un-posed, metres, neck joint at the origin.

    Attributes:
        name: "skin", "eye_left", "teeth" and so on.
        vertices: (V, 3) float32; seams are cut, so that each has one place in the texture.
        welded: (V,) int32, the vertex of the surface that each is a copy of, from 0.
        faces: (T, 3) int32 triangles, counter-clockwise from outside.
        quads: (T,) int32, growing: the polygon that each triangle belongs to; two in a row make a quad.
        uvs: (V, 2) float32, origin bottom left.
        normals: (V, 3) float32 of length one, smooth over seams.
        joints, weights: (V, 4) uint8 and float32, over :data:`portrait_core.parts.rest_pose.JOINTS`.
        material: name of a row of the table of materials.
        style: which of the template's meshes it is, where there are several; their images are named after it.
        strands: (V,) float32 metres along strands from the root, of hair; None elsewhere.
        topology: where the rest is from; None for what is made for one person.
    """

    name: str
    vertices: NDArray[np.float32]
    welded: NDArray[np.int32]
    faces: NDArray[np.int32]
    quads: NDArray[np.int32]
    uvs: NDArray[np.float32]
    normals: NDArray[np.float32]
    joints: NDArray[np.uint8]
    weights: NDArray[np.float32]
    material: str
    style: str = ""
    strands: NDArray[np.float32] | None = None
    topology: Topology | None = None

    def tangents(self) -> NDArray[np.float32]:
        """(V, 4) as MikkTSpace has them; where mirrored parts of the texture meet in a vertex it has one side's, so
        that all persons keep the same vertices. +x for vertices of no face."""
        if self.topology is not None and self.topology.faces is self.faces:
            space = self.topology.tangent_space
            vertex_map, found = space.vertex_map, space.tangents(self.vertices, self.normals)
        else:
            made = tangents(self.vertices, self.normals, self.uvs, self.faces)
            vertex_map, found = made.vertex_map, made.tangents
        result = np.tile(NO_TANGENT, (len(self.vertices), 1))
        result[vertex_map[::-1]] = found[::-1]
        return settled(result.astype(np.float64))


@dataclass(frozen=True, eq=False)
class Topology:
    """What a part has in common for everybody: all of :class:`PartMesh` but places and normals."""

    welded: NDArray[np.int32]
    faces: NDArray[np.int32]
    quads: NDArray[np.int32]
    uvs: NDArray[np.float32]
    joints: NDArray[np.uint8]
    weights: NDArray[np.float32]
    material: str
    style: str = ""
    strands: NDArray[np.float32] | None = None
    regions: NDArray[np.uint8] | None = None
    """(P,) of each polygon, into :data:`portrait_core.parts.skin.REGIONS`, of the finer skins; None elsewhere."""

    def placed(self, name: str, places: NDArray[np.floating], normals: NDArray[np.floating]) -> PartMesh:
        """The mesh with the places and normals of its welded vertices, both (W, 3)."""
        vertices, directions = settled(places)[self.welded], settled(normals)[self.welded]
        return PartMesh(
            name,
            vertices,
            self.welded,
            self.faces,
            self.quads,
            self.uvs,
            directions,
            self.joints,
            self.weights,
            self.material,
            self.style,
            self.strands,
            self,
        )

    @cached_property
    def tangent_space(self) -> TangentSpace:
        """What its tangents have in common for everybody."""
        return TangentSpace.of_texture(self.uvs, self.faces)

    def reduced(self, triangles: NDArray[np.int32]) -> Topology:
        """A coarser level: the same under fewer ``triangles`` (F, 3), which name its vertices."""
        kept = np.unique(triangles)
        return replace(
            self,
            welded=self.welded[kept],
            faces=np.searchsorted(kept, triangles).astype(np.int32),
            quads=np.arange(len(triangles), dtype=np.int32),
            uvs=self.uvs[kept],
            joints=self.joints[kept],
            weights=self.weights[kept],
            strands=None if self.strands is None else self.strands[kept],
            regions=None,
        )


def triangles_of_quads(quads: NDArray[np.integer]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Quads (F, 4) as triangles (2F, 3), the two of one quad in a row, and the quad (2F,) of each."""
    faces = np.stack([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]], 1).reshape(-1, 3)
    return faces.astype(np.int32), np.repeat(np.arange(len(quads)), 2).astype(np.int32)


def cut_seams(
    quads: NDArray[np.integer], corner_uvs: NDArray[np.floating]
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int32]]:
    """Vertices with one place in the texture each.

    Args:
        quads: (F, N) welded vertices of polygons of N corners.
        corner_uvs: (F, N, 2) of their corners.

    Returns:
        ``welded`` (V,), ``uvs`` (V, 2) and the polygons (F, N) over the new vertices, which follow the welded ones in
        order.
    """
    uvs = np.asarray(corner_uvs, np.float32).reshape(-1, 2)
    _, first, number = np.unique(_seam_keys(quads.ravel(), uvs), return_index=True, return_inverse=True)
    return quads.ravel()[first].astype(np.int32), uvs[first], number.reshape(quads.shape).astype(np.int32)


def _seam_keys(vertices: NDArray[np.integer], uvs: NDArray[np.float32]) -> NDArray[np.int64]:
    """(N,) numbers that grow with the vertex (N,), then with its place (N, 2) in the texture; up to 131072 vertices:
    one number is sorted many times as quickly as three. Places on the same step of :data:`UV_STEP` are the same."""
    result = vertices.astype(np.int64)
    for column in np.rint(uvs.astype(np.float64).T / UV_STEP).astype(np.int64):
        if int(np.abs(column).max(initial=0)) >= MOST_STEPS:  # far outside the texture
            column = np.unique(column, return_inverse=True)[1].ravel()
        result = np.asarray(result * (2 * MOST_STEPS) + column, np.int64)
    return result


def topology_of(
    polygons: NDArray[np.integer],
    corner_uvs: NDArray[np.floating],
    skin: tuple[NDArray[np.uint8], NDArray[np.float32]],
    material: str,
) -> Topology:
    """The topology of polygons of three or four corners.

    Args:
        polygons: (F, 4) welded vertices; -1 in the last place of a triangle.
        corner_uvs: (F, 4, 2) of their corners; that of a missing corner is not looked at.
        skin: joints (W, 4) and weights (W, 4) of the welded vertices.
        material: name of a row of the table of materials.
    """
    three = polygons[:, 3] < 0
    whole, uvs = polygons.copy(), corner_uvs.copy()
    # A missing corner is a copy of the one before, which makes no vertex of its own.
    whole[three, 3], uvs[three, 3] = whole[three, 2], uvs[three, 2]
    welded, uv, cut = cut_seams(whole, uvs)
    faces, of_polygon = triangles_of_quads(cut)
    kept = np.ones(len(faces), np.bool_)
    kept[1::2] = ~three
    return Topology(welded, faces[kept], of_polygon[kept], uv, skin[0][welded], skin[1][welded], material)
