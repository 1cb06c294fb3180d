# SPDX-License-Identifier: GPL-3.0-or-later
"""Work in the scene that asked for it, after which every window shows and holds what it did before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import bpy

from .selection import kept_selection


@dataclass(frozen=True)
class Asked:
    """Scene, view layer and window that something was asked from, by numbers: objects of Blender's do not last."""

    scene: int
    layer: str
    window: int

    def find_scene(self) -> bpy.types.Scene | None:
        """The scene; None where it was deleted."""
        return next((each for each in bpy.data.scenes if each.session_uid == self.scene), None)

    def find_window(self) -> bpy.types.Window | None:
        """The window; where that was closed another that shows the scene, else any. None without windows."""
        windows = list(bpy.context.window_manager.windows)
        own = [each for each in windows if each.as_pointer() == self.window]
        showing = [each for each in windows if each.scene.session_uid == self.scene]
        return next(iter([*own, *showing, *windows]), None)


def asked_from(context: bpy.types.Context) -> Asked:
    """Where an operator was called."""
    window = context.window
    return Asked(context.scene.session_uid, context.view_layer.name, window.as_pointer() if window is not None else 0)


@contextmanager
def undisturbed(asked: Asked, *, selects: bool = False) -> Iterator[None]:
    """Be in the scene of ``asked``, in object mode; at the end all is given back.

    Kept are the scene and view layer of every window, and of the scene of ``asked`` the mode, the frames and, unless
    the work ``selects`` what it made, the selection and the active object. Raises KeyError where the scene is gone.
    """
    scene, window = asked.find_scene(), asked.find_window()
    if scene is None:
        raise KeyError("the scene that asked is gone")
    if window is None:
        with _kept_scene(scene, selects=selects):
            yield
        return
    shown = [(each, each.scene, each.view_layer.name) for each in bpy.context.window_manager.windows]
    _show(window, scene, asked.layer)
    try:
        # The scene comes through the window: Blender's importer looks there, whatever an override says.
        with bpy.context.temp_override(window=window), _kept_scene(scene, selects=selects):
            yield
    finally:
        for each, its, layer in shown:  # a window's children show the scene that it shows
            _show(each, its, layer)


def _show(window: bpy.types.Window, scene: bpy.types.Scene, layer: str) -> None:
    if window.scene != scene:
        window.scene = scene
    wanted = scene.view_layers.get(layer)
    if wanted is not None and window.view_layer != wanted:
        window.view_layer = wanted


@contextmanager
def _kept_scene(scene: bpy.types.Scene, *, selects: bool) -> Iterator[None]:
    layer = bpy.context.view_layer
    active = layer.objects.active
    mode = active.mode if active is not None else "OBJECT"
    collection = layer.active_layer_collection.name
    frames = (scene.frame_start, scene.frame_end)
    now, part = scene.frame_current, scene.frame_subframe
    if mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    try:
        if selects and mode == "OBJECT":
            yield
        else:
            with kept_selection():
                yield
    finally:
        if (scene.frame_start, scene.frame_end) != frames:
            scene.frame_start, scene.frame_end = frames
        if (scene.frame_current, scene.frame_subframe) != (now, part):
            scene.frame_set(now, subframe=part)
        found = _layer_collection(layer.layer_collection, collection)
        if found is not None and layer.active_layer_collection != found:
            layer.active_layer_collection = found
        if mode != "OBJECT" and layer.objects.active is not None:
            bpy.ops.object.mode_set(mode=mode)


def _layer_collection(root: bpy.types.LayerCollection, name: str) -> bpy.types.LayerCollection | None:
    if root.name == name:
        return root
    return next(filter(None, (_layer_collection(each, name) for each in root.children)), None)
