# SPDX-License-Identifier: Apache-2.0
"""How much of the room's and the lamps' light arrives at the places of a mesh that a picture shows.

Shadows belong to vertices, each looked up once. Where a triangle has corners in the open and corners that see nothing
of the room, as skin at the border of cloth has, they belong to a finer lattice on it: else each corner under the cloth
would darken all its triangles, in scallops. The soft border of a shadow that comes from far is blended between
vertices: on a lattice it would fall into as many bands as the lamp has rays, and those end where the triangle does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.cutouts import PIECES
from portrait_core.geometry.mesh_queries import Hits, MeshQueries
from portrait_core.rendering.finer_lattice import FINER, lattice
from portrait_core.rendering.lighting import LAMPS, lamp_shadows, main_shadows, room_shadows
from portrait_core.rendering.preview import blend


@dataclass(frozen=True)
class ShadowDetail:
    """How closely shadows are looked at.

    Attributes:
        rays: of the rays of a bust's shadows, those of a vertex: of parts they lie as close as half a millimetre, and
            pictures blend them. Places on a lattice between them have as many, or a triangle with one would stand out
            among its neighbours.
        large: metres of a triangle's longest side from which on it shows that its corners' light differs.
        borders: whether places have shadows of their own where even those on the lattice differ.
        lamps: of how many lamps, the strongest first, there are shadows.
        pieces: of what is cut out, that of :func:`portrait_core.geometry.cutouts.cut_out`.
    """

    rays: float = 0.5
    large: float = 0.008
    borders: bool = True
    lamps: int = len(LAMPS)
    pieces: int = PIECES


USUAL = ShadowDetail()
SMALL = ShadowDetail(rays=0.4, large=0.012, borders=False)
"""For pictures of up to 256 pixels, one of which is a millimetre and a half of a face."""
GLANCE = ShadowDetail(rays=0.15, large=np.inf, borders=False, lamps=1, pieces=1)
"""For pictures of a gallery, which are looked at for a moment and of which there are many: vertices' shadows alone."""

APART = 0.4
"""Shares of the room's light from which on they differ."""
LOOKED_AT = 2
"""The columns of shadows that places of their own have: the room, which decides, and the key."""


class LitMesh:
    """A mesh whose shadows ``solid`` throws: ``vertices`` (V, 3) with unit ``normals`` (V, 3), ``faces`` (F, 3)."""

    def __init__(
        self,
        vertices: NDArray[np.float32],
        normals: NDArray[np.float32],
        faces: NDArray[np.int32],
        solid: MeshQueries,
        detail: ShadowDetail = USUAL,
    ) -> None:
        self.vertices, self.normals, self.faces, self._solid = vertices, normals, faces, solid
        self.detail = detail
        self._room = np.full(len(vertices), np.nan, np.float32)  # until a picture shows the vertex

    def room(self, index: NDArray[np.int64]) -> NDArray[np.float32]:
        """(N,) the room's share of vertices; kept for every camera."""
        fresh = index[np.isnan(self._room[index])]
        rays = self.detail.rays
        self._room[fresh] = room_shadows(self._solid, self.vertices[fresh], self.normals[fresh], rays=rays)
        return self._room[index]

    def lamps(self, index: NDArray[np.int64], cam2world: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, L) the lamps' shares of vertices."""
        rays, lamps = self.detail.rays, self.detail.lamps
        shares = np.ones((len(index), len(LAMPS)), np.float32)
        found = lamp_shadows(self._solid, self.vertices[index], self.normals[index], cam2world, rays=rays, most=lamps)
        shares[:, :lamps] = found.T
        return shares

    def shares(
        self, points: NDArray[np.float32], normals: NDArray[np.float32], cam2world: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """(N, 2) the room's and the key lamp's shares at points with unit normals (N, 3)."""
        return main_shadows(self._solid, points, normals, cam2world, rays=self.detail.rays)

    def longest(self, corner: NDArray[np.int32]) -> NDArray[np.float32]:
        """(N,) metres of the longest sides of triangles (N, 3) of vertices."""
        a, b, c = (self.vertices[corner[:, k]] for k in range(3))
        sides = [np.einsum("ni,ni->n", side, side) for side in (a - b, b - c, c - a)]
        return np.sqrt(np.maximum.reduce(sides))


class VertexShares:
    """The shares of one picture of a lit mesh; ``table`` (V, 4 + L): normals, the room's share, the lamps' shares."""

    def __init__(self, mesh: LitMesh, cam2world: NDArray[np.float32]) -> None:
        self._mesh, self.cam2world = mesh, cam2world
        # One table, so that a hit gathers its corners once.
        self.table = np.zeros((len(mesh.normals), 4 + len(LAMPS)), np.float32)
        self.table[:, :3] = mesh.normals
        self._known = np.zeros(len(self.table), bool)
        self._keys = np.zeros(0, np.int64)
        self._shares = np.zeros((0, 1 + len(LAMPS)), np.float32)

    def of(self, hits: Hits, opaque: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Fill in the table of the vertices around places that are met, and look closer where they differ.

        ``opaque`` (N,) says where nothing shines through. Returns for each place (N,) its line in what is returned
        beside, (M, 1 + L) the room's and the lamps' shares of places of their own, or -1 where the table is enough.
        """
        self.look_up(self._mesh.faces[hits.face])
        return self.closer(hits, opaque)

    def closer(self, hits: Hits, opaque: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """:meth:`of` places around which all vertices were looked up."""
        if not np.isfinite(self._mesh.detail.large):
            return np.full(len(hits.face), -1, np.int32), self._shares
        corner = self._mesh.faces[hits.face]
        room = [self.table[corner[:, k], 3] for k in range(3)]
        apart = np.maximum.reduce(room) - np.minimum.reduce(room)
        uneven = np.flatnonzero((apart > APART) & opaque)
        uneven = uneven[self._mesh.longest(corner[uneven]) > self._mesh.detail.large]
        line = np.full(len(corner), -1, np.int32)
        line[uneven] = np.arange(len(uneven), dtype=np.int32)
        return line, self._finer(hits.face[uneven], corner[uneven], hits.weights[uneven])

    def _finer(
        self, face: NDArray[np.integer], corner: NDArray[np.int32], weights: NDArray[np.floating]
    ) -> NDArray[np.float32]:
        """(N, 1 + L) shares at places of triangles, between those at the places of a lattice around them."""
        if len(face) == 0:
            return self._shares[:0]
        points, between = lattice(weights)
        keys = (face.astype(np.int64)[:, None] * (FINER + 1) + points[..., 0]) * (FINER + 1) + points[..., 1]
        wanted, first = np.unique(keys, return_index=True)
        missing = ~np.isin(wanted, self._keys)
        if missing.any():
            row, which = np.divmod(first[missing], 3)
            found = self._at(corner[row], points[row, which] / np.float32(FINER))
            self._keys = np.concatenate([self._keys, wanted[missing]])
            order = np.argsort(self._keys)
            self._keys = self._keys[order]
            self._shares = np.concatenate([self._shares, found])[order]
        around = self._shares[np.searchsorted(self._keys, keys)]
        result = np.einsum("nk,nkc->nc", between, around).astype(np.float32)
        if not self._mesh.detail.borders:
            return result
        # Where even those differ, at the very border of cloth, each place has its own.
        at = [around[:, k, :LOOKED_AT] for k in range(3)]
        apart = np.maximum.reduce(at) - np.minimum.reduce(at)
        uneven = np.flatnonzero(np.maximum(apart[:, 0], apart[:, 1]) > APART)
        result[uneven] = self._at(corner[uneven], weights[uneven])
        return result

    def _at(self, corner: NDArray[np.int32], weights: NDArray[np.floating]) -> NDArray[np.float32]:
        """(N, 1 + L) shares at places between vertices (N, 3): the main ones looked up there, the others blended."""
        shares = weights.astype(np.float32)
        mixed = blend(self.table, corner, shares)
        normals, result = mixed[:, :3], np.ascontiguousarray(mixed[:, 3:])
        normals = normals / np.maximum(np.sqrt(np.einsum("ni,ni->n", normals, normals))[:, None], 1e-6)
        places = blend(self._mesh.vertices, corner, shares)
        result[:, :LOOKED_AT] = self._mesh.shares(places, normals.astype(np.float32), self.cam2world)
        return result

    def look_up(self, corner: NDArray[np.int32]) -> None:
        """Fill in the shadows of vertices that no layer has shown before."""
        wanted = np.zeros(len(self._known), bool)
        wanted[corner] = True
        fresh = np.flatnonzero(wanted & ~self._known)
        if len(fresh):
            self.table[fresh, 3] = self._mesh.room(fresh)
            self.table[fresh, 4:] = self._mesh.lamps(fresh, self.cam2world)
            self._known[fresh] = True
