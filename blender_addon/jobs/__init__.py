# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs room: the engine session, the work behind the buttons, and the operators that start it."""

from __future__ import annotations

from . import (
    bake,
    batch,
    crowd,
    error_dialog,
    gallery_view,
    handlers,
    make,
    people,
    pose_files,
    report,
    settings,
    setup,
    waiting,
)
from .gallery import gallery
from .session import session

CLASSES: tuple[type, ...] = (
    *settings.CLASSES,
    *error_dialog.CLASSES,
    *report.CLASSES,
    *setup.CLASSES,
    *make.CLASSES,
    *bake.CLASSES,
    *batch.CLASSES,
    *waiting.CLASSES,
    *crowd.CLASSES,
    *gallery_view.CLASSES,
    *people.CLASSES,
    *pose_files.CLASSES,
)


def register() -> None:
    """Settings on scenes, and the handlers that keep the session going."""
    settings.register()
    gallery_view.register()
    handlers.register()


def unregister() -> None:
    """End the worker and all work, then take everything back."""
    setup.stop()
    session.close()
    session.notices.forget()
    gallery.clear()
    error_dialog.opener.stop()
    handlers.unregister()
    gallery_view.unregister()
    settings.unregister()
