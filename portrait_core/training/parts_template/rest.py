# SPDX-License-Identifier: Apache-2.0
"""How far the arms of parts are lowered from where the base mesh holds them."""

from __future__ import annotations

import numpy as np

from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.parts.rest_pose import RestPose

COLLAR = 5.0
SHOULDER = 27.0
"""Degrees about the axis that points ahead, arms downwards; those of the shoulder on top of the collar's."""


def rest_pose() -> RestPose:
    """The rest pose of the starter's parts."""
    turns = np.zeros((len(SMPL_JOINT_NAMES), 3))
    for side, sign in (("left", -1.0), ("right", 1.0)):
        turns[SMPL_JOINT_NAMES.index(f"{side}_collar"), 2] = sign * np.deg2rad(COLLAR)
        turns[SMPL_JOINT_NAMES.index(f"{side}_shoulder"), 2] = sign * np.deg2rad(SHOULDER)
    return RestPose(turns.astype(np.float32).astype(np.float64))
