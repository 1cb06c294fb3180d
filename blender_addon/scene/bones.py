# SPDX-License-Identifier: GPL-3.0-or-later
"""How an avatar's bones look: sticks from joint to joint, by shapes, so that the rest axes stay the file's."""

from __future__ import annotations

import bpy
from mathutils import Vector

from .joints import MARK, joints_of

SHAPE = "Portraitkit bone"
_TIP = 0.18
"""Metres from the last joint of a chain to its drawn end."""
_WAIST, _RADIUS = 0.12, 0.06


def dress(armature: bpy.types.Object) -> None:
    """Mark the joints and give every pose bone a shape that ends where the next joint is."""
    bones = armature.data.bones
    for joint, name in joints_of(bones.keys()).items():
        bones[name][MARK] = joint
    armature.show_in_front = True
    shape = _shape()
    for pose_bone in armature.pose.bones:
        along = _to_tail(pose_bone.bone)
        pose_bone.custom_shape = shape
        pose_bone.use_custom_shape_bone_size = False
        pose_bone.custom_shape_scale_xyz = (along.length,) * 3
        pose_bone.custom_shape_rotation_euler = Vector((0, 1, 0)).rotation_difference(along).to_euler()


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
