# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells Blender about the add-on's rooms, in order, and takes everything back in reverse.

A room is a package with `CLASSES` (in the order of registration) and, if it needs them, `register()` for
properties, handlers, menus and keymaps, and `unregister()`. A room that fails is taken back whole; the others still
come up, and a panel in the sidebar says what is missing and why.
"""

from __future__ import annotations

import importlib
import logging
import traceback
from types import ModuleType

import bpy

from . import locale, start_failure
from .core.failure import Failure
from .core.text import Text

LOG = logging.getLogger("portraitkit")
ROOMS = ("scene", "jobs", "ui")

_standing: list[ModuleType] = []


def register() -> None:
    """Bring up the words, then every room."""
    if _standing:  # left over by a registration that Blender broke off
        unregister()
    locale.register()
    start_failure.FAILURES.clear()
    for name in ROOMS:
        try:
            room = importlib.import_module(f".{name}", __package__)
            _bring_up(room)
        except Exception as error:
            LOG.exception("the part %r did not start", name)
            reason = str(error) or type(error).__name__
            message = Text("The part “{part}” failed: {reason}", part=name, reason=reason)
            start_failure.FAILURES[name] = Failure("internal", message, detail=traceback.format_exc())
        else:
            _standing.append(room)
    if start_failure.FAILURES:
        start_failure.register()


def unregister() -> None:
    """Take every room back in reverse, whatever one of them says."""
    start_failure.unregister()
    while _standing:
        _take_down(_standing.pop())
    locale.unregister()


def _bring_up(room: ModuleType) -> None:
    """Register a room's classes, then its properties; on a failure nothing of it stays."""
    done: list[type] = []
    try:
        for each in room.CLASSES:
            bpy.utils.register_class(each)
            done.append(each)
        if hasattr(room, "register"):
            room.register()
    except Exception:
        if len(done) == len(room.CLASSES):  # register() broke off half way: unregister() takes back what it can
            _quietly(getattr(room, "unregister", None), room)
        _unregister_classes(done)
        raise


def _take_down(room: ModuleType) -> None:
    _quietly(getattr(room, "unregister", None), room)
    _unregister_classes(list(room.CLASSES))


def _quietly(function: object, room: ModuleType) -> None:
    """Call a room's own end; a fault there must not keep the rest registered."""
    if not callable(function):
        return
    try:
        function()
    except Exception:
        LOG.exception("the part %r did not end cleanly", room.__name__)


def _unregister_classes(classes: list[type]) -> None:
    for each in reversed(classes):
        try:
            bpy.utils.unregister_class(each)
        except (RuntimeError, ValueError):
            LOG.exception("%s did not unregister", each.__name__)
