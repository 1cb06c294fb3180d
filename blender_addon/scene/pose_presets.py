# SPDX-License-Identifier: GPL-3.0-or-later
"""How people hold head, neck and shoulders: a dozen poses as SMPL's axis-angles, for every avatar.

x nods, y turns to the avatar's left, z tilts to its right shoulder; collars lift about z, left ones by positive turns,
right ones by negative. Shares of neck and head are those of people: the neck takes a third of a turn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

Degrees = tuple[float, float, float]

_POSES: Mapping[str, Mapping[str, Degrees]] = {
    "look_left": {"neck": (0, 14, 0), "head": (0, 26, 0)},
    "look_right": {"neck": (0, -14, 0), "head": (0, -26, 0)},
    "look_up": {"neck": (-10, 0, 0), "head": (-18, 0, 0)},
    "look_down": {"neck": (12, 0, 0), "head": (16, 0, 0)},
    "tilt_left": {"neck": (0, 0, -8), "head": (0, 0, -14)},
    "tilt_right": {"neck": (0, 0, 8), "head": (0, 0, 14)},
    "over_shoulder": {"spine3": (0, 14, 0), "neck": (2, 22, -4), "head": (4, 34, -4)},
    "lean_in": {"spine3": (12, 0, 0), "neck": (8, 0, 0), "head": (-14, 0, 0)},
    "pull_back": {"spine3": (-4, 0, 0), "neck": (-14, 0, 0), "head": (14, 0, 0)},
    "chin_up": {"neck": (-4, 0, 0), "head": (-14, 8, 4)},
    "shrug": {
        "left_collar": (0, 0, 16),
        "right_collar": (0, 0, -16),
        "neck": (6, 0, 0),
        "head": (-8, 0, 8),
    },
    "bow": {"spine3": (16, 0, 0), "neck": (14, 0, 0), "head": (16, 0, 0)},
}

NAMES = tuple(_POSES)
LABELS = (
    *("Look Left", "Look Right", "Look Up", "Look Down", "Tilt Left", "Tilt Right", "Over the Shoulder", "Lean In"),
    *("Pull Back", "Chin Up", "Shrug Shoulders", "Bow Forward"),
)
"""What they are called, in their order."""


def preset(name: str) -> dict[str, tuple[float, float, float]]:
    """Joint -> axis-angle in radians, +y up; relative to how the joint rests."""
    return {joint: tuple(map(math.radians, vector)) for joint, vector in _POSES[name].items()}  # type: ignore[misc]
