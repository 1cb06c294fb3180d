# SPDX-License-Identifier: Apache-2.0
"""Hair that is cut close: no mesh, but single hairs in the skin's colours, and a scalp that is thicker by their length.

Where it grows is where a style of hair has its roots, so that each head knows its own hairline.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.parts.hair import HairStyle
from portrait_core.parts.lattice_noise import noise
from portrait_core.parts.part_mesh import Topology
from portrait_core.parts.scalp import HEAD, between, grown, scalp_texels
from portrait_core.parts.template import PartsTemplate

AMOUNT = 0.96
"""Share of the hair's colour where it is thick."""
HAIRS = ((0.0009, 0.0026, 0.22), (0.0021, 0.0055, 0.14), (0.009, 0.012, 0.07))
"""Widths and lengths of single hairs and of tufts, metres, and how much lighter or darker they are."""
MARGIN = 700
"""Of an image's side such a part lies about charts in their colours."""
LIGHT = 0.6
"""How much less that is on white hair than on black."""
ASIDE, LOWER = (0.75, 1.15), 0.38
"""From which turn about the head's axis on, radians, close hair grows lower than a style's locks, which hang there; how
much, in what lies between no roots and roots alone."""
FADE, FADED = 0.6, (0.12, 0.8)
"""How much thinner close hair is at its border at the sides and in the neck, as it is cut; how much of roots there is
at that border, and where hair is full."""
PIECE = 1 << 16
"""Texels that are painted at once."""
LONGEST = 0.012
"""Metres that close hair stands off at most."""
DOWN = 0.25
"""Share of the scalp's height below its middle where the middle of a skull lies, from which hair stands away."""


@dataclass(frozen=True)
class CloseCrop:
    """Hair ``length`` metres long where the style of the name ``style`` has its roots."""

    style: str
    length: float


def lifted(style: HairStyle, controls: NDArray[np.float64], length: float) -> NDArray[np.float64]:
    """(C, 3) metres that ``controls`` (C, 3) of a person move by hair of a length (at most :data:`LONGEST`)."""
    grown = style.roots > 0.5
    if not grown.any():
        return np.zeros_like(controls)
    low, high = controls[grown].min(axis=0), controls[grown].max(axis=0)
    middle = 0.5 * (low + high) - (0.0, DOWN * (high[1] - low[1]), 0.0)
    way = controls - middle
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-6)
    return way * (between(style.roots, 0.5, 1.0) * float(np.clip(length, 0, LONGEST)))[:, None]


def with_close_hair(
    colours: NDArray[np.uint8],
    style: HairStyle,
    template: PartsTemplate,
    fine: Topology,
    hair: NDArray[np.floating],
) -> NDArray[np.uint8]:
    """The skin's colours (S, S, 3) sRGB with close hair of the sRGB ``hair`` (3,) where ``style`` has its roots;
    ``fine`` is the skin's level 1."""
    size = len(colours)
    texels, own, turn, up = scalp_texels(style, template, fine, size)
    calm = 1 - LIGHT * float(np.mean(hair))
    result = colours.copy()
    # Where there are no roots nothing grows. In pieces: a large image has more than a million such texels.
    hairy = np.flatnonzero(own > 0)
    for begin in range(0, len(hairy), PIECE):
        some = hairy[begin : begin + PIECE]
        around, high = turn[some], up[some]
        grain = np.ones(len(some), np.float32)
        for k, (wide, long, much) in enumerate(HAIRS):
            grain += calm * much * noise(around / wide, high / long, 31 + k)
        aside = np.clip((np.abs(around) / HEAD - ASIDE[0]) / (ASIDE[1] - ASIDE[0]), 0, 1)
        rooted = np.clip(own[some] + LOWER * aside * np.clip(4 * own[some], 0, 1), 0, 1).astype(np.float32)
        target = 255 * np.clip(np.asarray(hair, np.float32) * grain[:, None], 0, 1)
        at = texels.row[some], texels.column[some]
        thin = FADE * aside * (1 - between(own[some], *FADED))
        cover = AMOUNT * ((1 - thin) * grown(rooted, around, high))[:, None]
        result[at] = np.rint(result[at] * (1 - cover) + target * cover).clip(0, 255).astype(np.uint8)
    painted = np.zeros((size, size), bool)
    painted[texels.row, texels.column] = True
    _widen(result, painted, max(size // MARGIN, 1))
    return result


def _widen(colours: NDArray[np.uint8], painted: NDArray[np.bool_], steps: int) -> None:
    """Give the texels beside painted ones their colours, so that no skin shows through where charts meet."""
    here, there = slice(1, None), slice(None, -1)
    ways = [((here,), (there,)), ((there,), (here,))]
    ways += [((slice(None), one), (slice(None), other)) for (one,), (other,) in ways]
    for _ in range(steps):
        for to, of in ways:
            new = painted[of] & ~painted[to]
            colours[to][new] = colours[of][new]
            painted[to] |= new
