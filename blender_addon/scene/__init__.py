# SPDX-License-Identifier: GPL-3.0-or-later
"""Avatars in the scene: imported, told apart, posed, moved, made anew in their place, exported."""

from __future__ import annotations

from . import (
    asset,
    body_operators,
    export,
    face_operators,
    face_settings,
    hair_operator,
    import_operator,
    pose,
    region_operator,
    rig_operators,
    sliders,
)

_MODULES = (
    sliders,
    face_settings,
    import_operator,
    hair_operator,
    region_operator,
    asset,
    pose,
    rig_operators,
    face_operators,
    body_operators,
    export,
)
CLASSES: tuple[type, ...] = tuple(each for module in _MODULES for each in module.CLASSES)


def register() -> None:
    """Pose sliders on objects, and what the Face panel remembers."""
    sliders.register()
    face_settings.register()
    face_operators.register()


def unregister() -> None:
    """Take them away."""
    face_operators.unregister()
    face_settings.unregister()
    sliders.unregister()
