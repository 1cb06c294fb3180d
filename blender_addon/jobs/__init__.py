# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs room: the engine session, the work behind the buttons, and the operators that start it."""

from __future__ import annotations

from . import (
    asset_library,
    bake,
    batch,
    crowd,
    describing,
    engine_care,
    error_dialog,
    gallery_view,
    handlers,
    kept_arrivals,
    look_operators,
    make,
    own_settings,
    people,
    photo,
    place_person,
    pose_files,
    recipe_files,
    report,
    settings,
    setup,
    textures_follow,
    vrm,
    waiting,
)
from .gallery import gallery
from .live import live
from .session import session

CLASSES: tuple[type, ...] = (
    *settings.CLASSES,
    *error_dialog.CLASSES,
    *report.CLASSES,
    *setup.CLASSES,
    *engine_care.CLASSES,
    *make.CLASSES,
    *look_operators.CLASSES,
    *bake.CLASSES,
    *batch.CLASSES,
    *waiting.CLASSES,
    *crowd.CLASSES,
    *gallery_view.CLASSES,
    *people.CLASSES,
    *describing.CLASSES,
    *place_person.CLASSES,
    *recipe_files.CLASSES,
    *asset_library.CLASSES,
    *vrm.CLASSES,
    *photo.CLASSES,
    *pose_files.CLASSES,
)


def register() -> None:
    """Settings on scenes, and the handlers that keep the session going."""
    settings.register()
    gallery_view.register()
    own_settings.register()
    textures_follow.register()
    handlers.register()


def unregister() -> None:
    """End the worker and all work, then take everything back."""
    setup.stop()
    live.forget()
    session.close()
    kept = not session.waits
    if kept:
        kept_arrivals.note(session.notices.waiting)
    session.notices.forget(keeps=kept)
    kept_arrivals.leave()
    gallery.clear()
    error_dialog.opener.stop()
    handlers.unregister()
    gallery_view.unregister()
    textures_follow.unregister()
    own_settings.unregister()
    settings.unregister()
