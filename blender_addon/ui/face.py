# SPDX-License-Identifier: GPL-3.0-or-later
"""The Face panel: expressions with pictures, sliders by what they move, an eye target, recordings."""

from __future__ import annotations

from typing import Any

import bpy

from ..base.wrap import say
from ..locale import T_
from ..scene import face_gaze, face_settings
from ..scene.face import EMOTIONS, GROUPS, path_of, property_of, shapes_of
from ..scene.identity import selected_avatar
from .avatar import offer
from .create import PortraitPanel, group_panel

GROUP_LABELS = ("Brows", "Eyes", "Cheeks and Nose", "Jaw", "Mouth", "Tongue", "Visemes", "Both Sides")
"""What the groups of shapes are called, in their order."""
EMOTION_LABELS = (
    "Happy", "Laughing", "Sad", "Angry", "Surprised", "Afraid", "Disgusted", "Contempt", "Doubt", "Thinking", "Tired",
    "Calm",
)  # fmt: skip
"""What the expressions are called, in their order."""
COLUMNS = 4


class PORTRAITKIT_PT_face(PortraitPanel, bpy.types.Panel):
    """What the avatar's face shows."""

    bl_idname = "PORTRAITKIT_PT_face"
    bl_label = "Face"
    bl_order = 4

    def draw(self, context: bpy.types.Context) -> None:
        """Expressions first; a word where there is no face."""
        layout = self.layout
        avatar = selected_avatar(context)
        if avatar is None:
            say(layout, "Select an avatar to move its face.", context, "INFO")
            return
        if not shapes_of(avatar.armature):
            say(layout, "This avatar has no shapes of the face. Avatars of parts get them.", context, "INFO")
            return
        settings = getattr(context.window_manager, face_settings.NAME)
        grid = layout.grid_flow(columns=COLUMNS, row_major=True, even_columns=True, even_rows=True, align=True)
        for emotion, label in zip(EMOTIONS, EMOTION_LABELS, strict=True):
            cell = grid.column(align=True)
            icon = face_settings.icon_of(emotion)
            if icon:
                cell.template_icon(icon, scale=3.0)
            button = cell.operator("portraitkit.face_preset", text=T_(label), translate=False)
            button.emotion, button.strength = emotion, settings.strength
        layout.prop(settings, "strength", slider=True)
        row = layout.row(align=True)
        row.operator("portraitkit.face_reset", icon="LOOP_BACK", text="Reset")
        row.operator("portraitkit.face_mirror", icon="MOD_MIRROR", text="Mirror")
        row.operator("portraitkit.face_key", icon="KEYINGSET", text="Key")
        if face_gaze.target_of(avatar) is None:
            layout.operator("portraitkit.eye_target", icon="HIDE_OFF").remove = False
        else:
            layout.operator("portraitkit.eye_target", icon="X", text="Remove Eye Target").remove = True
        column = layout.column(align=True)
        column.operator("portraitkit.load_face_motion", icon="ACTION")
        column.operator("portraitkit.load_lipsync", icon="SPEAKER")
        offer(layout, "portraitkit.face_assets", "ASSET_MANAGER")
        layout.prop(settings, "search", text="", icon="VIEWZOOM")
        if settings.search:
            wanted = settings.search.lower().replace(" ", "")
            draw_sliders(layout, avatar.armature, [s for s in shapes_of(avatar.armature) if wanted in s.lower()])


def draw_sliders(layout: Any, armature: bpy.types.Object, shapes: list[str]) -> None:
    """A slider for each shape, under the name that every program knows it by."""
    column = layout.column(align=True)
    for shape in shapes:
        column.prop(armature, path_of(shape), text=shape, slider=True, translate=False)


class FaceGroup(PortraitPanel):
    """The sliders of one group, in a panel of their own."""

    bl_parent_id = "PORTRAITKIT_PT_face"
    bl_options = {"DEFAULT_CLOSED"}
    group = ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Where there are any."""
        avatar = selected_avatar(context)
        return avatar is not None and any(property_of(shape) in avatar.armature for shape in GROUPS[cls.group])

    def draw(self, context: bpy.types.Context) -> None:
        """Them all."""
        avatar = selected_avatar(context)
        if avatar is not None:
            there = shapes_of(avatar.armature)
            draw_sliders(self.layout, avatar.armature, [shape for shape in GROUPS[self.group] if shape in there])


CLASSES = (
    PORTRAITKIT_PT_face,
    *(
        group_panel(FaceGroup, f"PORTRAITKIT_PT_face_{group}", label, group)
        for group, label in zip(GROUPS, GROUP_LABELS, strict=True)
    ),
)
