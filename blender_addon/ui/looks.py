# SPDX-License-Identifier: GPL-3.0-or-later
"""The Attributes panel of the selected avatar: sliders that move its mesh, by groups, with a search."""

from __future__ import annotations

from typing import Any

import bpy

from ..base.wrap import say
from ..core.ages import LACKS
from ..core.attribute_table import GROUPS, grouped, label_of, row_of
from ..core.engine_copies import recipe_fields
from ..jobs import own_settings
from ..jobs.session import session
from ..locale import T_
from ..scene import looks
from ..scene.identity import Avatar, selected_avatar
from .create import PortraitPanel, draw_section, group_panel


class PORTRAITKIT_PT_looks(PortraitPanel, bpy.types.Panel):
    """Who the selected avatar is."""

    bl_idname = "PORTRAITKIT_PT_looks"
    bl_label = "Its Attributes"
    bl_order = 2

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With an avatar."""
        return selected_avatar(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """What holds for all groups; a word where there are no sliders."""
        layout = self.layout
        avatar = selected_avatar(context)
        if avatar is None:
            return
        if avatar.recipe.get("topology") != "parts":
            say(layout, "The mesh of this avatar cannot follow sliders: it is in one piece.", context, "INFO")
            return
        if session.lacks("reshape"):
            say(layout, LACKS, context, "ERROR")
            layout.operator("portraitkit.set_up_engine", text="Update Engine", icon="IMPORT")
        if not looks.names_of(avatar.armature):
            layout.operator("portraitkit.show_looks", icon="PLAY")
            return
        row = layout.row(align=True)
        row.operator("portraitkit.randomise_looks", text="Vary", icon="FILE_REFRESH")
        row.operator("portraitkit.reset_looks", text="Reset", icon="LOOP_BACK")
        manager = context.window_manager
        layout.prop(manager, "portraitkit_follow")
        if not session.link.is_set_up:
            say(layout, "Without the engine the mesh does not follow.", context, "INFO")
        layout.prop(manager, "portraitkit_search", text="", icon="VIEWZOOM")
        if manager.portraitkit_search:
            for own in grouped(looks.names_of(avatar.armature), manager.portraitkit_search).values():
                draw_sliders(layout, avatar, own)


class LookGroup(PortraitPanel):
    """The sliders under one heading, in a panel of their own."""

    bl_parent_id = "PORTRAITKIT_PT_looks"
    bl_options = {"DEFAULT_CLOSED"}
    group = ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Where there are any."""
        avatar = selected_avatar(context)
        return avatar is not None and cls.group in grouped(looks.names_of(avatar.armature))

    def draw(self, context: bpy.types.Context) -> None:
        """Them all, and buttons for this group alone."""
        avatar = selected_avatar(context)
        if avatar is None:
            return
        draw_sliders(self.layout, avatar, grouped(looks.names_of(avatar.armature)).get(self.group, []))
        row = self.layout.row(align=True)
        row.operator("portraitkit.randomise_looks", text="Vary", icon="FILE_REFRESH").group = self.group
        row.operator("portraitkit.reset_looks", text="Reset", icon="LOOP_BACK").group = self.group


def draw_sliders(layout: Any, avatar: Avatar, names: list[str]) -> None:
    """For each attribute its name, a slider with the words for its ends, and a lock."""
    locked = looks.locks_of(avatar.armature)
    column = layout.column(align=True)
    for name in names:
        known = row_of(name)
        row = column.row(align=True)
        words = row.split(factor=0.36, align=True)
        words.label(text=T_(label_of(name)), translate=False)
        ends = " – ".join(T_(each) for each in (known.low_end, known.high_end) if each) if known else ""
        words.prop(avatar.armature, looks.path_of(name), text=ends, slider=True, translate=False)
        icon = "LOCKED" if name in locked else "UNLOCKED"
        row.operator("portraitkit.lock_look", text="", icon=icon, emboss=False).name = name


class PORTRAITKIT_PT_own_settings(PortraitPanel, bpy.types.Panel):
    """How the selected avatar is made."""

    bl_idname = "PORTRAITKIT_PT_own_settings"
    bl_parent_id = "PORTRAITKIT_PT_avatar"
    bl_label = "Its Settings"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 1

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Once they are known."""
        avatar = selected_avatar(context)
        return avatar is not None and own_settings.are_filled(avatar.armature)

    def draw(self, context: bpy.types.Context) -> None:
        """Its own values of what the Create panel has for new ones."""
        avatar = selected_avatar(context)
        if avatar is None:
            return
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        settings = own_settings.of_armature(avatar.armature)
        column = layout.column()
        if not settings.person:
            column.prop(settings, "seed")
        for section in recipe_fields.SECTIONS:
            draw_section(layout.column(), settings, section)
        layout.operator("portraitkit.regenerate", icon="FILE_REFRESH")


CLASSES = (
    PORTRAITKIT_PT_looks,
    *(
        group_panel(LookGroup, f"PORTRAITKIT_PT_looks_{number}", group, group, number)
        for number, group in enumerate(GROUPS)
    ),
    PORTRAITKIT_PT_own_settings,
)
