# SPDX-License-Identifier: Apache-2.0
"""The set's hair textures without their own colour: how light each texel is beside the style's mean, and where hair
is.

Only what lies in the mesh's own charts is kept, so that no mark in a margin is left; a little beyond their borders the
charts are continued.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from portrait_core.imaging.colour_space import srgb_to_linear
from textures.raster import cover_texels

MIDDLE = 0.5
"""Value of a texel as light as the mean, of 0 to 1."""

SPREAD = 0.13
"""Standard deviation of the values about it: every style is as rich in contrast."""

BROAD = 30.0
"""Texels: what changes over more than that is light and shade of the set's own, of which a part is taken off."""

KEPT = 0.45
"""The part of it that stays."""

SOFT, SOFT_SPREAD = 2.0, 0.06
"""Texels over which blotches of soft hair are smoothed, and the standard deviation of what is left."""

MARGIN = 12
"""Texels beside hair into which it is continued, for coarser mips; beyond them there is nothing to be stored."""


def texels_at(uvs: NDArray[np.floating], size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns (...,) of the texels, of a ``size`` x ``size`` texture, in which places (..., 2) lie."""
    at = np.clip((uvs * [1, -1] + [0, 1]) * size, 0, size - 1).astype(np.int64)
    return at[..., 1], at[..., 0]


def detail_image(
    rgba: NDArray[np.uint8], faces: NDArray[np.int32], uvs: NDArray[np.float32], *, soft: bool = False
) -> NDArray[np.uint8]:
    """(S, S, 2) grey and alpha of a texture (S, S, 4), row 0 at the top, under triangles (F, 3) with ``uvs`` (U, 2);
    ``soft`` where its grey is blotches, not strands."""
    size = len(rgba)
    texels = cover_texels(faces, uvs, size)
    own = np.zeros((size, size), bool)
    own[texels.row, texels.column] = True
    own = ndimage.binary_dilation(own, iterations=2)
    alpha = rgba[..., 3].astype(np.float64) / 255 * own
    solid = alpha > 0.5
    light = np.log(srgb_to_linear(rgba[..., :3].astype(np.float64) / 255) @ [0.2126, 0.7152, 0.0722] + 0.004)
    light = _spread_out(light, solid)
    broad = _blurred(light, alpha, BROAD)
    detail = light - (1 - KEPT) * (broad - np.average(broad, weights=alpha + 1e-9))
    if soft:
        detail = _blurred(detail, alpha + 1e-3, SOFT)
    middle = np.average(detail, weights=alpha)
    deviation = np.sqrt(np.average((detail - middle) ** 2, weights=alpha))
    grey = MIDDLE + (SOFT_SPREAD if soft else SPREAD) * np.clip((detail - middle) / max(deviation, 1e-6), -3.5, 3.5)
    grey = np.where(ndimage.distance_transform_edt(alpha == 0) > MARGIN, MIDDLE, grey)
    return np.rint(np.stack([grey, alpha], -1) * 255).astype(np.uint8)


def png_bytes(image: NDArray[np.uint8]) -> bytes:
    """A PNG file, as small as it gets; the same image gives the same bytes with the same libraries."""
    kinds = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
    channels = 1 if image.ndim == 2 else image.shape[2]
    out = io.BytesIO()
    Image.fromarray(image.squeeze(), kinds[channels]).save(out, "PNG", optimize=True)
    return out.getvalue()


def _blurred(values: NDArray[np.float64], weight: NDArray[np.float64], by: float) -> NDArray[np.float64]:
    above = ndimage.gaussian_filter(values * weight, by)
    return above / np.maximum(ndimage.gaussian_filter(weight, by), 1e-6)


def _spread_out(values: NDArray[np.float64], solid: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Values where ``solid``, elsewhere those of the nearest such texel."""
    nearest = ndimage.distance_transform_edt(~solid, return_distances=False, return_indices=True)
    return values[tuple(nearest)]
