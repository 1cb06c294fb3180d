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

UNEVEN = 0.003
"""Locks are so much longer and shorter than the line, metres."""

SPARSE = (-0.005, 0.012)
"""Metres over the cut between which hair becomes full: not all strands end at the same place."""


def uncut(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) 0 to 1: what of the hair at places (N, 3) is left when a fringe is cut."""
    turn = np.arctan2(places[:, 0], places[:, 2] - SKULL[2])
    share = np.clip((np.abs(turn) - BESIDE[0]) / (BESIDE[1] - BESIDE[0]), 0, 1)
    # A smooth line that falls faster and faster.
    line = FRINGE + SLOPE * places[:, 0] - (FRINGE - LOWEST) * share**2.2
    line += UNEVEN * (np.sin(41 * turn) + 0.6 * np.sin(97 * turn + 1))
    steep = np.hypot(1.0, (FRINGE - LOWEST) * 2.2 * share**1.2 / (BESIDE[1] - BESIDE[0]) / 0.1)
    return smoothstep((places[:, 1] - line) / steep, *SPARSE)
