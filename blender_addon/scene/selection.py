# SPDX-License-Identifier: GPL-3.0-or-later
"""What is selected and active: set for an operator of Blender's, and given back whatever was removed meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy


def object_mode() -> None:
    """Leave the mode that the active object is in."""
    if bpy.context.mode != "OBJECT" and bpy.ops.object.mode_set.poll():
        bpy.ops.object.mode_set(mode="OBJECT")


def select_only(thing: bpy.types.Object) -> None:
    """Make an object the active one and the only one selected, where the view layer shows it."""
    layer = bpy.context.view_layer
    # What was linked a moment ago is among the layer's objects only after somebody asked for its collections.
    list(layer.layer_collection.children)
    for each in layer.objects:
        if each.select_get(view_layer=layer):
            each.select_set(False, view_layer=layer)
    if thing.name in layer.objects:
        thing.select_set(True, view_layer=layer)
        layer.objects.active = thing


@contextmanager
def kept_selection() -> Iterator[None]:
    """Give the selection and the active object back at the end, as far as those objects are still there.

    Objects are remembered by number: one that was removed must not be asked even for its name.
    """
    layer = bpy.context.view_layer
    chosen = {each.session_uid for each in layer.objects if each.select_get(view_layer=layer)}
    active = layer.objects.active.session_uid if layer.objects.active is not None else None
    try:
        yield
    finally:
        there = [each for each in layer.objects if each is not None]  # None: removed a moment ago
        for each in there:
            each.select_set(each.session_uid in chosen, view_layer=layer)
        layer.objects.active = next((each for each in there if each.session_uid == active), None)
