# SPDX-License-Identifier: Apache-2.0
"""Baking: the colour of a surface, asked for at texel centres, as an image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as _ndimage

from textures.colour_space import encode_srgb
from textures.raster import cover_texels

CHUNK = 1 << 17
"""Points of one call to ``colour``: bounds memory and sets how often progress is reported."""

EMPTY = 128
"""Grey level of an image that no triangle covers."""

_filters: Any = _ndimage  # scipy ships no types for it


def bake_colour(
    atlas_faces: NDArray[np.int32],
    uvs: NDArray[np.float32],
    sample_positions: NDArray[np.float32],
    colour: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    size: int,
    *,
    progress: Callable[[str, float], None] | None = None,
) -> NDArray[np.uint8]:
    """A (size, size, 3) uint8 sRGB image of ``colour``; row 0 is the top (v = 1).

    ``atlas_faces`` (F, 3) and ``uvs`` (V, 2, origin at the bottom left) place the triangles in the image;
    ``sample_positions`` (V, 3) are interpolated in them to the texel centres, where ``colour`` ((N, 3) -> (N, 3) linear
    RGB, 0 to 1) is asked. Texels outside all triangles take the colour of the nearest one inside, over the whole image,
    so that no smaller mip level mixes in a background. ``progress`` is called with "texture" and the finished fraction;
    what it raises passes through. Raises ``ValueError`` for colours that are not finite.
    """
    if size < 1:
        raise ValueError(f"bake_colour: size must be positive, got {size}")
    texels = cover_texels(atlas_faces, uvs, size)
    places = texels.interpolate(atlas_faces, sample_positions)
    image = np.full((size, size, 3), EMPTY, np.uint8)
    covered = np.zeros((size, size), bool)
    covered[texels.row, texels.column] = True
    for begin in range(0, len(places), CHUNK):
        part = slice(begin, min(begin + CHUNK, len(places)))
        linear = colour(places[part])
        if not bool(np.isfinite(linear).all()):
            raise ValueError("bake_colour: the colour function returned values that are not finite")
        image[texels.row[part], texels.column[part]] = encode_srgb(linear)
        if progress is not None:
            progress("texture", part.stop / len(places))
    return dilate(image, covered)


def dilate(image: NDArray[np.uint8], covered: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """``image`` (H, W, C) with every texel outside ``covered`` (H, W) set to its nearest covered texel."""
    if not bool(covered.any()):
        return image
    nearest = _filters.distance_transform_edt(~covered, return_distances=False, return_indices=True)
    return image[nearest[0], nearest[1]]
