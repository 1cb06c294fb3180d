# SPDX-License-Identifier: GPL-3.0-or-later
"""An avatar's joints become bones that a rigger takes: connected chains with ends, rolls, collections and colours.

Files have joints whose axes are the world's, or turned with the arms at rest. Those axes are noted on the bones, so
that poses of SMPL stay exact whichever way a bone looks.
"""

from __future__ import annotations

import bpy
from mathutils import Quaternion

from . import sticks
from .actions import channels_in, holders_of
from .bone_regions import sort_bones
from .bone_shape import Joint, shapes_of
from .joints import MARK, joints_of, more_joints_of
from .rest_axes import rests_of, say_anew
from .selection import select_only
from .sticks import AXES, UPRIGHT

DISPLAY = ("display_type", "show_axes", "show_names", "show_bone_colors", "show_bone_custom_shapes", "pose_position")
"""What a user sets of how an armature is drawn."""
WORLDLY = ("rpm",)
"""Namings whose files turn the bones' axes to their own taste: poses are taken as turns from rest there."""


def dress(armature: bpy.types.Object, naming: str = "") -> None:
    """Make bones of joints as Blender's importer leaves them; nothing moves by it.

    The armature must be in object mode, in the view layer; it is selected and active afterwards. ``naming`` is the
    recipe's naming of bones.
    """
    mark(armature, naming)
    before = rests_of(armature.data)
    _shape(armature)
    say_anew(armature, before)
    sort_bones(armature.data)
    armature.data.display_type = "OCTAHEDRAL"
    armature.show_in_front = False
    sticks.undress(armature)


def mark(armature: bpy.types.Object, naming: str = "") -> None:
    """Note on each bone which joint it is, and its joint's axes, where that is not noted yet."""
    bones = armature.data.bones
    of_smpl = {name: joint for joint, name in joints_of(bones.keys()).items()}
    others = more_joints_of(name for name in bones.keys() if name not in of_smpl)  # noqa: SIM118 - no dictionary
    for name, joint in {**of_smpl, **others}.items():
        bone = bones[name]
        bone[MARK] = bone.get(MARK, joint)
        if AXES not in bone:
            own = bone.matrix_local.to_quaternion() @ UPRIGHT.inverted()
            bone[AXES] = list(Quaternion() if naming in WORLDLY else own)


def keep_display(old: bpy.types.Armature, new: bpy.types.Armature) -> None:
    """Draw the bones of ``new`` as the user has those of ``old`` drawn."""
    for name in DISPLAY:
        if hasattr(new, name):
            setattr(new, name, getattr(old, name))
    shown = {each.name: each.is_visible for each in old.collections_all}
    for each in new.collections_all:
        each.is_visible = shown.get(each.name, each.is_visible)


def _shape(armature: bpy.types.Object) -> None:
    """Ends, rolls and connections."""
    joints = {
        bone.name: Joint(str(bone.get(MARK, "")), bone.parent.name if bone.parent else "", bone.head_local.copy())
        for bone in _from_the_root(armature.data)
    }
    shapes = shapes_of(joints)
    moved = _that_move(armature)
    select_only(armature)
    bpy.ops.object.mode_set(mode="EDIT")
    edited = armature.data.edit_bones
    for name, shape in shapes.items():
        edited[name].tail = shape.tail
        edited[name].align_roll(shape.z)
    for shape in shapes.values():
        if shape.next and shape.next not in moved:
            edited[shape.next].use_connect = True
    bpy.ops.object.mode_set(mode="OBJECT")


def _from_the_root(armature: bpy.types.Armature) -> list[bpy.types.Bone]:
    """All bones, parents before their children."""
    roots = [bone for bone in armature.bones if bone.parent is None]
    return [bone for root in roots for bone in (root, *root.children_recursive)]


def _that_move(armature: bpy.types.Object) -> set[str]:
    """Bones with places of their own: connected ones would lose them."""
    found = {bone.name for bone in armature.pose.bones if bone.location.length > 1e-6}
    paths = {bone.path_from_id("location"): bone.name for bone in armature.pose.bones}
    for holder in holders_of(armature):
        channels = channels_in(holder.action, getattr(holder, "action_slot", None))
        for curve in channels.fcurves if channels is not None else ():
            if curve.data_path in paths and any(abs(point.co[1]) > 1e-6 for point in curve.keyframe_points):
                found.add(paths[curve.data_path])
    return found
