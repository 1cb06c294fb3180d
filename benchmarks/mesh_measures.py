# SPDX-License-Identifier: Apache-2.0
"""Measures of a finished mesh: an un-lit picture of it against another, stretch, volume."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar
from portrait_core.cameras import Camera
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.rendering.preview import bilinear, ray_directions

SUPERSAMPLING = 3


def unlit_picture(avatar: Avatar, camera: Camera, size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The posed avatar's base colour as a camera sees it, sRGB 0 to 1 (size, size, 3) on white, and its coverage.

    Colours are averaged in sRGB, as the volume renderer does.
    """
    level, fine = avatar.main, size * SUPERSAMPLING
    vertices, _ = avatar.posed()
    directions = ray_directions(camera.cam2world, camera.intrinsics, fine)
    hits = MeshQueries(vertices, level.faces).first_hits(camera.cam2world[:3, 3], directions)
    seen = np.flatnonzero(hits.face >= 0)
    uv = np.einsum("nk,nkc->nc", hits.weights[seen], level.uvs[level.faces[hits.face[seen]]])
    colour = np.ones((fine * fine, 3), np.float32)
    colour[seen] = bilinear(level.maps.base_colour.astype(np.float32) / 255, uv.astype(np.float32))
    mask = (hits.face >= 0).astype(np.float32)

    def shrink(image: NDArray[np.float32]) -> NDArray[np.float32]:
        return image.reshape(size, SUPERSAMPLING, size, SUPERSAMPLING, -1).mean(axis=(1, 3)).astype(np.float32)

    return shrink(colour), shrink(mask)[:, :, 0]


def view_error(avatar: Avatar, camera: Camera, own: dict[str, NDArray[Any]]) -> tuple[float, float]:
    """Mean squared sRGB error inside both silhouettes, and the overlap (IoU) of the silhouettes."""
    image, mask = unlit_picture(avatar, camera, own["mask"].shape[0])
    both = (mask > 0.99) & (own["mask"] > 0.99)
    error = float(np.mean((image[both] - own["image"][both].astype(np.float32) / 255) ** 2))
    a, b = mask > 0.5, own["mask"] > 0.5
    return error, float((a & b).sum() / (a | b).sum())


def stretch(rest: NDArray[np.float32], posed: NDArray[np.float32], faces: NDArray[np.int32]) -> float:
    """The longest a triangle becomes by a pose: the largest singular value of its map from rest to posed, over all."""
    rest, posed = rest.astype(np.float64)[faces], posed.astype(np.float64)[faces]
    first, second = rest[:, 1] - rest[:, 0], rest[:, 2] - rest[:, 0]
    length = np.linalg.norm(first, axis=1)
    area = np.linalg.norm(np.cross(first, second), axis=1)
    along = np.einsum("fi,fi->f", first, second) / np.maximum(length, 1e-30)
    # Rest edges in the triangle's own plane: (length, 0) and (along, area / length). Slivers have no sound ratio.
    sound = area > 1e-10
    inverse = np.zeros((len(faces), 2, 2))
    height = area / np.maximum(length, 1e-30)
    inverse[sound, 0, 0] = 1 / length[sound]
    inverse[sound, 0, 1] = -along[sound] / (length[sound] * height[sound])
    inverse[sound, 1, 1] = 1 / height[sound]
    edges = np.stack([posed[:, 1] - posed[:, 0], posed[:, 2] - posed[:, 0]], axis=2)
    jacobian = edges @ inverse
    return float(np.linalg.svd(jacobian[sound], compute_uv=False)[:, 0].max())


def volume(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> float:
    """Cubic metres inside a closed surface."""
    a, b, c = (vertices.astype(np.float64)[faces[:, k]] for k in range(3))
    return float(np.einsum("fi,fi->f", a, np.cross(b, c)).sum() / 6)


def welded_faces(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> NDArray[np.int64]:
    """Faces over the different places: the cuts of the atlas are closed again."""
    _, inverse = np.unique(vertices, axis=0, return_inverse=True)
    return np.asarray(inverse).ravel()[faces]
