# SPDX-License-Identifier: GPL-3.0-or-later
"""Avatars that belong to another .blend file: what can be done with them, and why the rest cannot."""

from __future__ import annotations

import bpy

from .identity import selected_avatar


def needs_editable(context: bpy.types.Context) -> str:
    """A condition: the selected avatar's bones can be moved here. None selected is for another condition to say."""
    avatar = selected_avatar(context)
    if avatar is None or avatar.armature.library is None:
        return ""
    return "The avatar is linked from another file: use Object > Library Override > Make first"


def needs_local(context: bpy.types.Context) -> str:
    """A condition: the selected avatar's objects, meshes and bones are this file's own."""
    avatar = selected_avatar(context)
    if avatar is None:
        return ""
    objects = [avatar.armature, *avatar.meshes]
    if all(each.library is None and each.override_library is None and each.data.library is None for each in objects):
        return ""
    return "The avatar belongs to another file: use Object > Relations > Make Local first, or change it there"
