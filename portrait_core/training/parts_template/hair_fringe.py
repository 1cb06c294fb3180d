# SPDX-License-Identifier: Apache-2.0
"""How a fringe leaves the eyes free: it is cut, like hair is, along a line over the brows and down beside the eyes.

Places are relative to the middle of the eyes of the mean person, metres: +y up, +z ahead, +x the subject's left.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.training.parts_template.hair_shaping import SKULL, smoothstep

FRINGE, SLOPE = 0.032, 0.12
"""A cut fringe ends this high over the middle of the eyes, metres, at the brows; and it rises so much towards the
subject's left, where the set's hair is parted."""

BESIDE = (np.deg2rad(16.0), np.deg2rad(56.0))
"""Round the head from straight ahead: between these the cut goes down, to where nothing is cut."""

LOWEST = -0.30

TEMPLE, TEMPLES = -0.016, (np.deg2rad(14.0), np.deg2rad(72.0))
"""The same of short hair, whose cut goes down to here before the ears."""

OVER_EARS = (np.deg2rad(74.0), np.deg2rad(84.0))
"""Between these short hair is cut less and less: its own border goes over the ears."""

NAPE, BEHIND_EARS = -0.066, (np.deg2rad(76.0), np.deg2rad(86.0))
"""Hair that is cut at the nape ends at this height, metres from the middle of the eyes, behind the ears."""

UNEVEN = 0.0015
"""Locks are so much longer and shorter than the line, metres."""

SPARSE = (-0.005, 0.012)
"""Metres over the cut between which hair becomes full: not all strands end at the same place."""


def uncut(places: NDArray[np.float64], *, short: bool = False) -> NDArray[np.float64]:
    """(N,) 0 to 1: what of the hair at places (N, 3) is left when a fringe is cut; of ``short`` hair it ends at the
    temples."""
    turn = np.arctan2(places[:, 0], places[:, 2] - SKULL[2])
    lowest, (first, last) = (TEMPLE, TEMPLES) if short else (LOWEST, BESIDE)
    share = np.clip((np.abs(turn) - first) / (last - first), 0, 1)
    # A smooth line that falls faster and faster.
    line = FRINGE + SLOPE * places[:, 0] - (FRINGE - lowest) * share**2.2
    line += UNEVEN * (np.sin(41 * turn) + 0.6 * np.sin(97 * turn + 1))
    steep = np.hypot(1.0, (FRINGE - lowest) * 2.2 * share**1.2 / (last - first) / 0.1)
    left = smoothstep((places[:, 1] - line) / steep, *SPARSE)
    return np.maximum(left, smoothstep(np.abs(turn), *OVER_EARS)) if short else left


def over_nape(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) the same of a cut straight across the nape: long locks behind the ears would end in loose tips."""
    turn = np.abs(np.arctan2(places[:, 0], places[:, 2] - SKULL[2]))
    left = smoothstep(places[:, 1] - NAPE, *SPARSE)
    return np.maximum(left, 1 - smoothstep(turn, *BEHIND_EARS))
