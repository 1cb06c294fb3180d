# SPDX-License-Identifier: Apache-2.0
"""The rig: skin weights taken from the model's body template, skeletons, bone names, poses and motions."""

from portrait_core.rig.motion import Motion
from portrait_core.rig.motion_files import read_motion
from portrait_core.rig.naming import BONE_NAMINGS, rename
from portrait_core.rig.skeleton import Skeleton, bust_joints
from portrait_core.rig.skin import INFLUENCES, Skin
from portrait_core.rig.skinning import joint_motions, quaternion, skinned
from portrait_core.rig.weight_transfer import skin_from_template

__all__ = [
    "BONE_NAMINGS",
    "INFLUENCES",
    "Motion",
    "Skeleton",
    "Skin",
    "bust_joints",
    "joint_motions",
    "quaternion",
    "read_motion",
    "rename",
    "skin_from_template",
    "skinned",
]
