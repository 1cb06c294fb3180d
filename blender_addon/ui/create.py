# SPDX-License-Identifier: GPL-3.0-or-later
"""The Create panel: who it is, the gallery, what is made, and the Generate button."""

from typing import Any

import bpy

from ..base.wrap import say
from ..core.engine_copies import recipe_fields
from ..jobs.gallery import gallery
from ..jobs.recipe_properties import IN_PANEL, PLAIN
from ..jobs.recipes import OF_PARTS, topology_of
from ..jobs.session import session
from ..jobs.settings import PORTRAITKIT_PG_settings, settings_of
from ..locale import T_
from .parts import draw_state


class PortraitPanel:
    """Where all our panels are."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Portrait"


class PORTRAITKIT_MT_models(bpy.types.Menu):
    """The models that the engine knows."""

    bl_idname = "PORTRAITKIT_MT_models"
    bl_label = "Models"
    bl_description = "The models that the engine knows"

    def draw(self, _context: bpy.types.Context) -> None:
        """One line each; those that cannot be used say why."""
        for model in (session.capabilities or {}).get("models", ()):
            usable = model.get("available", True) is True
            row = self.layout.row()
            row.enabled = usable
            text = model["name"] if usable else f"{model['name']}: {model['available']}"
            row.operator("portraitkit.pick_model", text=text, translate=False).name = model["name"]


class PORTRAITKIT_PT_create(PortraitPanel, bpy.types.Panel):
    """Who it is, and Generate."""

    bl_idname = "PORTRAITKIT_PT_create"
    bl_label = "Create"
    bl_order = 1

    def draw(self, context: bpy.types.Context) -> None:
        """What is going on, then the settings; without an engine only how to get one."""
        layout = self.layout
        draw_state(layout, context)
        if not session.link.is_set_up:
            return
        settings = settings_of(context)
        draw_person(layout, settings)
        busy = bool(session.running("generate"))
        column = layout.column()
        column.scale_y = 1.6
        column.operator("portraitkit.generate", text="Generate Another" if busy else "Generate", icon="USER")


class PORTRAITKIT_PT_gallery(PortraitPanel, bpy.types.Panel):
    """Pictures of people to pick from."""

    bl_idname = "PORTRAITKIT_PT_gallery"
    bl_parent_id = "PORTRAITKIT_PT_create"
    bl_label = "Gallery"
    bl_order = 0

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Only with an engine that makes pictures; one that has not told yet is believed to."""
        return session.link.is_set_up and (session.capabilities is None or session.has_feature("preview"))

    def draw(self, context: bpy.types.Context) -> None:
        """Buttons that fill it, and the pictures."""
        layout = self.layout
        settings = settings_of(context)
        busy = bool(session.running("gallery"))
        column = layout.column(align=True)
        column.enabled = not busy
        row = column.row(align=True)
        row.operator("portraitkit.explore", icon="VIEWZOOM")
        row.prop(settings, "explore_count", text="")
        row = column.row(align=True)
        row.operator("portraitkit.more_like_this", icon="COMMUNITY")
        row.prop(settings, "vary_strength", text="", slider=True)
        pair = gallery.pair
        row = column.row(align=True)
        row.enabled = pair is not None
        if pair is None:
            row.operator("portraitkit.between", text="Between: pick two people", icon="ARROW_LEFTRIGHT")
        else:
            text = T_("Between {first} and {second}", first=pair[0] + 1, second=pair[1] + 1)
            row.operator("portraitkit.between", text=text, icon="ARROW_LEFTRIGHT", translate=False)
        if gallery.cells:
            draw_cells(layout, context)


class PORTRAITKIT_PT_attributes(PortraitPanel, bpy.types.Panel):
    """The model's sliders."""

    bl_idname = "PORTRAITKIT_PT_attributes"
    bl_parent_id = "PORTRAITKIT_PT_create"
    bl_label = "Attributes"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 1

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """As soon as there is an engine: a panel that comes and goes moves the others about."""
        return session.link.is_set_up

    def draw(self, context: bpy.types.Context) -> None:
        """A tick, a slider and a lock each; headings where the model has groups."""
        layout = self.layout
        if not settings_of(context).attributes:
            known = session.capabilities is not None
            text = "This model has nothing to set." if known else "The sliders come when the engine has started."
            say(layout, text, context, "INFO")
            return
        layout.operator("portraitkit.randomise", icon="FILE_REFRESH")
        heading = ""
        column = layout.column(align=True)
        for each in settings_of(context).attributes:
            if each.group != heading:
                heading = each.group
                column.label(text=heading)
            row = column.row(align=True)
            row.prop(each, "used", text="")
            slider = row.row(align=True)
            slider.active = each.used
            slider.prop(each, "value", text=each.label, slider=True, translate=False)
            lock = row.row(align=True)
            lock.enabled = each.used
            lock.prop(each, "locked", text="", icon="LOCKED" if each.locked else "UNLOCKED")


class PORTRAITKIT_PT_mesh(PortraitPanel, bpy.types.Panel):
    """What is made: mesh, maps, rig."""

    bl_idname = "PORTRAITKIT_PT_mesh"
    bl_parent_id = "PORTRAITKIT_PT_create"
    bl_label = "Mesh, Maps and Rig"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 2

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Only with an engine."""
        return session.link.is_set_up

    def draw(self, context: bpy.types.Context) -> None:
        """Plain properties."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        settings = settings_of(context)
        for section in recipe_fields.SECTIONS:
            if section != "person":
                draw_section(layout.column(), settings, section)
        layout.prop(settings, "neck_at_cursor")


def draw_section(column: Any, settings: PORTRAITKIT_PG_settings, section: str) -> None:
    """The recipe fields of a section, in the order of the table; some in a form of their own."""
    for row in IN_PANEL:
        if row.section != section:
            continue
        if row.name == "lods":
            column.prop(settings, "levels")
        elif row.name == "lod_maps":
            line = column.row()
            line.enabled = settings.levels > 0
            line.prop(settings, "shared_maps")
        elif row.name in OF_PARTS:
            line = column.column()
            line.enabled = topology_of(settings) == "parts"
            line.prop(settings, row.name)
        elif row in PLAIN or row.name in ("texture_size", "topology"):
            column.prop(settings, row.name, slider=row.kind == "number")


def draw_person(layout: Any, settings: PORTRAITKIT_PG_settings) -> None:
    """Model, seed and variation."""
    column = layout.column(align=True)
    if session.capabilities is not None:
        column.menu("PORTRAITKIT_MT_models", text=settings.model, icon="OUTLINER_DATA_ARMATURE", translate=False)
    else:
        row = column.row()
        row.enabled = False  # the engine tells its models when it has started
        row.prop(settings, "model")
    row = column.row(align=True)
    if settings.person:
        row.label(text="Picked from the gallery", icon="USER")
        row.operator("portraitkit.clear_person", text="", icon="X")
    else:
        row.prop(settings, "seed")
    row.operator("portraitkit.dice", text="", icon="FILE_REFRESH")
    draw_section(column, settings, "person")


def draw_cells(layout: Any, context: bpy.types.Context) -> None:
    """The pictures with a button under each."""
    width = getattr(context.region, "width", 300) if context.region is not None else 300
    scale = bpy.context.preferences.system.ui_scale or 1.0
    columns = max(2, int(width / (95 * scale)))
    grid = layout.grid_flow(row_major=True, columns=columns, even_columns=True, even_rows=True, align=True)
    for index, _cell in enumerate(gallery.cells):
        box = grid.column(align=True)
        icon = gallery.icon(index)
        if icon:
            box.template_icon(icon_value=icon, scale=4.5)
        else:
            empty = box.column()
            empty.scale_y = 4.5
            empty.label(text="", icon="TIME")
        box.operator(
            "portraitkit.pick",
            text=str(index + 1),
            depress=index in gallery.picks,
            icon="CHECKMARK" if index == gallery.picked else "NONE",
            translate=False,
        ).index = index
    row = layout.row()
    row.label(text=gallery.title)
    row.operator("portraitkit.clear_gallery", icon="X")


CLASSES = (
    PORTRAITKIT_MT_models,
    PORTRAITKIT_PT_create,
    PORTRAITKIT_PT_gallery,
    PORTRAITKIT_PT_attributes,
    PORTRAITKIT_PT_mesh,
)
