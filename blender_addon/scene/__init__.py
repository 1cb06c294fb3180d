# SPDX-License-Identifier: GPL-3.0-or-later
"""Avatars in the scene: imported, told apart, posed, moved, made anew in their place, exported."""

from __future__ import annotations

from . import asset, export, hair_operator, import_operator, pose, sliders

_MODULES = (sliders, import_operator, hair_operator, asset, pose, export)
CLASSES: tuple[type, ...] = tuple(each for module in _MODULES for each in module.CLASSES)


def register() -> None:
    """Pose sliders on objects."""
    sliders.register()


def unregister() -> None:
    """Take them away."""
    sliders.unregister()
