# SPDX-License-Identifier: GPL-3.0-or-later
"""Which avatar is which: an armature that carries our facts, and the meshes that hang on it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import bpy

from ..core.failure import Failure
from .glb_facts import KEY, parse_facts

ID_KEY = "portraitkit_id"
LEVEL_KEY = "portraitkit_level"
"""Custom property of a mesh object: its level of detail, 0 the finest."""
PART_KEY = "portraitkit_part"
"""Custom property of a mesh object of an avatar of parts, and of its material: which part it is, such as hair."""
KEPT_KEY = "portraitkit_kept"
"""Custom property of an object that was put aside when its avatar was attached to a body: how it was shown."""
COLLECTION_KEY = "portraitkit_collection"
"""Custom property of a collection that was made for an avatar."""


@dataclass(frozen=True)
class Avatar:
    """An avatar of the open file. Holds Blender's objects: use it at once, do not keep it over undo or loading."""

    armature: bpy.types.Object

    @property
    def name(self) -> str:
        """What the outliner calls it."""
        return self.armature.name

    @property
    def identity(self) -> str:
        """Stays through undo, renaming and regenerating; use :func:`find` to get the avatar again."""
        return str(self.armature.get(ID_KEY, ""))

    @property
    def facts(self) -> dict[str, Any]:
        """Recipe, provenance and report as the file had them; empty where they were deleted."""
        return parse_facts(self.armature.get(KEY)) or {}

    @property
    def recipe(self) -> dict[str, Any]:
        """The recipe's JSON; a copy."""
        return dict(self.facts.get("recipe") or {})

    @property
    def meshes(self) -> list[bpy.types.Object]:
        """Every mesh that the armature moves, the finest level first, and of an avatar of parts the skin."""
        found = [each for each in bpy.data.objects if each.type == "MESH" and moves(self.armature, each)]
        return sorted(
            found, key=lambda each: (each.get(LEVEL_KEY, 99), each.get(PART_KEY, "skin") != "skin", each.name)
        )

    @property
    def parts(self) -> dict[str, list[bpy.types.Object]]:
        """The meshes of each part by its name, the finest level first; empty for an avatar in one piece."""
        found: dict[str, list[bpy.types.Object]] = {}
        for each in self.meshes:
            if PART_KEY in each:
                found.setdefault(str(each[PART_KEY]), []).append(each)
        return found

    @property
    def mesh(self) -> bpy.types.Object | None:
        """The finest mesh, or None where the user deleted it."""
        return next(iter(self.meshes), None)

    @property
    def collection(self) -> bpy.types.Collection | None:
        """The collection made for it, or the first that it lies in."""
        own = [each for each in self.armature.users_collection if COLLECTION_KEY in each]
        return next(iter([*own, *self.armature.users_collection]), None)


def moves(armature: bpy.types.Object, mesh: bpy.types.Object) -> bool:
    """Whether ``armature`` deforms ``mesh``, as its parent or by a modifier.

    What was put aside counts for nothing while another mesh stands for it.
    """
    if KEPT_KEY in mesh and KEPT_KEY not in armature:
        return False
    if any(each.type == "ARMATURE" and each.object == armature for each in mesh.modifiers):
        return True
    return mesh.parent == armature and LEVEL_KEY in mesh


def is_avatar(thing: bpy.types.Object | None) -> bool:
    """Whether the object is an avatar's armature."""
    return thing is not None and thing.type == "ARMATURE" and parse_facts(thing.get(KEY)) is not None


def avatar_of(thing: bpy.types.Object | None) -> Avatar | None:
    """The avatar that an object belongs to: its armature, a mesh of it, or something parented to either."""
    seen: set[str] = set()
    while thing is not None and thing.name not in seen:
        seen.add(thing.name)
        if is_avatar(thing):
            return Avatar(thing)
        for each in getattr(thing, "modifiers", ()):
            if each.type == "ARMATURE" and is_avatar(each.object):
                return Avatar(each.object)
        thing = thing.parent
    return None


def selected_avatar(context: bpy.types.Context) -> Avatar | None:
    """The avatar of the active object, else of the only one among the selected objects."""
    active = avatar_of(getattr(context, "object", None) or _active(context))
    if active is not None:
        return active
    found = {each.name: each for each in map(avatar_of, getattr(context, "selected_objects", None) or ()) if each}
    return next(iter(found.values())) if len(found) == 1 else None


def _active(context: bpy.types.Context) -> bpy.types.Object | None:
    layer = getattr(context, "view_layer", None)
    return layer.objects.active if layer is not None else None


def demand_avatar(context: bpy.types.Context) -> Avatar:
    """The selected avatar; raises :class:`Failure` where there is none."""
    avatar = selected_avatar(context)
    if avatar is None:
        raise Failure("scene", "No avatar is selected.", "Click one in the 3D view or the outliner.")
    return avatar


def needs_avatar(context: bpy.types.Context) -> str:
    """A condition: an avatar is selected."""
    return "" if selected_avatar(context) is not None else "Select an avatar made by Portraitkit first"


def avatars_of() -> list[Avatar]:
    """Every avatar of the file."""
    return [Avatar(each) for each in bpy.data.objects if is_avatar(each)]


def find(identity: str) -> Avatar | None:
    """The avatar with this :attr:`Avatar.identity`; None where it was deleted."""
    return next((each for each in avatars_of() if identity and each.identity == identity), None)


def give_identity(armature: bpy.types.Object) -> str:
    """Mark an armature with an identity of its own."""
    armature[ID_KEY] = uuid.uuid4().hex
    return str(armature[ID_KEY])


def ensure_own_identity(avatar: Avatar) -> Avatar:
    """A copy made by the user shares its original's identity until this is called for it."""
    if not avatar.identity or sum(each.identity == avatar.identity for each in avatars_of()) > 1:
        give_identity(avatar.armature)
    return avatar
