# SPDX-License-Identifier: Apache-2.0
"""Pictures of a finished mesh, as a viewer would show the file: ray cast on the processor, no graphics context."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar
from portrait_core.cameras import Camera
from portrait_core.colours import srgb_to_linear
from portrait_core.rendering.raycast import RayMesh
from portrait_core.rendering.studio import expose, lamp_shadows, room_shadows, shade

BACKGROUND = ((0.80, 0.81, 0.82), (0.62, 0.63, 0.65))
"""Linear RGB of the backdrop at its brightest, behind the head, and towards the corners."""

SUPERSAMPLING = 2
PART = 1 << 15
"""Hits shaded at once."""
THREADS = 2

# sRGB bytes to linear light (IEC 61966-2-1).
_LINEAR = srgb_to_linear(np.arange(256, dtype=np.float32) / np.float32(255))


@dataclass(frozen=True)
class Picture:
    """``image`` (S, S, 3) uint8 sRGB over a light grey backdrop, ``depth`` (S, S) float32 metres along the ray from the
    camera (infinite where nothing is), ``mask`` (S, S) float32 coverage, 0 to 1."""

    image: NDArray[np.uint8]
    depth: NDArray[np.float32]
    mask: NDArray[np.float32]


class Preview:
    """A textured mesh ready to be pictured from any side; what does not depend on the camera is computed once.

    ``vertices`` (V, 3) metres, unit ``normals`` (V, 3), ``faces`` (F, 3), ``uvs`` (V, 2) with the origin at the bottom
    left, ``texture`` (H, W, 3) uint8 sRGB with row 0 at the top.
    """

    def __init__(
        self,
        vertices: NDArray[np.float32],
        normals: NDArray[np.float32],
        faces: NDArray[np.int32],
        uvs: NDArray[np.float32],
        texture: NDArray[np.uint8],
    ) -> None:
        self._vertices, self._normals, self._faces, self._uvs = vertices, normals, faces, uvs
        self._texture = texture
        self._mesh = RayMesh(vertices, faces)
        self._room = room_shadows(self._mesh, vertices, normals)

    def render(
        self,
        cam2world: NDArray[np.float32],
        intrinsics: NDArray[np.float32],
        size: int,
        *,
        supersampling: int = SUPERSAMPLING,
    ) -> Picture:
        """A ``size`` x ``size`` picture from an OpenCV camera: ``cam2world`` (4, 4), ``intrinsics`` (3, 3) in picture
        sides. Each pixel is the mean of ``supersampling`` squared rays."""
        fine = size * supersampling
        directions = ray_directions(cam2world, intrinsics, fine)
        hits = self._mesh.first_hits(cam2world[:3, 3], directions)
        seen = np.flatnonzero(hits.face >= 0)
        linear = backdrop(fine).reshape(-1, 3)
        if len(seen):
            lamps = lamp_shadows(self._mesh, self._vertices, self._normals, cam2world)
            # One table, so that a hit gathers its corners once.
            table = np.concatenate([self._normals, self._uvs, self._room[:, None], lamps.T], axis=1)

            def paint(part: NDArray[np.int64]) -> None:
                found = _blend(table, self._faces[hits.face[part]], hits.weights[part])
                normals = np.asarray(found[:, :3] / np.maximum(_length(found[:, :3]), 1e-6), np.float32)
                albedo = bilinear(self._texture, found[:, 3:5])
                shadows = np.ascontiguousarray(found[:, 6:].T)
                linear[part] = expose(
                    shade(albedo, normals, -directions[part], found[:, 5], shadows, cam2world)
                )

            with ThreadPoolExecutor(THREADS) as pool:
                # Parts that fit a processor's cache; each writes pixels of its own.
                list(pool.map(paint, np.array_split(seen, -(-len(seen) // PART))))
        met = hits.face >= 0
        nearest = np.where(met, hits.distance, np.float32(np.inf)).reshape(fine, fine)
        return Picture(
            _encode(_shrink(linear.reshape(fine, fine, 3), supersampling)),
            np.minimum.reduce(_offsets(nearest, supersampling)),
            _shrink(met.astype(np.float32).reshape(fine, fine), supersampling),
        )


def render_avatar(avatar: Avatar, camera: Camera, size: int) -> Picture:
    """A ``size`` x ``size`` picture of ``avatar`` in its pose from ``camera``."""
    vertices, normals = avatar.posed()
    scene = Preview(vertices, normals, avatar.main.faces, avatar.main.uvs, avatar.main.maps.base_colour)
    return scene.render(camera.cam2world, camera.intrinsics, size)


def ray_directions(
    cam2world: NDArray[np.float32], intrinsics: NDArray[np.float32], size: int
) -> NDArray[np.float32]:
    """(size * size, 3) unit world directions through the pixel centres, row by row."""
    centre = (np.arange(size, dtype=np.float64) + 0.5) / size
    turn = cam2world[:3, :3].astype(np.float64) @ np.linalg.inv(intrinsics.astype(np.float64))
    # A direction is a sum of what its column, its row and the camera's axis give.
    across, down = centre[:, None] * turn[:, 0], centre[:, None] * turn[:, 1] + turn[:, 2]
    world = (across[None] + down[:, None]).reshape(-1, 3)
    return (world / _length(world)).astype(np.float32)


def bilinear(texture: NDArray[Any], uvs: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 3) colours of ``texture`` (H, W, 3) at ``uvs`` (N, 2, origin bottom left), clamped at the border.

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
        return _LINEAR[found] if found.dtype == np.uint8 else found

    above = at(top, left) * (1.0 - across) + at(top, right) * across
    below = at(bottom, left) * (1.0 - across) + at(bottom, right) * across
    return np.asarray(above * (1.0 - down) + below * down, np.float32)


def backdrop(size: int) -> NDArray[np.float32]:
    """(size, size, 3) linear RGB: a light grey that falls off gently from the middle."""
    place = (np.arange(size, dtype=np.float32) + 0.5) / size - 0.5
    away = np.clip((place[:, None] + 0.05) ** 2 + place[None, :] ** 2, 0.0, 0.5)[:, :, None] * 2.0
    middle, corner = (np.array(colour, np.float32) for colour in BACKGROUND)
    return (middle + (corner - middle) * away).astype(np.float32)


def _blend(
    values: NDArray[np.float32], corner: NDArray[np.int32], weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Vertex ``values`` (V, C) at barycentric places (N, 3)."""
    total = np.zeros((len(corner), values.shape[1]), np.float32)
    for k in range(3):
        total += values[corner[:, k]] * weights[:, k : k + 1]
    return total


def _length(vectors: NDArray[Any]) -> NDArray[Any]:
    """(N, 1) lengths of (N, 3): much faster than a norm along the short axis."""
    return np.sqrt(np.einsum("ni,ni->n", vectors, vectors))[:, None]


def _offsets(image: NDArray[np.float32], factor: int) -> list[NDArray[np.float32]]:
    """The images that hold one ray of each pixel's ``factor`` squared."""
    return [image[down::factor, across::factor] for down in range(factor) for across in range(factor)]


def _shrink(image: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """The mean of each ``factor`` x ``factor`` block."""
    total = np.add.reduce(_offsets(image, factor))
    return np.asarray(total / np.float32(factor * factor), np.float32)


def _encode(linear: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Linear light to sRGB bytes."""
    clipped = np.clip(linear, 0.0, 1.0)
    curved = np.where(
        clipped <= 0.0031308, 12.92 * clipped, 1.055 * np.maximum(clipped, 1e-6) ** (1 / 2.4) - 0.055
    )
    return np.rint(curved * 255.0).astype(np.uint8)
