# SPDX-License-Identifier: Apache-2.0
"""The normals of a fine surface, as a tangent-space image on a coarse one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from textures.bake import bake_image
from textures.raster import blend

FloatArray = NDArray[np.float32]

Closest = Callable[[FloatArray], tuple[NDArray[np.int32], FloatArray, FloatArray]]
"""Points (N, 3) -> face (N,) of the fine surface (-1: none), weights (N, 3) of its corners, distance (N,)."""

AGREEMENT = 0.25
"""Cosine between the normals of both surfaces below which the nearest point is taken for another fold: the other lip,
the other side of an ear."""

STEPS_INWARD = (0.25, 0.6, 1.0)
"""Shares of ``reach`` by which a point goes back under its own skin, away from the other fold, to look again."""

TOLERANCE = 3.0
"""Error that interpolation between texels may make, in levels of 255: a degree for one texel in a hundred, measured on
a bust of 2048 texels, and less than half the points to look up."""

LOWEST = 0.05
"""Least height of a stored normal: none points into the surface that carries it."""


def normal_map(
    atlas_faces: NDArray[np.int32],
    uvs: FloatArray,
    positions: FloatArray,
    normals: FloatArray,
    tangents: FloatArray,
    size: int,
    *,
    dense_faces: NDArray[np.int32],
    dense_normals: FloatArray,
    closest: Closest,
    reach: float,
    detail: float,
    progress: Callable[[str, float], None] | None = None,
) -> NDArray[np.uint8]:
    """A (size, size, 3) uint8 tangent-space normal map; row 0 is the top (v = 1), green points up (glTF 2.0, 3.9.3).

    The coarse mesh: ``atlas_faces`` (F, 3), ``uvs`` (V, 2, origin at the bottom left), ``positions`` (V, 3), unit
    ``normals`` (V, 3), ``tangents`` (V, 4) as :func:`textures.tangents.tangents` gives them. The fine one:
    ``dense_faces`` (Fd, 3), unit ``dense_normals`` (Vd, 3), and ``closest``, which finds its nearest point.

    Each texel takes the fine surface's normal at the point nearest to it, if that lies within ``reach`` and faces the
    same way; otherwise it stays flat. ``detail`` is the size of the smallest feature that must be found: the length of
    the fine surface's edges (units of the positions, as ``reach``). Texels outside all charts continue the nearest one.
    ``progress`` is called with "normals" and the finished fraction. Raises ``ValueError`` for arrays that do not fit.
    """
    count = len(positions)
    if normals.shape != (count, 3) or tangents.shape != (count, 4):
        raise ValueError(
            f"normal_map: {count} vertices need normals ({count}, 3) and tangents ({count}, 4), "
            f"got {normals.shape} and {tangents.shape}"
        )

    def sample(rows: FloatArray) -> FloatArray:
        places, ups = rows[:, :3], _unit(rows[:, 3:6])
        fine = fine_normals(places, ups, dense_faces, dense_normals, closest, reach)
        return _into_frame(fine, ups, _unit(rows[:, 6:9]), rows[:, 9:]) * np.float32(0.5) + np.float32(0.5)

    def report(_: str, fraction: float) -> None:
        if progress is not None:
            progress("normals", fraction)

    columns = np.concatenate([positions, normals, tangents], axis=1)
    return bake_image(
        atlas_faces, uvs, columns, sample, size,
        srgb=(False, False, False), tolerance=TOLERANCE, detail=detail, antialias=False, progress=report,
    )  # fmt: skip


def fine_normals(
    places: FloatArray,
    normals: FloatArray,
    dense_faces: NDArray[np.int32],
    dense_normals: FloatArray,
    closest: Closest,
    reach: float,
) -> FloatArray:
    """Unit normals (N, 3) of the fine surface for ``places`` (N, 3) with unit ``normals`` (N, 3) on the coarse one.

    Where no point within ``reach`` agrees, the coarse normal itself.
    """
    result = normals.copy()
    open_ = np.arange(len(places))
    for inward in (0.0, *STEPS_INWARD):
        moved = np.asarray(places[open_] - normals[open_] * np.float32(inward * reach), np.float32)
        face, weights, distance = closest(moved)
        corner = dense_faces[face]
        found = _unit(blend(corner, weights, dense_normals))
        facing = np.einsum("nc,nc->n", found, normals[open_])
        # from further in, the way back to the skin is longer by as much
        good = (facing > AGREEMENT) & (distance <= (1.0 + inward) * reach) & (face >= 0)
        result[open_[good]] = found[good]
        open_ = open_[~good]
        if len(open_) == 0:
            break
    return result


def _into_frame(vectors: FloatArray, normals: FloatArray, tangents: FloatArray, signs: FloatArray) -> FloatArray:
    """Unit ``vectors`` (N, 3) in the frames that a viewer builds from interpolated vertices: unit (N, 3).

    Viewers make ``normals`` and ``tangents`` unit again for each pixel, but not perpendicular, and cross them for the
    bitangent; this undoes just that.
    """
    bitangents = np.cross(normals, tangents) * np.sign(signs)
    up, along = _dot(vectors, normals), _dot(vectors, tangents)
    lean = _dot(normals, tangents)
    square = np.maximum(1.0 - lean * lean, np.float32(1e-3))
    result = np.concatenate(
        [
            (along - lean * up) / square,
            _dot(vectors, bitangents) / np.sqrt(square),
            np.maximum((up - lean * along) / square, np.float32(LOWEST)),
        ],
        axis=1,
    )
    return _unit(np.asarray(result, np.float32))


def _dot(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.einsum("nc,nc->n", a, b)[:, None]


def _unit(vectors: FloatArray) -> FloatArray:
    length = np.sqrt(np.einsum("nc,nc->n", vectors, vectors))[:, None]
    return np.asarray(vectors / np.maximum(length, np.float32(1e-12)), np.float32)
