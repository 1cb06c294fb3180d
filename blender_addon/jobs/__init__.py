# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs room: the engine session, the work behind the buttons, and the operators that start it."""

from __future__ import annotations

from . import bake, batch, faults, make, people, pose_files, settings, setup, ticking
from .gallery import gallery
from .session import session

CLASSES: tuple[type, ...] = (
    *settings.CLASSES,
    *faults.CLASSES,
    *setup.CLASSES,
    *make.CLASSES,
    *bake.CLASSES,
    *batch.CLASSES,
    *people.CLASSES,
    *pose_files.CLASSES,
)


def register() -> None:
    """Settings on scenes, and the handlers that keep the session going."""
    settings.register()
    ticking.register()


def unregister() -> None:
    """End the worker and all work, then take everything back."""
    setup.stop()
    session.close()
    session.notices.forget()
    gallery.clear()
    ticking.unregister()
    settings.unregister()
