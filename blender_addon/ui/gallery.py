# SPDX-License-Identifier: GPL-3.0-or-later
"""The Gallery panel: people to pick from, by pictures."""

from __future__ import annotations

from typing import Any

import bpy

from ..jobs import favourites
from ..jobs.gallery import gallery
from ..jobs.gallery_view import PROPERTY
from ..jobs.session import session
from ..jobs.settings import settings_of
from ..locale import T_
from .create import PortraitPanel
from .gallery_strip import PROPERTY as STRIP

UNIT = 20
"""Pixels of one unit of an icon's scale."""
PICTURE = 160
"""Pixels of a picture at least, at the interface's plain scale."""


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
        column.operator("portraitkit.show_favourites", icon="HEART")
        if gallery.cells:
            draw_pictures(layout, context)


def draw_pictures(layout: Any, context: bpy.types.Context) -> None:
    """The picked person's picture, which opens all of them when it is clicked; steps to the next; the heart."""
    box = layout.box()
    row = box.row()
    count = len(gallery.cells)
    place = T_("{number} of {count}", number=(gallery.picked or 0) + 1, count=count)
    row.label(text=f"{T_(gallery.title)}: {place}", translate=False)
    row.operator("portraitkit.clear_gallery", text="", icon="X", emboss=False)
    if gallery.made < count:
        text = T_("{made} of {count} pictures", made=gallery.made, count=count)
        box.progress(text=text, factor=gallery.made / count, translate=False)
    scale = max(PICTURE / UNIT, _room(context) / UNIT)
    box.template_icon_view(context.window_manager, PROPERTY, show_labels=True, scale=scale, scale_popup=PICTURE / UNIT)
    row = box.row(align=True)
    row.operator("portraitkit.step_gallery", text="", icon="TRIA_LEFT").by = -1
    row.operator("portraitkit.step_gallery", text="", icon="TRIA_RIGHT").by = 1
    picked = gallery.picked
    heart = row.row(align=True)
    heart.enabled = picked is not None
    kept = picked is not None and favourites.is_kept(gallery.cells[picked].recipe)
    heart.operator("portraitkit.favourite", depress=kept, icon="HEART")
    box.prop(context.window_manager, STRIP, icon="WINDOW")
    crowd = box.operator("portraitkit.crowd", text=T_("Crowd of {count}", count=count), icon="GROUP", translate=False)
    crowd.source = "GALLERY"


def _room(context: bpy.types.Context) -> float:
    """Half of the panel's width in pixels of the plain scale: a picture as large as that leaves room for the rest."""
    region = context.region
    return (region.width / (bpy.context.preferences.system.ui_scale or 1.0)) / 2 if region is not None else 0.0


CLASSES = (PORTRAITKIT_PT_gallery,)
