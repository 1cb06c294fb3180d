# SPDX-License-Identifier: GPL-3.0-or-later
"""An avatar's pose: set joint by joint, taken back, written into a file that the engine reads as well."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence

import bpy
from bpy_extras.io_utils import ExportHelper

from ..base.operator import PortraitOperator
from ..base.paths import absolute
from ..core.failure import Failure
from ..core.text import Text
from .identity import Avatar, demand_avatar, needs_avatar
from .joints import MARK, joints_of
from .linked import needs_editable
from .rotations import at_rest, axis_angle_of, own_rotation, quaternion_of, rotation_of, turn

SLIGHT = 1e-6
"""Radians; joints that turn less are not written."""


def bones_of(armature: bpy.types.Object) -> dict[str, bpy.types.PoseBone]:
    """SMPL joint -> pose bone."""
    bones = armature.pose.bones
    marks = {each.name: str(each.bone[MARK]) for each in bones if MARK in each.bone}
    return {joint: bones[name] for joint, name in joints_of(bones.keys(), marks).items()}


def apply_pose(avatar: Avatar, pose: Mapping[str, Sequence[float]]) -> list[str]:
    """Turn the avatar's joints by ``pose``, joint name -> axis-angle in radians, +y up; other joints go to rest.

    Returns the joints that the avatar has not. Plain rotations of pose bones: constraints go on working.
    """
    bones = bones_of(avatar.armature)
    for joint, bone in bones.items():
        turn(bone, quaternion_of(pose[joint]) if joint in pose else at_rest(bone.bone))
    avatar.armature.update_tag()
    return sorted(set(pose) - set(bones))


def read_pose(avatar: Avatar) -> dict[str, tuple[float, float, float]]:
    """The joints that are turned, by their pose bones' own rotations: axis-angle in radians, +y up."""
    turned = {joint: bone for joint, bone in bones_of(avatar.armature).items() if _is_turned(bone)}
    return {joint: axis_angle_of(rotation_of(bone)) for joint, bone in turned.items()}


def _is_turned(bone: bpy.types.PoseBone) -> bool:
    return max(map(abs, own_rotation(bone).to_exponential_map())) > SLIGHT


def rest(avatar: Avatar) -> None:
    """Take all that poses the bones back, places and sizes too."""
    for bone in avatar.armature.pose.bones:
        bone.matrix_basis.identity()
        bone.location = (0, 0, 0)
        bone.scale = (1, 1, 1)
        turn(bone, at_rest(bone.bone))
    avatar.armature.update_tag()


class PORTRAITKIT_OT_reset_pose(PortraitOperator, bpy.types.Operator):
    bl_idname = "portraitkit.reset_pose"
    bl_label = "Reset Pose"
    bl_description = "Put all bones of the selected avatar back to rest. An action that moves it stays"
    needs = (needs_avatar, needs_editable)

    def perform(self, context: bpy.types.Context) -> None:
        rest(demand_avatar(context))


class PORTRAITKIT_OT_save_pose(PortraitOperator, ExportHelper, bpy.types.Operator):
    bl_idname = "portraitkit.save_pose"
    bl_label = "Save Pose"
    bl_description = "Write the pose of the selected avatar into a file that Load Pose and the command line read"
    bl_options = {"REGISTER"}

    needs = (needs_avatar, needs_editable)

    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    def perform(self, context: bpy.types.Context) -> Text:
        avatar = demand_avatar(context)
        if not self.filepath:
            raise Failure("file", "No file was named.", "Choose where the pose goes.")
        path = absolute(self.filepath)
        text = json.dumps({joint: list(vector) for joint, vector in read_pose(avatar).items()}, indent=1)
        temporary = path.with_name(path.name + ".part")
        temporary.write_text(text + "\n", encoding="utf-8")
        os.replace(temporary, path)
        return Text("Pose written to {file}", file=path.name)


CLASSES = (PORTRAITKIT_OT_reset_pose, PORTRAITKIT_OT_save_pose)
