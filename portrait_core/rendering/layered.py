# SPDX-License-Identifier: Apache-2.0
"""Pictures of meshes of several materials, some of them see-through: lashes, strands of hair, the cornea.

As :mod:`portrait_core.rendering.preview`, with rays that go on behind what they meet until nothing shines through any
more. What is see-through by ``blend`` throws no shadow: a cornea would darken its iris.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar, Level
from portrait_core.cameras import Camera
from portrait_core.geometry.cutouts import cut_out
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.rendering.coat_table import CoatTable
from portrait_core.rendering.coats import Coat
from portrait_core.rendering.layered_rays import LayeredMesh, RayBundle
from portrait_core.rendering.lighting import expose
from portrait_core.rendering.preview import (
    SUPERSAMPLING,
    Picture,
    Preview,
    backdrop_at,
    directions_at,
    encode,
    means,
    shown_pixels,
    sub_places,
)
from portrait_core.rendering.vertex_shares import USUAL, LitMesh, ShadowDetail, VertexShares

CONTRAST = 8
"""Levels of 255 between neighbouring pixels from which on both are the means of several rays."""
JUMP = 0.01
"""Metres between what they show from which on they are, too."""


class LayeredScene:
    """A level of detail ready to be seen from any side, at ``vertices`` (V, 3) metres with unit ``normals`` (V, 3)."""

    def __init__(
        self,
        level: Level,
        vertices: NDArray[np.float32],
        normals: NDArray[np.float32],
        shadows: ShadowDetail = USUAL,
    ) -> None:
        coats = coats_of(level)
        self.vertices, self.faces = vertices, level.faces
        self.mesh = LayeredMesh(level, coats, vertices)
        solid = _throwing(coats, vertices, level.uvs, shadows.pieces) or self.mesh.queries
        self.lit = LitMesh(vertices, normals, level.faces, solid, shadows)

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
        return self.look(cam2world, intrinsics, size).paint(self.mesh.table, supersampling=supersampling)

    def look(self, cam2world: NDArray[np.float32], intrinsics: NDArray[np.float32], size: int) -> Look:
        """What the camera of :meth:`render` sees, before colours."""
        return Look(self, cam2world, intrinsics, size)


class Look:
    """What a camera sees of a scene, before colours: what the rays through the pixels' centres meet."""

    def __init__(
        self, scene: LayeredScene, cam2world: NDArray[np.float32], intrinsics: NDArray[np.float32], size: int
    ) -> None:
        self._scene, self._cam2world, self._intrinsics, self._size = scene, cam2world, intrinsics, size
        self._pixels = shown_pixels(scene.vertices, scene.faces, cam2world, intrinsics, size)
        self._shares = VertexShares(scene.lit, cam2world)
        self._place = sub_places(self._pixels, size, 1)
        self._bundle = self._rays(self._place)

    def _rays(self, place: tuple[NDArray[np.float64], NDArray[np.float64]]) -> RayBundle:
        directions = directions_at(*place, self._cam2world, self._intrinsics)
        return RayBundle(self._scene.mesh, self._cam2world[:3, 3], directions, self._shares)

    def paint(self, coats: CoatTable, *, supersampling: int = SUPERSAMPLING) -> Picture:
        """The picture, of a mesh that looks as ``coats`` say: those of the scene, or others of the same covers."""
        size, pixels = self._size, self._pixels
        image, depth, mask = self._even(coats)
        each = supersampling * supersampling
        edges = pixels[uneven(image, depth, size).reshape(-1)[pixels]] if each > 1 else pixels[:0]
        if len(edges):
            finer = sub_places(edges, size, supersampling)
            bundle = self._rays(finer)
            image[edges] = means(_linear(bundle, coats, finer), each)
            depth[edges] = bundle.nearest.reshape(-1, each).min(axis=1)
            mask[edges] = means(1.0 - bundle.through[:, None], each)[:, 0]
        return Picture(encode(image).reshape(size, size, 3), depth.reshape(size, size), mask.reshape(size, size))

    def paint_small(self, coats: CoatTable) -> Picture:
        """:meth:`paint` with fewer rays: where a picture is uneven a pixel is half its middle and half its four
        corners, which it shares with the pixels around (the quincunx of graphics cards)."""
        size, pixels = self._size, self._pixels
        image, depth, mask = self._even(coats)
        edges = pixels[uneven(image, depth, size).reshape(-1)[pixels]]
        if len(edges):
            row, column = np.divmod(edges, size)
            first = row * (size + 1) + column
            of_pixels = np.stack([first, first + 1, first + size + 1, first + size + 2])
            corners, which = np.unique(of_pixels, return_inverse=True)
            which = which.reshape(of_pixels.shape)
            down, across = np.divmod(corners, size + 1)
            place = down / size, across / size
            bundle = self._rays(place)
            image[edges] = 0.5 * (image[edges] + _linear(bundle, coats, place)[which].mean(axis=0))
            mask[edges] = 0.5 * (mask[edges] + (1.0 - bundle.through)[which].mean(axis=0))
            depth[edges] = np.minimum(depth[edges], bundle.nearest[which].min(axis=0))
        return Picture(encode(image).reshape(size, size, 3), depth.reshape(size, size), mask.reshape(size, size))

    def _even(self, coats: CoatTable) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Linear colours (S * S, 3), depths and masks (S * S,) of one ray a pixel."""
        size, pixels, bundle = self._size, self._pixels, self._bundle
        place = (np.arange(size) + 0.5) / size
        image = backdrop_at(np.repeat(place, size), np.tile(place, size))
        depth, mask = np.full(size * size, np.inf, np.float32), np.zeros(size * size, np.float32)
        image[pixels], depth[pixels] = _linear(bundle, coats, self._place), bundle.nearest
        mask[pixels] = 1.0 - bundle.through
        return image, depth, mask


def coats_of(level: Level) -> list[Coat]:
    """The materials of a level's sections, in their order."""
    return [Coat(section, faces) for section, faces in level.section_faces()]


def _linear(
    bundle: RayBundle, coats: CoatTable, place: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> NDArray[np.float32]:
    """(N, 3) what rays through places of the picture bring, before the backdrop."""
    return (expose(bundle.light(coats)) + bundle.through[:, None] * backdrop_at(*place)).astype(np.float32)


def _throwing(
    coats: list[Coat], vertices: NDArray[np.float32], uvs: NDArray[np.float32], pieces: int
) -> MeshQueries | None:
    """What throws shadows: without what is see-through, and without what a mask cuts away; None if nothing does."""
    places, count = [vertices], len(vertices)
    faces: list[NDArray[np.int32]] = []
    for coat in coats:
        if not coat.shadows:
            continue
        if coat.section.material.alpha == "opaque":
            faces.append(coat.faces)
            continue
        own, cut = cut_out(vertices, coat.faces, uvs, coat.alphas, pieces)
        faces.append(np.where(cut >= len(vertices), cut + np.int32(count - len(vertices)), cut))
        places.append(own[len(vertices) :])
        count += len(places[-1])
    return MeshQueries(np.concatenate(places), np.concatenate(faces)) if faces else None


def uneven(
    linear: NDArray[np.float32], depth: NDArray[np.float32], size: int, contrast: int = CONTRAST
) -> NDArray[np.bool_]:
    """(S, S): pixels that differ from one beside them by more than ``contrast`` levels, or lie elsewhere."""
    picture = encode(linear).reshape(size, size, 3).astype(np.int16)
    far = np.where(np.isfinite(depth), depth, 100.0).reshape(size, size)
    uneven = np.zeros((size, size), bool)
    for axis in (0, 1):
        steps = np.abs(np.diff(picture, axis=axis)) > contrast
        apart = steps[..., 0] | steps[..., 1] | steps[..., 2]
        apart |= np.abs(np.diff(far, axis=axis)) > JUMP
        before, behind = ([slice(None)] * 2 for _ in range(2))
        before[axis], behind[axis] = slice(None, -1), slice(1, None)
        uneven[tuple(before)] |= apart
        uneven[tuple(behind)] |= apart
    return uneven


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
