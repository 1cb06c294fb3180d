# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's timer for the session, and the handlers that keep it alive when another file is opened."""

from __future__ import annotations

import logging

import bpy
from bpy.app.handlers import persistent

from . import attributes, files

log = logging.getLogger("portraitkit")

longest_step = 0.0


def tick() -> float | None:
    """The timer's function. It never raises: Blender drops a timer that does."""
    from .session import session

    try:
        return session.step()
    except Exception:
        log.exception("a step of the engine session failed")
        return 1.0


def start() -> None:
    """Have :func:`tick` called from now on. Calling it again makes the next call come at once."""
    stop()
    bpy.app.timers.register(tick, first_interval=0.0, persistent=True)


def stop() -> None:
    """No more calls."""
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)


def show_error() -> None:
    """Open the error dialog in a moment: not inside a step, and only where there is a window to open it in."""
    if not bpy.app.background and not bpy.app.timers.is_registered(_open_dialog):
        bpy.app.timers.register(_open_dialog, first_interval=0.01, persistent=True)


def _open_dialog() -> None:
    windows = bpy.context.window_manager.windows
    if not windows:
        return
    try:
        with bpy.context.temp_override(window=windows[0]):
            bpy.ops.portraitkit.error_dialog("INVOKE_DEFAULT")
    except Exception:
        # the panel shows the same error with the same buttons
        log.exception("the error dialog could not be opened")


@persistent
def after_load(*_: object) -> None:
    """Another file is open: it gets the model's sliders, and the timer goes on."""
    from .session import session

    attributes.match_all()
    if session.tasks or session.link.is_open:
        start()


@persistent
def after_undo(*_: object) -> None:
    """Undo may have gone back to before the sliders were there."""
    attributes.match_all()


HANDLERS = (
    ("load_pre", files.count_load),
    ("load_post", after_load),
    ("undo_post", after_undo),
    ("redo_post", after_undo),
)


def register() -> None:
    """Add the handlers."""
    for name, function in HANDLERS:
        getattr(bpy.app.handlers, name).append(function)


def unregister() -> None:
    """Stop the timer and take the handlers away."""
    stop()
    if bpy.app.timers.is_registered(_open_dialog):
        bpy.app.timers.unregister(_open_dialog)
    for name, function in HANDLERS:
        handlers = getattr(bpy.app.handlers, name)
        if function in handlers:
            handlers.remove(function)
