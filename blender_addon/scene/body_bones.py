# SPDX-License-Identifier: GPL-3.0-or-later
"""The avatar's own bones on the body's rig (jaw, eyes, joints of hair), and the body's bones for its joints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import bpy
from mathutils import Matrix

from .body_place import joints_of_avatar
from .body_rig import Body
from .identity import Avatar
from .joints import MARK
from .selection import kept_selection, select_only

COLLECTION = "Portrait"
"""The bone collection that they are in."""
_EYES = {"leftEye": "left_eye", "rightEye": "right_eye", "eye_l": "left_eye", "eye_r": "right_eye"}


def renamed(avatar: Avatar, body: Body) -> dict[str, str]:
    """The body's bone for each of the avatar's: that of the same joint, else of the nearest joint below that both have.

    Bones that hang on the avatar's head keep their own name, or get one that the body's rig has not.
    """
    bones, joints = avatar.armature.data.bones, joints_of_avatar(avatar)
    joint_of = {bone: joint for joint, bone in joints.items()}
    own = set(own_bones(avatar))
    taken = set(body.armature.data.bones.keys())
    result: dict[str, str] = {}
    for bone in bones:
        if bone.name in own:
            name = bone.name
            while name in taken:
                name += " portrait"
            taken.add(name)
            result[bone.name] = name
            continue
        at = bone
        while at is not None and joint_of.get(at.name) not in body.joints:
            at = at.parent
        result[bone.name] = body.joints[joint_of[at.name] if at is not None else "neck"]
    return result


def own_bones(avatar: Avatar) -> list[str]:
    """Bones that hang on the avatar's head, parents first."""
    head = avatar.armature.data.bones[joints_of_avatar(avatar)["head"]]
    return [each.name for each in head.children_recursive]


def add_bones(avatar: Avatar, body: Body, names: dict[str, str], world: Matrix) -> list[str]:
    """Give the body's rig the avatar's own bones, where they are in the world by ``world``; returns their names."""
    armature, source = body.armature, avatar.armature
    into = armature.matrix_world.inverted() @ world
    with editing(armature):
        edit = armature.data.edit_bones
        for name in own_bones(avatar):
            bone = source.data.bones[name]
            made = edit.new(names[name])
            made.head, made.tail = into @ bone.head_local, into @ bone.tail_local
            made.align_roll(into.to_3x3() @ bone.matrix_local.to_3x3().col[2])
            made.parent = edit[names[bone.parent.name]]
            made.use_deform = bone.use_deform
    group = armature.data.collections.get(COLLECTION) or armature.data.collections.new(COLLECTION)
    for name in own_bones(avatar):
        bone, made = armature.data.bones[names[name]], armature.pose.bones[names[name]]
        was = source.pose.bones[name]
        group.assign(bone)
        made.rotation_mode = was.rotation_mode
        made.custom_shape, made.use_custom_shape_bone_size = was.custom_shape, was.use_custom_shape_bone_size
        made.custom_shape_scale_xyz = was.custom_shape_scale_xyz * (
            1 if was.use_custom_shape_bone_size else _size(into)
        )
        made.custom_shape_rotation_euler = was.custom_shape_rotation_euler
        for key, value in was.bone.items():
            bone[key] = value
        if name in _EYES:
            bone[MARK] = _EYES[name]
    return [names[each] for each in own_bones(avatar)]


def _size(matrix: Matrix) -> float:
    return matrix.to_scale().x


def mark_joints(body: Body) -> list[str]:
    """Mark the bones of the body's joints as ours are marked; returns those that were not."""
    marked: list[str] = []
    for joint, name in body.joints.items():
        bone = body.armature.data.bones[name]
        if MARK not in bone:
            bone[MARK] = joint
            marked.append(name)
    return marked


def remove_bones(armature: bpy.types.Object, names: Iterable[str]) -> None:
    """Take bones off a rig again, and their collection where it is empty then."""
    with editing(armature):
        for name in names:
            bone = armature.data.edit_bones.get(name)
            if bone is not None:
                armature.data.edit_bones.remove(bone)
    group = armature.data.collections.get(COLLECTION)
    if group is not None and not len(group.bones):
        armature.data.collections.remove(group)


@contextmanager
def editing(armature: bpy.types.Object) -> Iterator[None]:
    """Edit the bones of an armature, shown or hidden; what is shown and selected is as before afterwards."""
    layer = bpy.context.view_layer
    off, hidden = armature.hide_viewport, armature.hide_get(view_layer=layer)
    with kept_selection():
        armature.hide_viewport = False
        armature.hide_set(False, view_layer=layer)
        select_only(armature)
        bpy.ops.object.mode_set(mode="EDIT")
        try:
            yield
        finally:
            bpy.ops.object.mode_set(mode="OBJECT")
            armature.hide_set(hidden, view_layer=layer)
            armature.hide_viewport = off
