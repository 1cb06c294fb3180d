# SPDX-License-Identifier: GPL-3.0-or-later
"""The Pose panel: sliders for neck and head, poses and motions from files, poses as assets, a control rig."""

import bpy

from ..base.wrap import say
from ..scene.control_rig import rig_of
from ..scene.identity import selected_avatar
from ..scene.sticks import are_sticks
from .avatar import offer
from .create import PortraitPanel

SLIDERS = "portraitkit_pose"


class PORTRAITKIT_PT_pose(PortraitPanel, bpy.types.Panel):
    """How the avatar holds its head."""

    bl_idname = "PORTRAITKIT_PT_pose"
    bl_label = "Pose"
    bl_order = 5

    def draw(self, context: bpy.types.Context) -> None:
        """Sliders of the selected avatar, and files."""
        layout = self.layout
        avatar = selected_avatar(context)
        if avatar is None:
            say(layout, "Select an avatar to pose it.", context, "INFO")
            return
        if rig_of(avatar) is not None:
            say(layout, "A control rig moves the avatar; its own pose rests meanwhile.", context, "INFO")
        sliders = getattr(avatar.armature, SLIDERS, None)
        if sliders is not None:
            column = layout.column(align=True)
            for each in sliders.bl_rna.properties:
                if each.identifier not in ("rna_type", "name") and not each.is_hidden:
                    column.prop(sliders, each.identifier, slider=True)
        row = layout.row(align=True)
        row.operator_menu_enum("portraitkit.pose_preset", "pose", icon="ARMATURE_DATA")
        offer(row, "portraitkit.reset_pose", "LOOP_BACK")
        column = layout.column(align=True)
        column.operator("portraitkit.load_pose", icon="ARMATURE_DATA")
        column.operator("portraitkit.load_motion", icon="ACTION")
        column.operator("portraitkit.from_photo", text="Pose from a Photo...", icon="IMAGE_DATA").what = "POSE"
        offer(layout, "portraitkit.save_pose", "FILE_TICK")
        row = layout.row(align=True)
        offer(row, "portraitkit.pose_as_asset", "ASSET_MANAGER")
        offer(row, "portraitkit.pose_assets", "ASSET_MANAGER")
        if rig_of(avatar) is None:
            offer(layout, "portraitkit.control_rig", "OUTLINER_OB_ARMATURE")
        else:
            offer(layout, "portraitkit.remove_control_rig", "X")
        if are_sticks(avatar.armature.data):
            offer(layout, "portraitkit.real_bones", "BONE_DATA")


CLASSES = (PORTRAITKIT_PT_pose,)
