# SPDX-License-Identifier: GPL-3.0-or-later
"""Avatars of files of before have bones that all point up: sticks, drawn by shapes that end where the next joint is.

Whatever hangs on the axes of such bones, keys, constraints, drivers of the user's own, would mean something else on
others. So they stay sticks when they are made anew, until they are asked to become bones.
"""

from __future__ import annotations

import math

import bpy
from mathutils import Quaternion, Vector

from .joints import MARK

AXES = "portraitkit_axes"
"""Custom property of a bone: the axes of its joint at rest, a quaternion (w, x, y, z) in the armature's. Sticks have
none: they are their joint's axes."""
UPRIGHT = Quaternion((1, 0, 0), math.pi / 2)
"""From glTF's +y up to Blender's +z up: how a bone stands whose joint has the world's axes."""
SHAPE = "Portraitkit bone"
LENGTH = 0.05
_TIP = 0.18
_WAIST, _RADIUS = 0.12, 0.06


def are_sticks(armature: bpy.types.Armature) -> bool:
    """Whether an avatar's bones are of the kind of before."""
    return not any(AXES in bone for bone in armature.bones)


def straighten(armature: bpy.types.Object) -> None:
    """Make sticks of an avatar's bones; it must be in object mode, selected and active."""
    axes = {bone.name: Quaternion(bone[AXES]) for bone in armature.data.bones if AXES in bone}
    bpy.ops.object.mode_set(mode="EDIT")
    for bone in armature.data.edit_bones:
        bone.use_connect = False
    for bone in armature.data.edit_bones:
        if bone.name in axes:
            own = axes[bone.name] @ UPRIGHT
            bone.tail = bone.head + own @ Vector((0, LENGTH, 0))
            bone.align_roll(own @ Vector((0, 0, 1)))
    bpy.ops.object.mode_set(mode="OBJECT")
    for bone in armature.data.bones:
        if AXES in bone:
            del bone[AXES]


def dress(armature: bpy.types.Object) -> None:
    """Give every pose bone a shape that ends where the next joint is."""
    shape = _shape()
    for pose_bone in armature.pose.bones:
        along = _to_tail(pose_bone.bone)
        pose_bone.custom_shape = shape
        pose_bone.use_custom_shape_bone_size = False
        pose_bone.custom_shape_scale_xyz = (along.length,) * 3
        pose_bone.custom_shape_rotation_euler = Vector((0, 1, 0)).rotation_difference(along).to_euler()


def undress(armature: bpy.types.Object) -> None:
    """Take these shapes away; others stay."""
    for pose_bone in armature.pose.bones:
        shape = pose_bone.custom_shape
        if shape is not None and shape.name.startswith(SHAPE):
            pose_bone.custom_shape = None
            pose_bone.use_custom_shape_bone_size = True
            pose_bone.custom_shape_scale_xyz = (1, 1, 1)
            pose_bone.custom_shape_rotation_euler = (0, 0, 0)
    drop_unused_shape()


def drop_unused_shape() -> None:
    """Remove the shared shape once no avatar shows it."""
    shape = bpy.data.objects.get(SHAPE)
    if shape is not None and shape.users == 0:
        mesh = shape.data
        bpy.data.objects.remove(shape)
        if mesh.users == 0:
            bpy.data.meshes.remove(mesh)


def _to_tail(bone: bpy.types.Bone) -> Vector:
    """From a joint to the middle of the next ones, in the bone's own axes."""
    heads = [child.head_local for child in bone.children]
    if heads:
        along = sum(heads, Vector()) / len(heads) - bone.head_local
    elif bone.parent is not None and bone.get(MARK) != "head":
        along = (bone.head_local - bone.parent.head_local).normalized() * _TIP
    else:
        along = Vector((0, 0, _TIP))
    if along.length < 1e-4:
        along = Vector((0, 0, _TIP))
    return bone.matrix_local.to_3x3().inverted() @ along


def _shape() -> bpy.types.Object:
    found = bpy.data.objects.get(SHAPE)
    if found is not None and found.type == "MESH":
        return found
    mesh = bpy.data.meshes.new(SHAPE)
    ring = [(x * _RADIUS, _WAIST, z * _RADIUS) for x, z in ((1, 0), (0, 1), (-1, 0), (0, -1))]
    edges = [(0, each) for each in range(2, 6)] + [(1, each) for each in range(2, 6)]
    mesh.from_pydata([(0, 0, 0), (0, 1, 0), *ring], [*edges, (2, 3), (3, 4), (4, 5), (5, 2)], [])
    return bpy.data.objects.new(SHAPE, mesh)
