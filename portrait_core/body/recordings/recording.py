# SPDX-License-Identifier: Apache-2.0
"""A recording: rotations of SMPL joints over time, in the world of the file that it was read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from portrait_core.body.recordings.hints import Axis

Floats = NDArray[np.float64]

MAX_FRAMES = 1_000_000

_UPRIGHT: dict[Axis, tuple[str, float]] = {
    "-y": ("x", 180),
    "z": ("x", -90),
    "-z": ("x", 90),
    "x": ("z", 90),
    "-x": ("z", -90),
}
"""Up axis -> the axis and degrees of the turn that puts it onto +y."""


@dataclass(frozen=True)
class Recording:
    """``rotations`` maps SMPL joint names to axis-angle vectors (T, 3), radians, relative to the parent.

    ``translation`` (T, 3) metres moves the root, or None. ``frame_rate`` is in frames a second, or None where the file
    does not say. All in the file's own world, whose vertical is ``up_axis``; `y_up` turns it into ours. ``amass`` says
    that the file has AMASS's fields. ``facts`` is what was decided from the contents, in a few words each.
    """

    rotations: Mapping[str, Floats]
    translation: Floats | None = None
    frame_rate: float | None = None
    amass: bool = False
    up_axis: Axis = "y"
    facts: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return len(next(iter(self.rotations.values())))

    def y_up(self, up_axis: Axis | None = None) -> Recording:
        """The same in a world with +y up; None takes its own `up_axis`."""
        axis = up_axis or self.up_axis
        if axis == "y":
            return self
        around, degrees = _UPRIGHT[axis]
        turn = Rotation.from_euler(around, degrees, degrees=True)
        rotations = dict(self.rotations)
        if "pelvis" in rotations:
            root = turn * Rotation.from_rotvec(rotations["pelvis"])
            rotations["pelvis"] = np.asarray(root.as_rotvec(), np.float64)
        moved = None if self.translation is None else np.asarray(turn.apply(self.translation), np.float64)
        return replace(self, rotations=rotations, translation=moved, up_axis="y")
