# SPDX-License-Identifier: Apache-2.0
"""The scalp beneath hair: the roots that show through it and past its edge, painted into the skin's colours."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from portrait_core.parts.hair import HairStyle
from portrait_core.parts.lattice_noise import noise
from portrait_core.parts.part_mesh import Topology
from portrait_core.parts.template import PartsTemplate
from textures.raster import Texels, cover_texels

AMOUNT = 0.88
"""Share of the roots' colour where hair is thick."""

ROOT_COLOUR = (0.82, 0.06)
"""Shares of the hair's and the skin's sRGB in the roots' colour."""

ROOT_REACH = 0.016
"""Metres from the border of hair to where a style's ``roots`` are 0 outside, and 1 inside."""

STROKES = ((0.0010, 0.006), (0.0024, 0.009))
"""Widths and lengths of the roots that reach past the hair, metres."""

SOLID, THIN = (-0.003, 0.0005), (-0.0105, -0.001)
"""Metres inside the border between which the scalp becomes wholly covered, and between which single roots do."""

SPARSE = 0.7
"""Share of the skin that the single roots cover at most."""

UNEVEN = 0.0018
"""Metres that strokes move these."""

FINEST = 1024
"""Texels along an image with two of them across the finest strokes."""

HEAD = 0.085
"""Radius of a head, metres: what a turn about its axis is in metres."""

AXIS = -0.02
"""Where that axis is, metres ahead of the neck joint of the canonical body."""


def with_roots(
    colours: NDArray[np.uint8],
    style: HairStyle,
    template: PartsTemplate,
    fine: Topology,
    palette: tuple[NDArray[np.floating], NDArray[np.floating]],
) -> NDArray[np.uint8]:
    """The skin's colours (S, S, 3) sRGB under a hair style; ``fine`` is the skin's level 1, ``palette`` the hair's and
    the skin's sRGB (3,)."""
    from textures import texel_kernels as kernels

    cover = root_cover(style, template, fine, len(colours))
    hair, skin = (np.asarray(each, np.float32) for each in palette)
    target = 255 * np.clip(ROOT_COLOUR[0] * hair + ROOT_COLOUR[1] * skin, 0, 1)
    result = colours.copy()
    kernels.run("mix", len(cover), cover, kernels.vector(target), AMOUNT, result)
    return result


@lru_cache(maxsize=32)
def root_cover(style: HairStyle, template: PartsTemplate, fine: Topology, size: int) -> NDArray[np.uint8]:
    """(S, S) how much of the skin's texels is roots, 0 to 255, row 0 at the top: the same for all who wear a style.

    Larger images than :data:`FINEST` are between the texels of one that is no larger.
    """
    if size > FINEST and size % 2 == 0:
        half = Image.fromarray(root_cover(style, template, fine, size // 2))
        return np.asarray(half.resize((size, size), Image.Resampling.BILINEAR))
    cover = np.zeros((size, size), np.uint8)
    texels, own, turn, up = scalp_texels(style, template, fine, size)
    if len(own) == 0:
        return cover
    cover[texels.row, texels.column] = np.rint(255 * grown(own, turn, up))
    return cover


def grown(own: NDArray[np.float32], turn: NDArray[np.float32], up: NDArray[np.float32]) -> NDArray[np.floating]:
    """(N,) how much of the skin roots cover, 0 to 1, by how much of them places have, ``own``, and where they lie:
    single strokes past the border, which is where ``own`` is a half."""
    strokes = sum(noise(turn / wide, up / long, 3 + k) for k, (wide, long) in enumerate(STROKES))
    inside = 2 * ROOT_REACH * (own - 0.5) + UNEVEN * np.clip(4 * own * (1 - own), 0, 1) * strokes
    solid, thin = between(inside, *SOLID), between(inside, *THIN)
    return SPARSE * thin + (1 - SPARSE) * solid


def scalp_texels(
    style: HairStyle, template: PartsTemplate, fine: Topology, size: int
) -> tuple[Texels, NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """The texels of an image of a side of ``size`` where a style has roots: which they are, how much of roots each has
    (0 to 1), and where it lies, metres about the head's axis and up."""
    skin = template.skin
    at_vertex = np.asarray(skin.fine.matrix @ style.roots[skin.vertices], np.float64)[fine.welded]
    faces = fine.faces[(at_vertex[fine.faces] > 0).any(axis=1)]
    texels = cover_texels(faces, fine.uvs, size)
    columns = np.column_stack([at_vertex, template.skin_places.canonical[fine.welded]]).astype(np.float32)
    values = np.asarray(texels.interpolate(faces, columns), np.float32)
    own, place = np.clip(values[:, 0], 0, 1), values[:, 1:]
    turn = np.asarray(HEAD * np.arctan2(place[:, 0], place[:, 2] - AXIS), np.float32)
    return texels, own, turn, place[:, 1]


def between(x: NDArray[np.floating], low: float, high: float) -> NDArray[np.floating]:
    """0 up to ``low``, 1 from ``high`` on, smoothly."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)
