# SPDX-License-Identifier: GPL-3.0-or-later
"""The ui room: preferences and the panels of the sidebar's Portrait tab."""

from __future__ import annotations

from . import avatar, create, face, looks, pose, preferences

CLASSES: tuple[type, ...] = (
    *preferences.CLASSES,
    *create.CLASSES,
    *avatar.CLASSES,
    *looks.CLASSES,
    *face.CLASSES,
    *pose.CLASSES,
)
