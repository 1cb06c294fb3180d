# SPDX-License-Identifier: GPL-3.0-or-later
"""The Create panel: who it is, what is made, and the Generate button."""

from typing import Any

import bpy

from ..base.wrap import say
from ..core.engine_copies import recipe_fields
from ..jobs.recipe_properties import IN_PANEL, LIKENESS, PLAIN
from ..jobs.recipes import OF_PARTS, topology_of
from ..jobs.session import session
from ..jobs.settings import PORTRAITKIT_PG_settings, settings_of
from .description import draw_description
from .parts import draw_state


class PortraitPanel:
    """Where all our panels are."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Portrait"


def group_panel(base: type, idname: str, label: str, group: str, order: int = 0) -> type:
    """A panel below another, of the sliders of one ``group``, which ``base`` draws."""
    facts = {
        "__doc__": f"Sliders of the group {group}.",
        "__module__": base.__module__,
        "bl_idname": idname,
        "bl_label": label,
        "bl_order": order,
        "group": group,
    }
    return type(idname, (base, bpy.types.Panel), facts)


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
        draw_description(layout, settings)
        busy = bool(session.running("generate"))
        column = layout.column()
        column.scale_y = 1.6
        column.operator("portraitkit.generate", text="Generate Another" if busy else "Generate", icon="USER")
        layout.operator("portraitkit.from_photo", text="From a Photo...", icon="IMAGE_DATA")


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
        of_photo = LIKENESS in settings.person
        row.label(text="From a photograph" if of_photo else "Picked from the gallery", icon="USER")
        row.operator("portraitkit.clear_person", text="", icon="X")
    else:
        row.prop(settings, "seed")
    row.operator("portraitkit.dice", text="", icon="FILE_REFRESH")
    draw_section(column, settings, "person")


CLASSES = (
    PORTRAITKIT_MT_models,
    PORTRAITKIT_PT_create,
    PORTRAITKIT_PT_attributes,
    PORTRAITKIT_PT_mesh,
)
