# SPDX-License-Identifier: GPL-3.0-or-later
"""The rig by buttons: a control rig and away with it, poses, poses as assets, real bones for avatars of before."""

from __future__ import annotations

import bpy

from ..base.operator import PortraitOperator
from ..core.text import Text
from . import bones, control_rig, pose_assets, sticks
from .coast import needs_calm_mode
from .identity import demand_avatar, needs_avatar, selected_avatar
from .linked import needs_editable, needs_local
from .pose_presets import LABELS, NAMES
from .selection import kept_selection, object_mode


def needs_control_rig(context: bpy.types.Context) -> str:
    """A condition: a control rig moves the selected avatar."""
    avatar = selected_avatar(context)
    there = avatar is not None and control_rig.rig_of(avatar) is not None
    return "" if there else "The avatar has no control rig"


def needs_own_pose(context: bpy.types.Context) -> str:
    """A condition: no control rig moves the selected avatar, so that its own pose counts."""
    avatar = selected_avatar(context)
    moved = avatar is not None and control_rig.rig_of(avatar) is not None
    return "A control rig moves the avatar: pose its controls, or remove it first" if moved else ""


def needs_sticks(context: bpy.types.Context) -> str:
    """A condition: the selected avatar's bones are those of before."""
    avatar = selected_avatar(context)
    there = avatar is not None and sticks.are_sticks(avatar.armature.data)
    return "" if there else "The avatar has such bones already"


class PORTRAITKIT_OT_control_rig(PortraitOperator, bpy.types.Operator):
    bl_idname = "portraitkit.control_rig"
    bl_label = "Add Control Rig"
    bl_description = "Build a control rig by Rigify, fitted to the selected avatar's joints, that moves its bones"
    needs = (needs_avatar, needs_local, needs_calm_mode, control_rig.needs_rigify)

    def perform(self, context: bpy.types.Context) -> Text:
        rig = control_rig.make_rig(demand_avatar(context))
        return Text("{name} moves the avatar now; its own pose and action rest meanwhile", name=rig.name)


class PORTRAITKIT_OT_remove_control_rig(PortraitOperator, bpy.types.Operator):
    bl_idname = "portraitkit.remove_control_rig"
    bl_label = "Remove Control Rig"
    bl_description = "Delete the control rig; the avatar's own pose and action count again"
    needs = (needs_avatar, needs_local, needs_calm_mode, needs_control_rig)

    def perform(self, context: bpy.types.Context) -> None:
        avatar = demand_avatar(context)
        armature = avatar.armature
        control_rig.remove_rig(avatar)
        armature.select_set(True)
        context.view_layer.objects.active = armature


class PORTRAITKIT_OT_real_bones(PortraitOperator, bpy.types.Operator):
    bl_idname = "portraitkit.real_bones"
    bl_label = "Make Real Bones"
    bl_description = (
        "Give bones of an older version their ends, rolls and chains. Its pose and action are kept; constraints and "
        "drivers of your own may need other axes"
    )
    needs = (needs_avatar, needs_local, needs_calm_mode, needs_sticks)

    def perform(self, context: bpy.types.Context) -> None:
        avatar = demand_avatar(context)
        object_mode()
        with kept_selection():
            bones.dress(avatar.armature, str(avatar.recipe.get("bone_naming", "")))


class PORTRAITKIT_OT_pose_preset(PortraitOperator, bpy.types.Operator):
    bl_idname = "portraitkit.pose_preset"
    bl_label = "Set Pose"
    bl_description = "Turn head, neck and shoulders of the selected avatar"
    needs = (needs_avatar, needs_editable, needs_own_pose)

    pose: bpy.props.EnumProperty(
        name="Pose",
        description="How the avatar holds itself",
        items=[(name, label, "") for name, label in zip(NAMES, LABELS, strict=True)],
    )

    def perform(self, context: bpy.types.Context) -> None:
        pose_assets.strike(demand_avatar(context), self.pose)


class PORTRAITKIT_OT_pose_assets(PortraitOperator, bpy.types.Operator):
    bl_idname = "portraitkit.pose_assets"
    bl_label = "Poses as Assets"
    bl_description = "Make a pose asset with a picture of each of the twelve poses, for the Asset Browser"
    needs = (needs_avatar, needs_local, needs_calm_mode, needs_own_pose)

    def perform(self, context: bpy.types.Context) -> Text:
        made = pose_assets.preset_assets(demand_avatar(context))
        return Text("{count} poses are in the Asset Browser of this file", count=len(made))


class PORTRAITKIT_OT_pose_as_asset(PortraitOperator, bpy.types.Operator):
    bl_idname = "portraitkit.pose_as_asset"
    bl_label = "Pose as Asset"
    bl_description = "Make a pose asset with a picture of the pose that the selected avatar has now"
    needs = (needs_avatar, needs_local, needs_calm_mode, needs_own_pose)

    name: bpy.props.StringProperty(name="Name", description="What the pose is called", default="Pose")

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_props_dialog(self)

    def perform(self, context: bpy.types.Context) -> Text:
        action = pose_assets.current_asset(demand_avatar(context), self.name)
        return Text("{name} is in the Asset Browser under Current File", name=action.name)


CLASSES = (
    PORTRAITKIT_OT_control_rig,
    PORTRAITKIT_OT_remove_control_rig,
    PORTRAITKIT_OT_real_bones,
    PORTRAITKIT_OT_pose_preset,
    PORTRAITKIT_OT_pose_assets,
    PORTRAITKIT_OT_pose_as_asset,
)
