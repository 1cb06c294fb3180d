# SPDX-License-Identifier: GPL-3.0-or-later
"""The Pose panel: sliders for neck and head, poses and motions from files."""

import bpy

from ..base.wrap import say
from ..scene.identity import selected_avatar
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
        sliders = getattr(avatar.armature, SLIDERS, None)
        if sliders is not None:
            column = layout.column(align=True)
            for each in sliders.bl_rna.properties:
                if each.identifier not in ("rna_type", "name") and not each.is_hidden:
                    column.prop(sliders, each.identifier, slider=True)
        offer(layout, "portraitkit.reset_pose", "LOOP_BACK")
        column = layout.column(align=True)
        column.operator("portraitkit.load_pose", icon="ARMATURE_DATA")
        column.operator("portraitkit.load_motion", icon="ACTION")
        offer(layout, "portraitkit.save_pose", "FILE_TICK")


CLASSES = (PORTRAITKIT_PT_pose,)
