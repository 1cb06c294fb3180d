# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's handlers that keep the session alive when another file is opened or the user goes back."""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from ..base.ticker import Ticker
from ..scene.datablocks import remove_unfinished
from ..scene.identity import avatars_of
from . import attributes, files, kept_arrivals
from .arrivals import arrivals
from .live import live
from .session import session


@persistent
def before_change(*_: object) -> None:
    """Another file is opened, or this one is saved: nothing of an avatar that is only half there goes with it."""
    arrivals.interrupt()


@persistent
def after_load(*_: object) -> None:
    """Another file is open: it gets the model's sliders, and the timer goes on."""
    remove_unfinished()
    attributes.match_all()
    live.forget()
    for each in avatars_of():
        live.notice(each.armature)
    if session.tasks or session.link.is_open:
        session.ticker.start()


@persistent
def after_undo(*_: object) -> None:
    """Undo may have gone back to before the sliders were there, or moved those of avatars."""
    arrivals.interrupt()
    remove_unfinished()
    attributes.match_all()
    for each in avatars_of():
        live.notice(each.armature)


@persistent
def after_change(_scene: object, depsgraph: bpy.types.Depsgraph) -> None:
    """Something has changed: perhaps a slider of an avatar."""
    for update in depsgraph.updates:
        changed = update.id
        if isinstance(changed, bpy.types.Object) and changed.type == "ARMATURE":
            live.notice(changed.original, waits=True)


@persistent
def after_frame(*_: object) -> None:
    """Keys and drivers may have moved sliders; in the background, where frames are rendered, the mesh is waited for."""
    for each in avatars_of():
        live.notice(each.armature)
        if bpy.app.background and each.armature.animation_data is not None:
            live.catch_up(each.armature)


HANDLERS = (
    ("load_pre", files.count_load),
    ("load_pre", before_change),
    ("save_pre", before_change),
    ("load_post", after_load),
    ("undo_post", after_undo),
    ("redo_post", after_undo),
    ("depsgraph_update_post", after_change),
    ("frame_change_post", after_frame),
)


def begin() -> None:
    """The file that is open while the add-on is switched on gets its sliders; avatars of the last time are offered."""
    attributes.match_all()
    if not session.waits:
        arrivals.waiting.extend(kept_arrivals.take_up())


first = Ticker(begin, "the first sliders")
"""As soon as the file may be changed."""


def register() -> None:
    """Add the handlers."""
    first.start(0.1)
    for name, function in HANDLERS:
        getattr(bpy.app.handlers, name).append(function)


def unregister() -> None:
    """Take the handlers away."""
    first.stop()
    for name, function in HANDLERS:
        handlers = getattr(bpy.app.handlers, name)
        if function in handlers:
            handlers.remove(function)
