# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether something may come into the scene now: not under a tool that runs, nor in a mode that it would end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import bpy

MODE = "It comes in when you are back in object mode."
TOOL = "It comes in when the tool that runs has ended."
PLAYBACK = "It comes in when the animation is stopped."
RENDER = "It comes in when the render is done."
_CALM = {"OBJECT", "POSE"}
"""Modes that lose nothing by being left and entered again."""


def why_not() -> str:
    """What the scene has to end before something comes in by itself; nothing where the coast is clear."""
    windows = list(bpy.context.window_manager.windows)
    if any(tools_of(window) for window in windows):
        return TOOL
    if any(window.screen.is_animation_playing for window in windows):
        return PLAYBACK
    if any(bpy.app.is_job_running(kind) for kind in ("RENDER", "OBJECT_BAKE")):
        return RENDER
    return MODE if busy_mode(windows) else ""


def tools_of(window: Any) -> list[str]:
    """The operators that run in a window until the user ends them."""
    return [each.bl_idname for each in window.modal_operators]


def busy_mode(windows: Iterable[Any]) -> bool:
    """Whether a window shows an object in edit, sculpt, paint or another mode that an import would end."""
    active = [window.view_layer.objects.active for window in windows if window.view_layer is not None]
    return any(each is not None and each.mode not in _CALM for each in active)


def needs_calm_mode(_context: bpy.types.Context) -> str:
    """A condition: no window is in a mode that an import would end. A tool cannot run while a button is pressed."""
    busy = busy_mode(bpy.context.window_manager.windows)
    return "Go back to object mode first" if busy else ""
