# SPDX-License-Identifier: Apache-2.0
"""Pictures of meshes of several materials, some of them see-through: lashes, strands of hair, the cornea.

As :mod:`portrait_core.rendering.preview`, with rays that go on behind what they meet until nothing shines through any
more. What is see-through by ``blend`` throws no shadow: a cornea would darken its iris.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar, Level, Section
from portrait_core.cameras import Camera
from portrait_core.geometry.mesh_queries import Hits, MeshQueries
from portrait_core.rendering.lighting import LAMPS, expose, glint, lamp_shadows, room_shadows, shade
from portrait_core.rendering.preview import (
    SUPERSAMPLING,
    Picture,
    Preview,
    backdrop_at,
    bilinear,
    blend,
    directions_at,
    encode,
    means,
    shown_pixels,
    sub_places,
)

LAYERS = 16
"""Surfaces that a ray passes at most; the last one counts as opaque."""
REST = 0.01
"""A ray ends when less than this share of what lies behind would be seen."""
STEP = 3e-6
"""Metres that a ray starts behind the surface it passed: less than cards lie above the skin where they end in it."""
COAT = "KHR_materials_clearcoat"


@dataclass(frozen=True)
class Coat:
    """The maps and the kind of some faces: ``texture`` (H, W, 3) uint8 sRGB, ``opacity`` (H, W, 1) or None."""

    section: Section
    faces: NDArray[np.int32]

    @property
    def gloss(self) -> float:
        """Strength of a clear coat's highlight, 0 to 1."""
        return float(self.section.material.extensions.get(COAT, {}).get("clearcoatFactor", 0.0))

    @property
    def shadows(self) -> bool:
        """Whether it keeps light from others."""
        return self.section.material.alpha != "blend"

    def colours(self, uvs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Linear colours (N, 3) at ``uvs`` (N, 2)."""
        factor = self.section.material.factors.get("pbrMetallicRoughness.baseColorFactor", (1.0, 1.0, 1.0, 1.0))
        return bilinear(self.section.maps.base_colour, uvs) * np.asarray(factor[:3], np.float32)

    def alphas(self, uvs: NDArray[np.float32]) -> NDArray[np.float32]:
        """The share (N,) of what lies behind that is covered, as the material's kind says."""
        material = self.section.material
        if material.alpha == "opaque":
            return np.ones(len(uvs), np.float32)
        factor = material.factors.get("pbrMetallicRoughness.baseColorFactor", (1.0, 1.0, 1.0, 1.0))
        alpha = np.full(len(uvs), factor[3], np.float32)
        opacity = self.section.maps.get("opacity")
        if opacity is not None:
            alpha *= bilinear(opacity.astype(np.float32) / np.float32(255), uvs)[:, 0]
        return (alpha >= material.cutoff).astype(np.float32) if material.alpha == "mask" else alpha


class LayeredScene:
    """A level of detail ready to be seen from any side, at ``vertices`` (V, 3) metres with unit ``normals`` (V, 3)."""

    def __init__(self, level: Level, vertices: NDArray[np.float32], normals: NDArray[np.float32]) -> None:
        self._coats = [Coat(section, faces) for section, faces in level.section_faces()]
        self._faces, self._vertices, self._normals, self._uvs = level.faces, vertices, normals, level.uvs
        self._coat_of = np.repeat(np.arange(len(self._coats)), [len(coat.faces) for coat in self._coats])
        self._mesh = MeshQueries(vertices, level.faces)
        solid = np.concatenate([coat.faces for coat in self._coats if coat.shadows])
        self._solid = MeshQueries(vertices, solid)
        self._room = np.full(len(vertices), np.nan, np.float32)  # until a picture shows the vertex

    def render(
        self,
        cam2world: NDArray[np.float32],
        intrinsics: NDArray[np.float32],
        size: int,
        *,
        supersampling: int = SUPERSAMPLING,
    ) -> Picture:
        """A ``size`` x ``size`` picture; arguments as for :meth:`portrait_core.rendering.preview.Scene.trace`."""
        pixels = shown_pixels(self._vertices, self._faces, cam2world, intrinsics, size)
        row, column = sub_places(pixels, size, supersampling)
        directions = directions_at(row, column, cam2world, intrinsics)
        back = backdrop_at(row, column)
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
            light, alpha = self._light(hits, directions[going], cam2world)
            if layer == LAYERS - 1:
                alpha = np.ones_like(alpha)
            colour[going] += (through[going] * np.maximum(alpha, 0))[:, None] * light[:, :3]
            colour[going] += through[going, None] * light[:, 3:]
            solid = (alpha >= 0.5) & ~np.isfinite(nearest[going])
            nearest[going[solid]] = passed[going[solid]]
            through[going] *= 1.0 - alpha
            going = going[through[going] > REST]
        linear = expose(colour) + through[:, None] * back
        each = supersampling * supersampling
        place = (np.arange(size) + 0.5) / size
        image = backdrop_at(np.repeat(place, size), np.tile(place, size))
        depth, mask = np.full(size * size, np.inf, np.float32), np.zeros(size * size, np.float32)
        image[pixels] = means(linear, each)
        depth[pixels] = nearest.reshape(-1, each).min(axis=1)
        mask[pixels] = means(1.0 - through[:, None], each)[:, 0]
        return Picture(encode(image).reshape(size, size, 3), depth.reshape(size, size), mask.reshape(size, size))

    def _light(
        self, hits: Hits, directions: NDArray[np.float32], cam2world: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(N, 6) what leaves the places: the surface's own light, and the highlight of its coat; their alphas (N,)."""
        corner = self._faces[hits.face]
        found = blend(self._table(corner, cam2world), corner, hits.weights)
        normals = found[:, :3] / np.maximum(np.linalg.norm(found[:, :3], axis=1, keepdims=True), 1e-6)
        # A sheet seen from behind is lit as its back.
        normals *= np.where(np.einsum("ni,ni->n", normals, directions) > 0.3, -1.0, 1.0)[:, None]
        normals = normals.astype(np.float32)
        albedo, alpha = np.zeros((len(corner), 3), np.float32), np.ones(len(corner), np.float32)
        gloss = np.zeros(len(corner), np.float32)
        coat_of = self._coat_of[hits.face]
        for number in np.unique(coat_of).tolist():
            rows, coat = coat_of == number, self._coats[number]
            albedo[rows], alpha[rows] = coat.colours(found[rows, 3:5]), coat.alphas(found[rows, 3:5])
            gloss[rows] = coat.gloss
        shadows = np.ascontiguousarray(found[:, 6:].T)
        own = shade(albedo, normals, -directions, found[:, 5], shadows, cam2world)
        coat_light = gloss * glint(normals, -directions, shadows, cam2world)
        return np.concatenate([own, np.repeat(coat_light[:, None], 3, axis=1)], axis=1), alpha

    def _table(self, corner: NDArray[np.int32], cam2world: NDArray[np.float32]) -> NDArray[np.float32]:
        """(V, 10) as that of :class:`portrait_core.rendering.preview.Traced`, of the vertices of ``corner`` alone."""
        shown = np.zeros(len(self._vertices), bool)
        shown[corner] = True
        table = np.zeros((len(shown), 6 + len(LAMPS)), np.float32)
        table[:, :3], table[:, 3:5] = self._normals, self._uvs
        index = np.flatnonzero(shown)
        fresh = np.flatnonzero(shown & np.isnan(self._room))
        self._room[fresh] = room_shadows(self._solid, self._vertices[fresh], self._normals[fresh])
        table[index, 5] = self._room[index]
        table[index, 6:] = lamp_shadows(self._solid, self._vertices[index], self._normals[index], cam2world).T
        return table


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
