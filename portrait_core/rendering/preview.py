# SPDX-License-Identifier: Apache-2.0
"""Pictures of a finished mesh, as a viewer would show the file: ray cast on the processor, no graphics context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.mesh_queries import Hits, MeshQueries
from portrait_core.imaging.colour_space import LINEAR_OF_BYTES, srgb_bytes
from portrait_core.rendering.lighting import LAMPS, expose, lamp_shadows, room_shadows, shade
from portrait_core.runtime.threads import side_by_side

BACKGROUND = ((0.80, 0.81, 0.82), (0.62, 0.63, 0.65))
"""Linear RGB of the backdrop at its brightest, behind the head, and towards the corners."""

SUPERSAMPLING = 2
PART = 1 << 15
"""Hits shaded at once."""
THREADS = 2


@dataclass(frozen=True)
class Picture:
    """``image`` (S, S, 3) uint8 sRGB over a light grey backdrop, ``depth`` (S, S) float32 metres along the ray from the
    camera (infinite where nothing is), ``mask`` (S, S) float32 coverage, 0 to 1."""

    image: NDArray[np.uint8]
    depth: NDArray[np.float32]
    mask: NDArray[np.float32]


@dataclass(frozen=True)
class Traced:
    """What a camera sees of a mesh, before colours: ``hits`` of the rays of ``pixels``, and for each vertex a row of
    ``table`` (V, 10): normals, texture places, the room's and the lamps' shares."""

    pixels: NDArray[np.int64]
    row: NDArray[np.float64]
    column: NDArray[np.float64]
    directions: NDArray[np.float32]
    hits: Hits
    faces: NDArray[np.int32]
    table: NDArray[np.float32]
    cam2world: NDArray[np.float32]
    size: int
    supersampling: int

    def paint(self, texture: NDArray[np.uint8]) -> Picture:
        """The picture with ``texture`` (H, W, 3) uint8 sRGB, row 0 at the top, or (H, W, 3) linear floats."""
        hits, size = self.hits, self.size
        seen = np.flatnonzero(hits.face >= 0)
        linear = backdrop_at(self.row, self.column)

        def paint(part: NDArray[np.int64]) -> None:
            found = blend(self.table, self.faces[hits.face[part]], hits.weights[part])
            normals = np.asarray(found[:, :3] / np.maximum(_length(found[:, :3]), 1e-6), np.float32)
            albedo = bilinear(texture, found[:, 3:5])
            shadows = np.ascontiguousarray(found[:, 6:].T)
            linear[part] = expose(shade(albedo, normals, -self.directions[part], found[:, 5], shadows, self.cam2world))

        if len(seen):
            with side_by_side(THREADS) as pool:
                # Parts that fit a processor's cache; each writes pixels of its own.
                list(pool.map(paint, np.array_split(seen, -(-len(seen) // PART))))
        met = hits.face >= 0
        nearest = np.where(met, hits.distance, np.float32(np.inf))
        place = (np.arange(size) + 0.5) / size
        image = backdrop_at(np.repeat(place, size), np.tile(place, size))
        depth, mask = np.full(size * size, np.inf, np.float32), np.zeros(size * size, np.float32)
        # The rays of a pixel follow each other.
        each = self.supersampling * self.supersampling
        image[self.pixels] = means(linear, each)
        depth[self.pixels] = nearest.reshape(-1, each).min(axis=1)
        mask[self.pixels] = means(met.astype(np.float32)[:, None], each)[:, 0]
        return Picture(encode(image).reshape(size, size, 3), depth.reshape(size, size), mask.reshape(size, size))


class Scene:
    """A mesh ready to be seen from any side; what does not depend on the camera is computed once, when it is first
    seen.

    ``vertices`` (V, 3) metres, unit ``normals`` (V, 3), ``faces`` (F, 3), ``uvs`` (V, 2) with the origin at the bottom
    left.
    """

    def __init__(
        self,
        vertices: NDArray[np.float32],
        normals: NDArray[np.float32],
        faces: NDArray[np.int32],
        uvs: NDArray[np.float32],
    ) -> None:
        self._vertices, self._normals, self._faces, self._uvs = vertices, normals, faces, uvs
        self._mesh = MeshQueries(vertices, faces)
        self._room = np.full(len(vertices), np.nan, np.float32)  # until a picture shows the vertex

    def trace(
        self,
        cam2world: NDArray[np.float32],
        intrinsics: NDArray[np.float32],
        size: int,
        *,
        supersampling: int = SUPERSAMPLING,
    ) -> Traced:
        """What an OpenCV camera sees: ``cam2world`` (4, 4), ``intrinsics`` (3, 3) in picture sides, for a ``size`` x
        ``size`` picture. Each pixel is the mean of ``supersampling`` squared rays."""
        pixels = shown_pixels(self._vertices, self._faces, cam2world, intrinsics, size)
        row, column = sub_places(pixels, size, supersampling)
        directions = directions_at(row, column, cam2world, intrinsics)
        hits = self._mesh.first_hits(cam2world[:3, 3], directions)
        table = self._table(hits.face[hits.face >= 0], cam2world)
        return Traced(pixels, row, column, directions, hits, self._faces, table, cam2world, size, supersampling)

    def _table(self, faces: NDArray[np.int32], cam2world: NDArray[np.float32]) -> NDArray[np.float32]:
        """(V, 10): normals, texture places, the room's and the lamps' shares; only of the vertices of ``faces``.

        One table, so that a hit gathers its corners once.
        """
        shown = np.zeros(len(self._vertices), bool)
        shown[self._faces[faces]] = True
        table = np.zeros((len(shown), 6 + len(LAMPS)), np.float32)
        table[:, :3], table[:, 3:5] = self._normals, self._uvs
        index = np.flatnonzero(shown)
        if len(index) == 0:
            return table
        fresh = np.flatnonzero(shown & np.isnan(self._room))
        self._room[fresh] = room_shadows(self._mesh, self._vertices[fresh], self._normals[fresh])
        table[index, 5] = self._room[index]
        table[index, 6:] = lamp_shadows(self._mesh, self._vertices[index], self._normals[index], cam2world).T
        return table


class Preview:
    """A textured mesh ready to be pictured from any side: a :class:`Scene` with its ``texture`` (H, W, 3) uint8 sRGB,
    row 0 at the top."""

    def __init__(
        self,
        vertices: NDArray[np.float32],
        normals: NDArray[np.float32],
        faces: NDArray[np.int32],
        uvs: NDArray[np.float32],
        texture: NDArray[np.uint8],
    ) -> None:
        self._scene, self._texture = Scene(vertices, normals, faces, uvs), texture

    def render(
        self,
        cam2world: NDArray[np.float32],
        intrinsics: NDArray[np.float32],
        size: int,
        *,
        supersampling: int = SUPERSAMPLING,
    ) -> Picture:
        """A ``size`` x ``size`` picture; arguments as for :meth:`Scene.trace`."""
        return self._scene.trace(cam2world, intrinsics, size, supersampling=supersampling).paint(self._texture)


def shown_pixels(
    vertices: NDArray[np.float32],
    faces: NDArray[np.int32],
    cam2world: NDArray[np.float32],
    intrinsics: NDArray[np.float32],
    size: int,
) -> NDArray[np.int64]:
    """Flat numbers, growing, of the pixels that may show the mesh: those in the box around a face's picture.

    All pixels where a part of the mesh lies beside or behind the camera.
    """
    local = (vertices.astype(np.float64) - cam2world[:3, 3]) @ cam2world[:3, :3].astype(np.float64)
    if not bool((local[:, 2] > 1e-6).all()):
        return np.arange(size * size)
    place = (local @ intrinsics.astype(np.float64).T)[:, :2] / local[:, 2:] * size
    # A pixel more on each side, for rounding.
    corners = [place[faces[:, k]] for k in range(3)]  # NumPy is slow along short rows
    low = np.clip(np.floor(np.minimum.reduce(corners)) - 1, 0, size).astype(np.int64)
    high = np.clip(np.floor(np.maximum.reduce(corners)) + 2, 0, size).astype(np.int64)
    # Boxes as steps up and down at their corners, summed along both axes.
    steps = np.zeros((size + 1) * (size + 1))
    for x, y, sign in ((low, low, 1.0), (high, low, -1.0), (low, high, -1.0), (high, high, 1.0)):
        steps += sign * np.bincount(y[:, 1] * (size + 1) + x[:, 0], minlength=len(steps))
    boxes = steps.reshape(size + 1, size + 1).cumsum(axis=0).cumsum(axis=1)
    return np.flatnonzero(boxes[:size, :size] > 0.5)


def sub_places(pixels: NDArray[np.int64], size: int, factor: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows and columns (P * factor squared,), in picture sides, of the rays of ``pixels`` (P,)."""
    part = (np.arange(factor) + 0.5) / factor
    down, across = np.repeat(part, factor), np.tile(part, factor)
    row, column = np.divmod(pixels, size)
    return ((row[:, None] + down) / size).ravel(), ((column[:, None] + across) / size).ravel()


def ray_directions(cam2world: NDArray[np.float32], intrinsics: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """(size * size, 3) unit world directions through the pixel centres, row by row."""
    row, column = sub_places(np.arange(size * size), size, 1)
    return directions_at(row, column, cam2world, intrinsics)


def directions_at(
    row: NDArray[np.float64],
    column: NDArray[np.float64],
    cam2world: NDArray[np.float32],
    intrinsics: NDArray[np.float32],
) -> NDArray[np.float32]:
    """(N, 3) unit world directions through the places ``row``, ``column`` (N,), in picture sides from the top left."""
    turn = cam2world[:3, :3].astype(np.float64) @ np.linalg.inv(intrinsics.astype(np.float64))
    # One axis at a time: NumPy is slow along short rows.
    axes = [column * x + row * y + z for x, y, z in turn]
    length = np.sqrt(sum(axis * axis for axis in axes))
    world = np.empty((len(row), 3), np.float32)
    for k, axis in enumerate(axes):
        np.divide(axis, length, out=world[:, k], casting="same_kind")
    return world


def bilinear(texture: NDArray[Any], uvs: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, C) colours of ``texture`` (H, W, C) at ``uvs`` (N, 2, origin bottom left), clamped at the border.

    A uint8 texture is sRGB and gives linear light; any other is taken as it is.
    """
    height, width = texture.shape[:2]
    x = np.clip(uvs[:, 0] * width - 0.5, 0.0, width - 1.0)
    y = np.clip((1.0 - uvs[:, 1]) * height - 0.5, 0.0, height - 1.0)
    left, top = x.astype(np.int64), y.astype(np.int64)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    across, down = (x - left)[:, None].astype(np.float32), (y - top)[:, None].astype(np.float32)
    texels = texture.reshape(-1, texture.shape[2])

    def at(row: NDArray[np.int64], column: NDArray[np.int64]) -> NDArray[Any]:
        found = texels[row * width + column]
        return LINEAR_OF_BYTES[found] if found.dtype == np.uint8 else found

    above = at(top, left) * (1.0 - across) + at(top, right) * across
    below = at(bottom, left) * (1.0 - across) + at(bottom, right) * across
    return np.asarray(above * (1.0 - down) + below * down, np.float32)


def backdrop_at(row: NDArray[np.float64], column: NDArray[np.float64]) -> NDArray[np.float32]:
    """(N, 3) linear RGB at places in picture sides from the top left: a light grey that falls off gently from the
    middle."""
    away = np.clip((row - 0.45) ** 2 + (column - 0.5) ** 2, 0.0, 0.5).astype(np.float32) * np.float32(2)
    middle, corner = (np.array(colour, np.float32) for colour in BACKGROUND)
    return np.asarray(middle + (corner - middle) * away[:, None], np.float32)


def blend(values: NDArray[np.float32], corner: NDArray[np.int32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vertex ``values`` (V, C) at barycentric places (N, 3)."""
    total = np.zeros((len(corner), values.shape[1]), np.float32)
    for k in range(3):
        total += values[corner[:, k]] * weights[:, k : k + 1]
    return total


def _length(vectors: NDArray[Any]) -> NDArray[Any]:
    """(N, 1) lengths of (N, 3): much faster than a norm along the short axis."""
    return np.sqrt(np.einsum("ni,ni->n", vectors, vectors))[:, None]


def means(values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """The means (N, C) of every ``count`` rows of ``values`` (N * count, C)."""
    total = np.add.reduce([values[k::count] for k in range(count)])
    return np.asarray(total / np.float32(count), np.float32)


def encode(linear: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Linear light to sRGB bytes."""
    return srgb_bytes(linear)
