# SPDX-License-Identifier: GPL-3.0-or-later
"""The ui room: preferences and the panels of the sidebar's Portrait tab."""

from __future__ import annotations

from . import avatar, create, face, gallery, gallery_strip, looks, menus, pose, preferences

CLASSES: tuple[type, ...] = (
    *preferences.CLASSES,
    *create.CLASSES,
    *gallery.CLASSES,
    *gallery_strip.CLASSES,
    *avatar.CLASSES,
    *looks.CLASSES,
    *face.CLASSES,
    *pose.CLASSES,
    *menus.CLASSES,
)


def register() -> None:
    """Our lines in Blender's menus, and the gallery in the view."""
    gallery_strip.register()
    menus.register()


def unregister() -> None:
    """Take them away."""
    menus.unregister()
    gallery_strip.unregister()
