# SPDX-License-Identifier: Apache-2.0
"""The rig: skin weights for a bust, taken from the model's body template."""

from portrait_core.rig.motion import Motion
from portrait_core.rig.posing import joint_motions, quaternion, skinned
from portrait_core.rig.skin import INFLUENCES, Skin
from portrait_core.rig.transfer import skin_from_template

__all__ = ["INFLUENCES", "Motion", "Skin", "joint_motions", "quaternion", "skin_from_template", "skinned"]
