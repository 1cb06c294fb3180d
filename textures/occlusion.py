# SPDX-License-Identifier: Apache-2.0
"""Ambient occlusion: how much of an even sky a place on a surface sees."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from textures.bake import bake_image

FloatArray = NDArray[np.float32]

Hit = Callable[[FloatArray, FloatArray, float], NDArray[np.bool_]]
"""Origins (N, 3), unit directions (N, 3), reach -> whether something is met within reach (N,)."""

START = 0.004
"""Rays begin this share of ``reach`` above the surface, so that they do not meet the faces they start on."""

CHUNK = 1 << 18
"""Rays of one call to ``hit``: bounds memory."""


def occlusion(
    points: FloatArray,
    normals: FloatArray,
    hit: Hit,
    generator: np.random.Generator,
    *,
    rays: int = 64,
    reach: float = 0.25,
) -> FloatArray:
    """(N,) the open share of the sky, 0 to 1, over ``points`` (N, 3) with unit ``normals`` (N, 3).

    The sky counts by the cosine to the normal, as it lights a matt surface. ``rays`` directions of a point are one even
    set, turned by a random angle per point: more even than drawn ones, and without the pattern of a common set.
    ``reach`` is how far an obstacle matters, in units of the points. Raises ``ValueError`` for no rays.
    """
    if rays < 1 or reach <= 0:
        raise ValueError(f"occlusion: expected rays >= 1 and reach > 0, got {rays} and {reach}")
    # Points even on a disc, lifted onto the half sphere, lie with the density of the cosine (Malley).
    number = np.arange(rays)
    radius, golden = np.sqrt((number + 0.5) / rays), number * (np.pi * (3.0 - np.sqrt(5.0)))
    height = np.sqrt(1.0 - radius * radius)
    turns = generator.uniform(0.0, 2.0 * np.pi, len(points))
    share = np.empty(len(points), np.float32)
    step = max(1, CHUNK // rays)
    for begin in range(0, len(points), step):
        part = slice(begin, begin + step)
        up = normals[part]
        right, ahead = _axes(up)
        angle = turns[part, None] + golden
        directions = (
            (radius * np.cos(angle))[:, :, None] * right[:, None]
            + (radius * np.sin(angle))[:, :, None] * ahead[:, None]
            + height[None, :, None] * up[:, None]
        )
        origins = np.repeat(points[part] + up * np.float32(START * reach), rays, axis=0)
        met = hit(origins.astype(np.float32), directions.reshape(-1, 3).astype(np.float32), reach)
        share[part] = 1.0 - met.reshape(-1, rays).mean(axis=1)
    return share


def smooth_over_edges(values: FloatArray, faces: NDArray[np.int32], passes: int = 2) -> FloatArray:
    """Vertex ``values`` (V,) mixed half and half with the mean of their neighbours, ``passes`` times.

    Takes the grain of few rays away. Vertices without faces keep their value. ``faces`` should be the uncut mesh's:
    across a seam there are no neighbours.
    """
    result = values.astype(np.float32)
    start = faces[:, [0, 1, 2, 1, 2, 0]].ravel()
    end = faces[:, [1, 2, 0, 0, 1, 2]].ravel()
    count = np.bincount(start, minlength=len(values))
    for _ in range(passes):
        mean = np.bincount(start, result[end], minlength=len(values)) / np.maximum(count, 1)
        result = np.where(count > 0, 0.5 * (result + mean), result).astype(np.float32)
    return result


def occlusion_map(
    atlas_faces: NDArray[np.int32],
    uvs: FloatArray,
    values: FloatArray,
    size: int,
    *,
    progress: Callable[[str, float], None] | None = None,
) -> NDArray[np.uint8]:
    """A (size, size) uint8 linear image of vertex ``values`` (V,), 0 to 1, row 0 at the top; 255 sees the whole sky.

    ``atlas_faces`` (F, 3) and ``uvs`` (V, 2, origin at the bottom left) place the triangles. Texels outside all charts
    continue the nearest one. ``progress`` is called with "occlusion" and the finished fraction.
    """
    # The first three columns are a place: the texture's own, so that `detail` is in units of it.
    columns = np.concatenate([uvs, np.zeros((len(uvs), 1)), values[:, None]], axis=1).astype(np.float32)

    def report(_: str, fraction: float) -> None:
        if progress is not None:
            progress("occlusion", fraction)

    def sample(rows: FloatArray) -> FloatArray:
        return rows[:, 3:]

    image = bake_image(
        atlas_faces, uvs, columns, sample, size,
        srgb=(False,), tolerance=1.0, detail=4.0 / size, antialias=False, progress=report,
    )  # fmt: skip
    return np.ascontiguousarray(image[:, :, 0])


def _axes(normals: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Two unit vectors (N, 3) at right angles to ``normals`` and each other (Duff et al. 2017)."""
    x, y, z = normals.T
    sign = np.where(z < 0, -1.0, 1.0)
    a = -1.0 / (sign + z)
    b = x * y * a
    right = np.stack([1.0 + sign * x * x * a, sign * b, -sign * x], axis=1)
    ahead = np.stack([b, sign + y * y * a, -y], axis=1)
    return right.astype(np.float32), ahead.astype(np.float32)
