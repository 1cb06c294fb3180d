# SPDX-License-Identifier: GPL-3.0-or-later
"""The gallery as Blender shows it: one property whose choices are the pictures, to be clicked."""

from __future__ import annotations

from typing import Any

import bpy

from ..base.operator import PortraitOperator
from ..core.failure import Failure
from ..locale import T_
from . import favourites, recipes
from .gallery import gallery
from .settings import settings_of

PROPERTY = "portraitkit_gallery"
_items: list[tuple[str, str, str, int, int]] = []
"""Blender keeps no reference to the texts of choices: they live here."""


def _choices(_self: Any, _context: Any) -> list[tuple[str, str, str, int, int]]:
    count = len(gallery.cells)
    found = [
        (str(index), T_("{number} of {count}", number=index + 1, count=count), "", gallery.icon(index), index)
        for index in range(count)
    ]
    if found != _items:
        _items[:] = found
    return _items


def _shown(_self: Any) -> int:
    return gallery.picked or 0


def _pick(_self: Any, index: int) -> None:
    recipes.show(settings_of(bpy.context), gallery.pick(index), looks_only=True)


class PORTRAITKIT_OT_step_gallery(PortraitOperator, bpy.types.Operator):
    """Pick the picture before or after the one that is picked."""

    bl_idname = "portraitkit.step_gallery"
    bl_label = "Next Picture"
    bl_description = "Pick the next picture of the gallery, or the one before"

    by: bpy.props.IntProperty(name="Step", description="How many pictures on", default=1, options={"SKIP_SAVE"})

    def perform(self, context: bpy.types.Context) -> None:
        """Go round."""
        if not gallery.cells:
            raise Failure("usage", "The gallery is empty.", "Explore first.")
        start = gallery.picked if gallery.picked is not None else -1 if self.by > 0 else 0
        chosen = gallery.pick((start + self.by) % len(gallery.cells))
        recipes.show(settings_of(context), chosen, looks_only=True)


class PORTRAITKIT_OT_favourite(PortraitOperator, bpy.types.Operator):
    """Keep the picked person."""

    bl_idname = "portraitkit.favourite"
    bl_label = "Favourite"
    bl_description = "Keep the picked person among the favourites, or keep it no longer"
    bl_options = {"REGISTER"}

    index: bpy.props.IntProperty(
        name="Number", description="Which picture; -1: the one picked last", default=-1, min=-1, options={"SKIP_SAVE"}
    )

    def perform(self, _context: bpy.types.Context) -> None:
        """Put it on the list, or take it off."""
        index = self.index if self.index >= 0 else gallery.picked
        if index is None or index >= len(gallery.cells):
            raise Failure("usage", "Nobody is picked.", "Pick somebody in the gallery first.")
        favourites.toggle(gallery.cells[index])


class PORTRAITKIT_OT_show_favourites(PortraitOperator, bpy.types.Operator):
    """The favourites in the gallery."""

    bl_idname = "portraitkit.show_favourites"
    bl_label = "Favourites"
    bl_description = "Show the people that you kept in the gallery"
    bl_options = {"REGISTER"}

    def perform(self, _context: bpy.types.Context) -> None:
        """Fill the gallery."""
        favourites.show()


CLASSES = (PORTRAITKIT_OT_step_gallery, PORTRAITKIT_OT_favourite, PORTRAITKIT_OT_show_favourites)


def register() -> None:
    """The property, for the running Blender alone: no file holds it."""
    setattr(
        bpy.types.WindowManager,
        PROPERTY,
        bpy.props.EnumProperty(
            name="Gallery",
            description="Click to see all pictures, and one of them to pick that person",
            items=_choices,
            get=_shown,
            set=_pick,
            options={"SKIP_SAVE"},
        ),
    )


def unregister() -> None:
    """Take it away."""
    delattr(bpy.types.WindowManager, PROPERTY)
