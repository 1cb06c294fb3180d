# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: the body and the avatar as they were before they were joined."""

from __future__ import annotations

import bpy

from ..core.failure import Failure
from .body_attached import ATTACHED_KEY, bring_back, made_for, notes_of, put_aside_for
from .body_bones import remove_bones
from .datablocks import remove_unused
from .glb_facts import KEY
from .identity import ID_KEY, Avatar, is_avatar
from .joints import MARK
from .selection import select_only


def detach(attached: Avatar) -> Avatar | None:
    """Remove what was made for the attachment and show what was put aside; the avatar that is free again.

    The face's values go back to it. Raises :class:`Failure` where the originals were not kept.
    """
    armature, identity = attached.armature, attached.identity
    notes, kept = notes_of(armature), put_aside_for(attached.identity)
    free = next((each for each in kept if is_avatar(each)), None)
    if notes is None or free is None:
        raise Failure(
            "scene",
            "The avatar and the body as they were before are not in the file any more.",
            "They were deleted, or not kept when the avatar was attached.",
        )
    meshes: list[bpy.types.ID] = []
    materials: list[bpy.types.ID] = []
    for each in made_for(identity):
        meshes.append(each.data)
        materials += each.data.materials
        bpy.data.objects.remove(each)
    remove_unused(meshes)
    remove_unused(materials)
    remove_bones(armature, notes.get("bones", ()))
    for name in notes.get("marks", ()):
        bone = armature.data.bones.get(name)
        if bone is not None and MARK in bone:
            del bone[MARK]
    for name in notes.get("properties", ()):
        if name in armature:
            if name in free:
                free[name] = float(armature[name])
            del armature[name]
    for key in (KEY, ID_KEY, ATTACHED_KEY):
        if key in armature:
            del armature[key]
    for each in kept:
        bring_back(each)
    free.update_tag()
    armature.update_tag()
    bpy.context.view_layer.update()  # until then it lists objects that were removed
    select_only(free)
    return Avatar(free)
