# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's handlers that keep the session alive when another file is opened or the user goes back."""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from . import attributes, files
from .session import session


@persistent
def after_load(*_: object) -> None:
    """Another file is open: it gets the model's sliders, and the timer goes on."""
    attributes.match_all()
    if session.tasks or session.link.is_open:
        session.ticker.start()


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
    """Take the handlers away."""
    for name, function in HANDLERS:
        handlers = getattr(bpy.app.handlers, name)
        if function in handlers:
            handlers.remove(function)
