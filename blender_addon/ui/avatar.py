# SPDX-License-Identifier: GPL-3.0-or-later
"""The Avatar and Export panels: what is done with avatars that are there."""

from typing import Any

import bpy

from ..base.wrap import say
from ..jobs.recipe_properties import FIELDS
from ..jobs.recipes import by_numbers
from ..jobs.session import session
from ..jobs.settings import settings_of
from ..locale import T_
from ..scene.body_attached import notes_of
from ..scene.identity import Avatar, selected_avatar
from ..scene.region_masks import masked_meshes
from .create import PortraitPanel

SHOWN = ("model", "seed", "psi", "faces", "texture_size", "skeleton")


class PORTRAITKIT_PT_avatar(PortraitPanel, bpy.types.Panel):
    """The selected avatar."""

    bl_idname = "PORTRAITKIT_PT_avatar"
    bl_label = "Avatar"
    bl_order = 3

    def draw(self, context: bpy.types.Context) -> None:
        """Its recipe and what can be done with it; a word where none is selected."""
        layout = self.layout
        avatar = selected_avatar(context)
        if avatar is None:
            say(layout, "Select an avatar to see how it was made and to change it.", context, "INFO")
        else:
            layout.label(text=avatar.name, icon="ARMATURE_DATA", translate=False)
            draw_recipe(layout, avatar.recipe)
            draw_parts(layout, avatar)
            column = layout.column(align=True)
            column.operator("portraitkit.take_recipe", icon="GREASEPENCIL")
            column.operator("portraitkit.regenerate", icon="FILE_REFRESH")
            column.operator("portraitkit.show", icon="ZOOM_SELECTED")
            if "hair" in avatar.parts:
                offer(layout, "portraitkit.hair_curves", "CURVES_DATA")
            if masked_meshes(avatar):
                offer(layout, "portraitkit.region_groups", "GROUP_VERTEX")
            offer(layout, "portraitkit.mark_asset", "ASSET_MANAGER")
            attached = notes_of(avatar.armature) is not None
            offer(layout, f"portraitkit.{'detach' if attached else 'attach'}_body", "ARMATURE_DATA")
        column = layout.column(align=True)
        column.operator("portraitkit.bake", icon="RENDER_STILL")
        column.operator("portraitkit.remesh_bake", icon="MOD_REMESH")


class PORTRAITKIT_PT_export(PortraitPanel, bpy.types.Panel):
    """Files for other programs."""

    bl_idname = "PORTRAITKIT_PT_export"
    bl_label = "Export"
    bl_order = 6
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """The selected avatar, and many into a folder."""
        layout = self.layout
        column = layout.column(align=True)
        offer(column, "portraitkit.export_avatar", "EXPORT")
        column.operator("portraitkit.export_vrm", icon="OUTLINER_OB_ARMATURE")
        column.operator("portraitkit.bring_in_vrm", icon="IMPORT")
        column.operator("portraitkit.save_recipe", icon="TEXT")
        settings = settings_of(context)
        box = layout.box()
        box.label(text="Many at once", icon="FILE_FOLDER")
        column = box.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "batch_count")
        column.prop(settings, "batch_folder")
        column.prop(settings, "batch_format")
        column.prop(settings, "batch_overwrite")
        formats = (session.capabilities or {}).get("formats")
        button = box.column()
        if formats is not None and settings.batch_format not in formats:
            say(box, "The engine cannot write this format here; .glb always works.", context, "ERROR")
            button.enabled = False
        text = T_("Export {count} Variations", count=settings.batch_count)
        button.operator("portraitkit.batch", text=text, icon="EXPORT", translate=False)
        libraries = box.column(align=True)
        libraries.operator("portraitkit.make_library", icon="ASSET_MANAGER")
        libraries.operator("portraitkit.add_library", icon="ADD")


def draw_recipe(layout: Any, recipe: dict[str, Any]) -> None:
    """The recipe's main facts."""
    box = layout.box().column(align=True)
    box.scale_y = 0.8
    for name in SHOWN:
        if name in recipe:
            row = box.split(factor=0.45)
            row.label(text=FIELDS[name].label)
            row.label(
                text=str(round(recipe[name], 3) if isinstance(recipe[name], float) else recipe[name]),
                translate=False,
            )
    if by_numbers(recipe):
        box.label(text="Picked from the gallery")
    for name, value in sorted(recipe.get("attributes", {}).items()):
        row = box.split(factor=0.45)
        row.label(text=name.replace("_", " ").title(), translate=False)
        row.label(text=f"{value:+.2f}", translate=False)


def draw_parts(layout: Any, avatar: Avatar) -> None:
    """Each part of the avatar with its switches for the viewport and for renders; nothing for one in one piece."""
    parts = avatar.parts
    if not parts:
        return
    box = layout.box().column(align=True)
    box.label(text="Parts")
    for name, objects in parts.items():
        row = box.row(align=True)
        row.label(text=name.replace("_", " ").title(), translate=False)
        row.prop(objects[0], "hide_viewport", text="", emboss=False)
        row.prop(objects[0], "hide_render", text="", emboss=False)


def offer(layout: Any, operator: str, icon: str, **settings: Any) -> None:
    """A button for an operator of another room, where that room came up."""
    room, name = operator.split(".")
    if hasattr(bpy.types, f"{room.upper()}_OT_{name}"):
        button = layout.operator(operator, icon=icon)
        for key, value in settings.items():
            setattr(button, key, value)


CLASSES = (PORTRAITKIT_PT_avatar, PORTRAITKIT_PT_export)
