# SPDX-License-Identifier: GPL-3.0-or-later
"""Between SMPL's rotations and those of pose bones.

SMPL and glTF have +y up, Blender's armature has +z up: (x, y, z) there is (x, -z, y) here. A joint's rotation R says
how its axes stand in its parent's, whatever the axes of the bone are that Blender shows. With F the joint's axes at
rest, F' its parent's, and B the bone's, all in the armature, the pose bone's own rotation is B⁻¹ F' R F⁻¹ B. Most
joints rest with the world's axes, so that it is B⁻¹ R B; arms of SMPL rest turned.
"""

from __future__ import annotations

from collections.abc import Sequence

import bpy
from mathutils import Quaternion, Vector

from .sticks import AXES


def quaternion_of(axis_angle: Sequence[float]) -> Quaternion:
    """An axis-angle vector in radians, +y up, as a quaternion in the armature's axes."""
    x, y, z = axis_angle
    vector = Vector((x, -z, y))
    return Quaternion(vector, vector.length) if vector.length > 1e-12 else Quaternion()


def axis_angle_of(rotation: Quaternion) -> tuple[float, float, float]:
    """The reverse of :func:`quaternion_of`, by the shorter way round."""
    turn = rotation.normalized()
    if turn.w < 0:
        turn.negate()
    vector = turn.to_exponential_map()
    return vector.x, vector.z, -vector.y


def basis_of(bone: bpy.types.Bone, rotation: Quaternion) -> Quaternion:
    """What a pose bone's own rotation must be for a joint's ``rotation`` in the armature's axes."""
    rest = bone.matrix_local.to_quaternion()
    return rest.inverted() @ _axes_of(bone.parent) @ rotation @ _axes_of(bone).inverted() @ rest


def rotation_of(bone: bpy.types.PoseBone) -> Quaternion:
    """A joint's rotation in the armature's axes, whatever mode the bone is in."""
    rest = bone.bone.matrix_local.to_quaternion()
    moved = rest @ own_rotation(bone) @ rest.inverted()
    return _axes_of(bone.bone.parent).inverted() @ moved @ _axes_of(bone.bone)


def at_rest(bone: bpy.types.Bone) -> Quaternion:
    """A joint's rotation at rest: none, but for joints that rest turned."""
    return _axes_of(bone.parent).inverted() @ _axes_of(bone)


def _axes_of(bone: bpy.types.Bone | None) -> Quaternion:
    """A joint's axes at rest, in the armature's; for bones that do not tell, the armature's own."""
    noted = bone.get(AXES) if bone is not None else None
    return Quaternion() if noted is None else Quaternion(noted)


def own_rotation(bone: bpy.types.PoseBone) -> Quaternion:
    """The pose bone's own rotation as a quaternion."""
    if bone.rotation_mode == "QUATERNION":
        return bone.rotation_quaternion.normalized()
    if bone.rotation_mode == "AXIS_ANGLE":
        angle, *axis = bone.rotation_axis_angle
        return Quaternion(Vector(axis), angle)
    return bone.rotation_euler.to_quaternion()


def turn(bone: bpy.types.PoseBone, rotation: Quaternion) -> None:
    """Give a joint this rotation, in the armature's axes; the bone keeps its rotation mode."""
    own = basis_of(bone.bone, rotation)
    if bone.rotation_mode == "QUATERNION":
        bone.rotation_quaternion = own
    elif bone.rotation_mode == "AXIS_ANGLE":
        axis, angle = own.to_axis_angle()
        bone.rotation_axis_angle = (angle, *axis)
    else:
        bone.rotation_euler = own.to_euler(bone.rotation_mode, bone.rotation_euler)
