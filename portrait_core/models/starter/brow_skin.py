# SPDX-License-Identifier: Apache-2.0
"""Skin where the world's brows are painted: mixed from the skin above and below.

The branch for bare skin reads features that were learnt with brows painted on, and their shape stays visible in it as a
shade. Brows are parts of their own, and the skin under them is bare: so along the band in which the world paints them
the colour is taken from beyond its two borders.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

WHOLE, FADED = 0.0062, 0.0092
"""Metres above and below the middle of the brows up to which the skin is mixed wholly, and from which not at all."""

INNER, OUTER = (0.0035, 0.0075), (0.066, 0.074)
"""Metres aside of the face's middle between which the band begins and ends."""

BEHIND = -0.075
"""Metres from the eyes along z: the band is in front of it."""

SQUEEZED = 0.15
"""The skin below the band is an eyelid's, of which there is little: its part is taken from this share of the height."""


@dataclass(frozen=True)
class BrowBand:
    """Of N places: ``rows`` (B,) of those in the band, and of each ``share`` (B,) how far it is mixed, ``above`` and
    ``below`` (B, 3) metres, from where, and ``upper`` (B,) how much of it from above."""

    rows: Tensor
    share: Tensor
    above: Tensor
    below: Tensor
    upper: Tensor


def brow_band(points: Tensor, eyes: Tensor) -> BrowBand:
    """The band among canonical places (N, 3), with ``eyes`` (3,) the middle of one eyeball; metres."""
    aside, high, ahead = points[:, 0].abs(), points[:, 1] - eyes[1], points[:, 2] - eyes[2]
    # The world's brows: see `portrait_core.world.appearance`.
    u = ((aside - 0.011) / 0.047).clamp(0, 1)
    off = high - (0.0150 + 0.0125 * u - 0.0135 * u * u - 0.004 * u**4)
    share = 1 - _smooth(off.abs(), WHOLE, FADED)
    share = share * _smooth(aside, *INNER) * (1 - _smooth(aside, *OUTER))
    rows = torch.nonzero((share > 0) & (ahead > BEHIND)).squeeze(1)
    inside, off = points[rows], off[rows]
    above, below = inside.clone(), inside.clone()
    above[:, 1] += 2 * (FADED - off)
    below[:, 1] -= (FADED + off) * (1 + SQUEEZED)
    return BrowBand(rows, share[rows], above, below, _smooth(off, -FADED, FADED))


def _smooth(x: Tensor, low: float, high: float) -> Tensor:
    t = ((x - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)
