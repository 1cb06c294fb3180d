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
from portrait_core.training.parts_template.strands import texture_direction
from textures.raster import Texels, cover_texels

MIDDLE = 0.5
"""Value of a texel as light as the mean, of 0 to 1."""

SPREAD = 0.13
"""Standard deviation of the values about it: every style is as rich in contrast."""

BROAD = ((22.0, 0.15), (5.0, 0.35))
"""Texels, and the part that stays of what changes over more than these: light and shade of the set's own, and blotches
of it, which on light hair look like camouflage."""

DRAWN = 10
"""Texels to either side over which grey is drawn out along its strands: what remains is light and dark strands."""

SOLVED = 0.2
"""How much the solved direction of strands counts beside what a texture shows of its own, 0 to 1."""

SOFT, SOFT_SPREAD = 2.0, 0.06
"""Texels over which blotches of soft hair are smoothed, and the standard deviation of what is left."""

MARGIN = 12
"""Texels beside hair into which it is continued, for coarser mips; beyond them there is nothing to be stored."""


def texels_at(uvs: NDArray[np.floating], size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns (...,) of the texels, of a ``size`` x ``size`` texture, in which places (..., 2) lie."""
    at = np.clip((uvs * [1, -1] + [0, 1]) * size, 0, size - 1).astype(np.int64)
    return at[..., 1], at[..., 0]


def detail_image(
    rgba: NDArray[np.uint8],
    faces: NDArray[np.int32],
    uvs: NDArray[np.float32],
    along: NDArray[np.floating] | None = None,
    *,
    soft: bool = False,
) -> NDArray[np.uint8]:
    """(S, S, 2) grey and alpha of a texture (S, S, 4), row 0 at the top, under triangles (F, 3) with ``uvs`` (U, 2).

    ``along`` (U,): metres along strands. Where it is told, the grey is drawn out along them. ``soft`` where the grey is
    blotches, not strands.
    """
    size = len(rgba)
    texels = cover_texels(faces, uvs, size)
    own = np.zeros((size, size), bool)
    own[texels.row, texels.column] = True
    own = ndimage.binary_dilation(own, iterations=2)
    alpha = rgba[..., 3].astype(np.float64) / 255 * own
    solid = alpha > 0.5
    light = np.log(srgb_to_linear(rgba[..., :3].astype(np.float64) / 255) @ [0.2126, 0.7152, 0.0722] + 0.004)
    light = _spread_out(light, solid)
    detail = light
    for texels_wide, kept in BROAD:
        broad = _blurred(detail, alpha, texels_wide)
        detail = detail - (1 - kept) * (broad - np.average(broad, weights=alpha + 1e-9))
    if along is not None and not soft:
        detail = drawn_out(detail, alpha + 1e-3, strand_ways(light, texels, faces, along, own))
    if soft:
        detail = _blurred(detail, alpha + 1e-3, SOFT)
    middle = np.average(detail, weights=alpha)
    deviation = np.sqrt(np.average((detail - middle) ** 2, weights=alpha))
    grey = MIDDLE + (SOFT_SPREAD if soft else SPREAD) * np.clip((detail - middle) / max(deviation, 1e-6), -3.5, 3.5)
    grey = np.where(ndimage.distance_transform_edt(alpha == 0) > MARGIN, MIDDLE, grey)
    return np.rint(np.stack([grey, alpha], -1) * 255).astype(np.uint8)


def strand_ways(
    light: NDArray[np.float64],
    texels: Texels,
    faces: NDArray[np.int32],
    along: NDArray[np.floating],
    own: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """(2, S, S) unit steps down and right along the strands of a texture: where its grey ``light`` (S, S) shows none,
    where ``along`` (U,) grows; nothing outside its ``own`` charts (S, S)."""
    size = len(light)
    rise = np.full((size, size), np.nan)
    rise[texels.row, texels.column] = np.asarray(texels.interpolate(faces, along[:, None].astype(np.float32)))[:, 0]
    known = np.isfinite(rise)
    down, right = (np.asarray(each) for each in np.gradient(_spread_out(rise, known)))
    # Borders of charts, where neighbours belong to different strands, tell nothing.
    inner = ndimage.binary_erosion(known, iterations=2)
    shown, sure = texture_direction(light)
    # Signs mean nothing in either: the doubled angles are mixed.
    solved = np.where(inner, SOLVED, 0.0) * np.exp(2j * np.arctan2(-down, right))
    seen = np.clip(sure, 0, 1) * np.exp(2j * np.arctan2(shown[..., 1], shown[..., 0]))
    angle = np.angle(solved + seen) / 2
    return np.stack([-np.sin(angle), np.cos(angle)]) * own


def drawn_out(
    values: NDArray[np.float64], weight: NDArray[np.float64], ways: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values (S, S) averaged along the lines of unit steps ``ways`` (2, S, S), :data:`DRAWN` texels to both sides, by
    their ``weight`` (line integral convolution, Cabral & Leedom 1993)."""
    rows, columns = (each.astype(np.float64) for each in np.indices(values.shape))
    total, sums = weight.copy(), weight * values
    for sign in (1.0, -1.0):
        at, last = np.stack([rows, columns]), sign * ways
        for step in range(1, DRAWN + 1):
            at = at + last
            spot = tuple(
                np.clip(np.rint(each), 0, many - 1).astype(np.int64)
                for each, many in zip(at, values.shape, strict=True)
            )
            way = ways[:, spot[0], spot[1]]
            last = np.where((way * last).sum(axis=0) < 0, -way, way)
            share = weight[spot] * (1 - step / (DRAWN + 1))
            total += share
            sums += share * values[spot]
    return np.asarray(sums / total)


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
