# SPDX-License-Identifier: GPL-3.0-or-later
"""The body: which mesh and armature it is, which of its bones are which joints, and why it cannot be taken."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from ..core.failure import Failure
from ..core.text import Text
from .identity import avatar_of, is_avatar
from .joints import joints_of

NEEDED = ("neck", "head", "left_shoulder", "right_shoulder")
"""Joints that a body must have."""
IN_THE_WAY = ("MIRROR", "MULTIRES", "ARRAY", "BOOLEAN", "REMESH", "SOLIDIFY")
"""Modifiers that would make another mesh of the joined one."""


@dataclass(frozen=True)
class Body:
    """A body mesh with the armature that moves it. ``joints`` are bones by SMPL's names of joints."""

    mesh: bpy.types.Object
    armature: bpy.types.Object
    joints: dict[str, str]

    def bone(self, joint: str) -> bpy.types.Bone:
        """The bone of a joint."""
        return self.armature.data.bones[self.joints[joint]]


def rig_of(mesh: bpy.types.Object) -> bpy.types.Object | None:
    """The armature that deforms a mesh."""
    if mesh.type != "MESH":
        return None
    return next((each.object for each in mesh.modifiers if each.type == "ARMATURE" and each.object), None)


def joints_in(mesh: bpy.types.Object, armature: bpy.types.Object) -> dict[str, str]:
    """The joints of a body: by the bones that its vertex groups are for, else by any of the rig's."""
    bones = armature.data.bones.keys()
    weighted = [each for each in bones if each in mesh.vertex_groups]
    return {**joints_of(bones), **joints_of(weighted)}


def is_body(thing: bpy.types.Object) -> bool:
    """Whether a mesh is a rigged body with a neck, and none of ours."""
    armature = rig_of(thing)
    if armature is None or is_avatar(armature):
        return False
    joints = joints_in(thing, armature)
    return all(each in joints for each in NEEDED) and all(joints[each] in thing.vertex_groups for each in NEEDED[:2])


def demand_body(context: bpy.types.Context, name: str = "") -> Body:
    """The body called ``name``; else the selected one; else the only one of the scene.

    Raises :class:`Failure` with the reason where there is none, or none that can be taken.
    """
    if name:
        thing = bpy.data.objects.get(name)
        if thing is None:
            message = Text("There is no object called {name}.", name=name)
            raise Failure("scene", message, "Choose the mesh of a body.")
        return _checked(_mesh_of(thing, list(bpy.data.objects)) or thing)
    here = list(context.scene.objects)
    chosen = [each for each in context.selected_objects or () if avatar_of(each) is None]
    meshes = {each.name: each for each in (_mesh_of(each, here) for each in chosen) if each is not None}
    if len(meshes) == 1:
        return _checked(next(iter(meshes.values())))
    if not meshes and chosen:
        return _checked(next((each for each in chosen if each.type == "MESH"), chosen[0]))
    there = [each for each in here if is_body(each) and each.visible_get()]
    there = _one_of_each_rig(there)
    if len(there) == 1:
        return _checked(there[0])
    if not there:
        raise Failure(
            "scene",
            "There is no rigged body in this scene.",
            "Bring one in, such as a human of MPFB, and select its mesh together with the avatar.",
        )
    raise Failure("scene", "There are several bodies in this scene.", "Select one of them together with the avatar.")


def _mesh_of(thing: bpy.types.Object, among: list[bpy.types.Object]) -> bpy.types.Object | None:
    """The body that an object is, or that an armature moves."""
    if thing.type == "MESH":
        return thing
    found = _one_of_each_rig([each for each in among if rig_of(each) == thing and is_body(each)])
    return found[0] if found else None


def _one_of_each_rig(meshes: list[bpy.types.Object]) -> list[bpy.types.Object]:
    """Of each rig's meshes the one with most vertices: the others are its clothes and hair."""
    best: dict[str, bpy.types.Object] = {}
    for each in meshes:
        rig = rig_of(each)
        name = rig.name if rig is not None else ""
        if name not in best or len(each.data.vertices) > len(best[name].data.vertices):
            best[name] = each
    return list(best.values())


def _checked(mesh: bpy.types.Object) -> Body:
    """The body that a mesh is; :class:`Failure` says why it cannot be."""
    name = mesh.name
    if mesh.type != "MESH":
        raise Failure("scene", Text("{name} is no mesh.", name=name), "Select the mesh of a body.")
    armature = rig_of(mesh)
    if armature is None:
        message = Text("{name} has no rig: no armature moves it.", name=name)
        raise Failure("scene", message, "Give it one, such as MPFB's game engine rig, then try again.")
    if is_avatar(armature):
        raise Failure(
            "scene", Text("{name} is an avatar itself.", name=name), "Select a body that Portraitkit did not make."
        )
    for each in (mesh, mesh.data, armature, armature.data):
        if each.library is not None or each.override_library is not None:
            message = Text("{name} belongs to another file.", name=each.name)
            raise Failure("scene", message, "Use Object > Relations > Make Local first.")
    joints = joints_in(mesh, armature)
    missing = [each for each in NEEDED if each not in joints]
    missing += [each for each in NEEDED[:2] if each in joints and joints[each] not in mesh.vertex_groups]
    if missing:
        message = Text("{name} has no bone that is known as {joint}.", name=armature.name, joint=missing[0])
        raise Failure("scene", message, "Bones are known by the names of SMPL, MPFB, Rigify, Mixamo and Unreal.")
    wrong = next((each for each in mesh.modifiers if each.type in IN_THE_WAY and each.show_viewport), None)
    if wrong is not None:
        message = Text("The modifier {modifier} of {name} makes another mesh.", modifier=wrong.name, name=name)
        raise Failure("scene", message, "Apply or remove it first.")
    return Body(mesh, armature, joints)
