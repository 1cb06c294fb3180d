# SPDX-License-Identifier: Apache-2.0
"""Pictures of meshes of several materials, some of them see-through: lashes, strands of hair, the cornea.

As :mod:`portrait_core.rendering.preview`, with rays that go on behind what they meet until nothing shines through any
more. What is see-through by ``blend`` throws no shadow: a cornea would darken its iris.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar, Level
from portrait_core.cameras import Camera
from portrait_core.geometry.cutouts import cut_out
from portrait_core.geometry.mesh_queries import Hits, MeshQueries
from portrait_core.rendering.coats import Coat
from portrait_core.rendering.finer_lattice import FINER, lattice
from portrait_core.rendering.lighting import LAMPS, expose, glint, lamp_shadows, main_shadows, room_shadows, shade
from portrait_core.rendering.preview import (
    PART,
    SUPERSAMPLING,
    THREADS,
    Picture,
    Preview,
    backdrop_at,
    blend,
    directions_at,
    encode,
    means,
    shown_pixels,
    sub_places,
)
from portrait_core.runtime.threads import side_by_side

LAYERS = 16
"""Surfaces that a ray passes at most; the last one counts as opaque."""
REST = 0.01
"""A ray ends when less than this share of what lies behind would be seen."""
STEP = 3e-6
"""Metres that a ray starts behind the surface it passed: less than cards lie above the skin where they end in it."""
CONTRAST = 8
"""Levels of 255 between neighbouring pixels from which on both are the means of several rays."""
JUMP = 0.01
"""Metres between what they show from which on they are, too."""
APART = 0.4
"""Shares of a light from which on they differ."""
LARGE = 0.008
"""Metres of a triangle's longest side from which on that shows."""
LOOKED_AT = 2
"""The columns of shadows that decide: the room and the key, which are most of the light."""


class LayeredScene:
    """A level of detail ready to be seen from any side, at ``vertices`` (V, 3) metres with unit ``normals`` (V, 3)."""

    def __init__(self, level: Level, vertices: NDArray[np.float32], normals: NDArray[np.float32]) -> None:
        self._coats = [Coat(section, faces) for section, faces in level.section_faces()]
        self._faces, self._vertices, self._normals, self._uvs = level.faces, vertices, normals, level.uvs
        self._coat_of = np.repeat(np.arange(len(self._coats)), [len(coat.faces) for coat in self._coats])
        self._mesh = MeshQueries(vertices, level.faces)
        self._solid = self._throwing()
        self._room = np.full(len(vertices), np.nan, np.float32)  # until a picture shows the vertex

    def _throwing(self) -> MeshQueries:
        """What throws shadows: without what is see-through, and without what a mask cuts away."""
        places, count = [self._vertices], len(self._vertices)
        faces: list[NDArray[np.int32]] = []
        for coat in self._coats:
            if not coat.shadows:
                continue
            if coat.section.material.alpha == "opaque":
                faces.append(coat.faces)
                continue
            own, cut = cut_out(self._vertices, coat.faces, self._uvs, coat.alphas)
            faces.append(np.where(cut >= len(self._vertices), cut + np.int32(count - len(self._vertices)), cut))
            places.append(own[len(self._vertices) :])
            count += len(places[-1])
        return MeshQueries(np.concatenate(places), np.concatenate(faces)) if faces else self._mesh

    def render(
        self,
        cam2world: NDArray[np.float32],
        intrinsics: NDArray[np.float32],
        size: int,
        *,
        supersampling: int = SUPERSAMPLING,
    ) -> Picture:
        """A ``size`` x ``size`` picture; arguments as for :meth:`portrait_core.rendering.preview.Scene.trace`.

        Where a picture is even a pixel is one ray, elsewhere the mean of ``supersampling`` squared ones.
        """
        pixels = shown_pixels(self._vertices, self._faces, cam2world, intrinsics, size)
        lights = _Lights(self, cam2world)
        row, column = sub_places(pixels, size, 1)
        seen = self._seen(row, column, cam2world, intrinsics, lights)
        place = (np.arange(size) + 0.5) / size
        image = backdrop_at(np.repeat(place, size), np.tile(place, size))
        depth, mask = np.full(size * size, np.inf, np.float32), np.zeros(size * size, np.float32)
        image[pixels], depth[pixels], mask[pixels] = seen.linear, seen.depth, 1.0 - seen.through
        each = supersampling * supersampling
        edges = pixels[_uneven(image, depth, size).reshape(-1)[pixels]] if each > 1 else pixels[:0]
        if len(edges):
            row, column = sub_places(edges, size, supersampling)
            seen = self._seen(row, column, cam2world, intrinsics, lights)
            image[edges] = means(seen.linear, each)
            depth[edges] = seen.depth.reshape(-1, each).min(axis=1)
            mask[edges] = means(1.0 - seen.through[:, None], each)[:, 0]
        return Picture(encode(image).reshape(size, size, 3), depth.reshape(size, size), mask.reshape(size, size))

    def _seen(
        self,
        row: NDArray[np.float64],
        column: NDArray[np.float64],
        cam2world: NDArray[np.float32],
        intrinsics: NDArray[np.float32],
        lights: _Lights,
    ) -> _Seen:
        """What rays through places of the picture meet."""
        directions = directions_at(row, column, cam2world, intrinsics)
        colour = np.zeros((len(directions), 3), np.float32)
        through = np.ones(len(directions), np.float32)
        nearest = np.full(len(directions), np.inf, np.float32)
        passed = np.zeros(len(directions), np.float32)
        going = np.arange(len(directions))
        for layer in range(LAYERS):
            starts = cam2world[:3, 3] + directions[going] * passed[going, None]
            hits = self._mesh.first_hits(starts.astype(np.float32), directions[going])
            met = hits.face >= 0
            going, hits = going[met], hits.take(met)
            if len(going) == 0:
                break
            passed[going] += hits.distance + np.float32(STEP)
            light, alpha = lights.of(hits, directions[going])
            if layer == LAYERS - 1:
                alpha = np.ones_like(alpha)
            colour[going] += (through[going] * np.maximum(alpha, 0))[:, None] * light[:, :3]
            colour[going] += through[going, None] * light[:, 3:]
            solid = (alpha >= 0.5) & ~np.isfinite(nearest[going])
            nearest[going[solid]] = passed[going[solid]]
            through[going] *= 1.0 - alpha
            going = going[through[going] > REST]
        linear = expose(colour) + through[:, None] * backdrop_at(row, column)
        return _Seen(linear.astype(np.float32), nearest, through)

    def room(self, index: NDArray[np.int64]) -> NDArray[np.float32]:
        """(N,) the room's share of vertices; kept for every camera."""
        fresh = index[np.isnan(self._room[index])]
        self._room[fresh] = room_shadows(self._solid, self._vertices[fresh], self._normals[fresh])
        return self._room[index]

    def lamps(self, index: NDArray[np.int64], cam2world: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, L) the lamps' shares of vertices."""
        return lamp_shadows(self._solid, self._vertices[index], self._normals[index], cam2world).T

    def opacity(self, hits: Hits) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
        """Texture places (N, 2), alphas (N,) and the numbers of the coats (N,) of places."""
        uvs = blend(self._uvs, self._faces[hits.face], hits.weights)
        coat_of = self._coat_of[hits.face]
        alpha = np.ones(len(uvs), np.float32)
        for number, coat in enumerate(self._coats):
            rows = coat_of == number
            if coat.section.material.alpha != "opaque" and bool(rows.any()):
                alpha[rows] = coat.alphas(uvs[rows])
        return uvs, alpha, coat_of

    def shares(
        self, points: NDArray[np.float32], normals: NDArray[np.float32], cam2world: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """(N, 2) the room's and the key lamp's shares at points with unit normals (N, 3)."""
        return main_shadows(self._solid, points, normals, cam2world)

    def places(self, corner: NDArray[np.int32], weights: NDArray[np.floating]) -> NDArray[np.float32]:
        """(N, 3) metres between the vertices (N, 3)."""
        return blend(self._vertices, corner, weights.astype(np.float32))

    def longest(self, corner: NDArray[np.int32]) -> NDArray[np.float32]:
        """(N,) metres of the longest sides of triangles (N, 3) of vertices."""
        at = self._vertices[corner]
        return np.linalg.norm(at - np.roll(at, -1, axis=1), axis=2).max(axis=1)

    def opaque(self, coat_of: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(N,) whether nothing shines through the coats of those numbers."""
        return np.asarray([coat.section.material.alpha == "opaque" for coat in self._coats], bool)[coat_of]

    def corners(self, hits: Hits) -> NDArray[np.int32]:
        """(N, 3) the vertices around places."""
        return self._faces[hits.face]

    def colours(
        self, uvs: NDArray[np.float32], coat_of: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Linear colours (N, 3) and the strengths (N,) of clear coats."""
        albedo, gloss = np.zeros((len(uvs), 3), np.float32), np.zeros(len(uvs), np.float32)
        for number, coat in enumerate(self._coats):
            rows = coat_of == number
            if bool(rows.any()):
                albedo[rows], gloss[rows] = coat.colours(uvs[rows]), coat.gloss
        return albedo, gloss

    @property
    def normals(self) -> NDArray[np.float32]:
        """(V, 3) of the vertices."""
        return self._normals


@dataclass(frozen=True)
class _Seen:
    """Of N rays: ``linear`` colours (N, 3), ``depth`` (N,) of what covers at least half, the share (N,) of the backdrop
    that comes ``through``."""

    linear: NDArray[np.float32]
    depth: NDArray[np.float32]
    through: NDArray[np.float32]


def _uneven(linear: NDArray[np.float32], depth: NDArray[np.float32], size: int) -> NDArray[np.bool_]:
    """(S, S): pixels that differ from one beside them by more than :data:`CONTRAST`, or lie elsewhere."""
    picture = encode(linear).reshape(size, size, 3).astype(np.int16)
    far = np.where(np.isfinite(depth), depth, 100.0).reshape(size, size)
    uneven = np.zeros((size, size), bool)
    for axis in (0, 1):
        apart = np.abs(np.diff(picture, axis=axis)).max(axis=2) > CONTRAST
        apart |= np.abs(np.diff(far, axis=axis)) > JUMP
        before, behind = ([slice(None)] * 2 for _ in range(2))
        before[axis], behind[axis] = slice(None, -1), slice(1, None)
        uneven[tuple(before)] |= apart
        uneven[tuple(behind)] |= apart
    return uneven


class _Lights:
    """The light of one picture of a scene. Shadows belong to vertices, each looked up once.

    Where a triangle has corners in the light and corners in the dark, as skin at the border of cloth has, they belong
    to a finer lattice on it: else each corner under the cloth would darken all its triangles, in scallops.
    """

    def __init__(self, scene: LayeredScene, cam2world: NDArray[np.float32]) -> None:
        self._scene, self._cam2world = scene, cam2world
        # Normals, the room's share, the lamps' shares: one table, so that a hit gathers its corners once.
        self._table = np.zeros((len(scene.normals), 4 + len(LAMPS)), np.float32)
        self._table[:, :3] = scene.normals
        self._known = np.zeros(len(self._table), bool)
        self._keys = np.zeros(0, np.int64)
        self._shares = np.zeros((0, 1 + len(LAMPS)), np.float32)

    def of(self, hits: Hits, directions: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(N, 6) what leaves the places: the surface's own light, and the highlight of its coat; their alphas (N,)."""
        uvs, alpha, coat_of = self._scene.opacity(hits)
        result = np.zeros((len(alpha), 6), np.float32)
        shown = np.flatnonzero(alpha > 0)
        if len(shown) == 0:
            return result, alpha
        corner = self._scene.corners(hits)[shown]
        self._look_up(corner)
        decisive = self._table[corner, 3 : 3 + LOOKED_AT]
        uneven = np.flatnonzero((np.ptp(decisive, axis=1).max(axis=1) > APART) & self._scene.opaque(coat_of[shown]))
        uneven = uneven[self._scene.longest(corner[uneven]) > LARGE]
        finer = self._finer(hits.face[shown[uneven]], corner[uneven], hits.weights[shown[uneven]])
        fine_of = np.full(len(shown), -1)
        fine_of[uneven] = np.arange(len(uneven))

        def light(part: NDArray[np.int64]) -> None:
            rows = shown[part]
            found = blend(self._table, corner[part], hits.weights[rows])
            fine = np.flatnonzero(fine_of[part] >= 0)
            found[fine, 3:] = finer[fine_of[part[fine]]]
            normals = found[:, :3] / np.maximum(np.linalg.norm(found[:, :3], axis=1, keepdims=True), 1e-6)
            # A sheet seen from behind is lit as its back.
            away = np.einsum("ni,ni->n", normals, directions[rows]) > 0.3
            normals = (normals * np.where(away, -1.0, 1.0)[:, None]).astype(np.float32)
            albedo, gloss = self._scene.colours(uvs[rows], coat_of[rows])
            shadows, to_eye = np.ascontiguousarray(found[:, 4:].T), -directions[rows]
            result[rows, :3] = shade(albedo, normals, to_eye, found[:, 3], shadows, self._cam2world)
            wet = np.flatnonzero(gloss > 0)
            coat = gloss[wet] * glint(normals[wet], to_eye[wet], shadows[:, wet], self._cam2world)
            result[rows[wet], 3:] = coat[:, None]

        with side_by_side(THREADS) as pool:
            list(pool.map(light, np.array_split(np.arange(len(shown)), -(-len(shown) // PART))))
        return result, alpha

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
        # Where even those differ, at the very border of cloth, each place has its own.
        uneven = np.flatnonzero(np.ptp(around[..., :LOOKED_AT], axis=1).max(axis=1) > APART)
        result[uneven] = self._at(corner[uneven], weights[uneven])
        return result

    def _at(self, corner: NDArray[np.int32], weights: NDArray[np.floating]) -> NDArray[np.float32]:
        """(N, 1 + L) shares at places between vertices (N, 3): the main ones looked up there, the others blended."""
        shares = weights.astype(np.float32)
        normals = blend(self._scene.normals, corner, shares)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
        result = blend(self._table[:, 3:], corner, shares)
        places = self._scene.places(corner, shares)
        result[:, :LOOKED_AT] = self._scene.shares(places, normals.astype(np.float32), self._cam2world)
        return result

    def _look_up(self, corner: NDArray[np.int32]) -> None:
        """Fill in the shadows of vertices that no layer has shown before."""
        wanted = np.zeros(len(self._known), bool)
        wanted[corner] = True
        fresh = np.flatnonzero(wanted & ~self._known)
        if len(fresh):
            self._table[fresh, 3] = self._scene.room(fresh)
            self._table[fresh, 4:] = self._scene.lamps(fresh, self._cam2world)
            self._known[fresh] = True


def avatar_scene(avatar: Avatar) -> Preview | LayeredScene:
    """``avatar`` in its pose, its finest level, ready to be seen from any side."""
    vertices, normals = avatar.posed()
    level = avatar.main
    if level.sections:
        return LayeredScene(level, vertices, normals)
    return Preview(vertices, normals, level.faces, level.uvs, level.maps.base_colour)


def render_avatar(avatar: Avatar, camera: Camera, size: int) -> Picture:
    """A ``size`` x ``size`` picture of ``avatar`` in its pose from ``camera``."""
    return avatar_scene(avatar).render(camera.cam2world, camera.intrinsics, size)
