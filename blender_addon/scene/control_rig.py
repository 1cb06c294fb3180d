# SPDX-License-Identifier: GPL-3.0-or-later
"""A control rig by Rigify, which comes with Blender: fitted to an avatar's joints, and moving its bones.

Rigify is called by its operators alone. Its own bones are rolled as it likes; beside each of them the rig gets one
that rests exactly as the avatar's bone does, which that copies. So an avatar at rest stays as it was, to float's last
digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import bpy
from mathutils import Matrix, Vector

from ..core.failure import Failure
from ..core.text import Text
from .bone_shape import AHEAD, LEFT, UP
from .datablocks import new_since, remove_unused, snapshot
from .identity import Avatar
from .pose import bones_of
from .selection import object_mode, select_only

CONSTRAINT = "Portraitkit Control Rig"
RIG_KEY = "portraitkit_control_rig"
"""Custom property of a control rig: the identity of its avatar."""
FLOOR_KEY = "portraitkit_floor"
"""Custom property of a control rig: how high its origin, where Rigify puts the root, is in the armature."""
WIDGETS_KEY, SCRIPT_KEY = "portraitkit_widgets", "portraitkit_script"
"""Custom properties of a control rig: the collection of what its controls look like, the text of its panel."""
TIES = "Portraitkit"
"""The collection of bones that an avatar's copy; each is called as that, behind this prefix."""
PREFIX = "TIE-"
TRUNK = {"pelvis": "spine", "spine1": "spine.001", "spine2": "spine.002", "spine3": "spine.003"}
ABOVE = {"neck": "spine.004", "head": "spine.006"}
SHOULDER = {"collar": "shoulder", "shoulder": "upper_arm"}
ARM = {"elbow": "forearm", "wrist": "hand"}
LEG = {"hip": "thigh", "knee": "shin", "ankle": "foot", "foot": "toe"}
"""Joints, without their side, by the bones of Rigify's *Basic Human*."""
SINGLE_TYPE = "basic.super_copy"
"""What Rigify makes of an upper arm without a forearm."""
BEND = 0.008
"""Metres that elbows and knees of the metarig are off the straight line at least: it must be clear how they bend."""


def needs_rigify(_context: bpy.types.Context) -> str:
    """A condition: Rigify is enabled."""
    there = hasattr(bpy.types, "POSE_OT_rigify_generate") and "armature_basic_human_metarig_add" in dir(bpy.ops.object)
    return "" if there else "Enable Rigify in Preferences > Add-ons first"


def rig_of(avatar: Avatar) -> bpy.types.Object | None:
    """The control rig that moves an avatar, if there is one."""
    for bone in avatar.armature.pose.bones:
        constraint = bone.constraints.get(CONSTRAINT)
        if constraint is not None and constraint.target is not None:
            return constraint.target
    return None


@dataclass(frozen=True)
class Place:
    """Where a bone of the metarig lies, and the way its z looks, in the armature's axes."""

    head: Vector
    tail: Vector
    z: Vector


def make_rig(avatar: Avatar) -> bpy.types.Object:
    """Build, fit, generate and tie a control rig; one that is there goes. It is selected and active afterwards.

    Raises :class:`Failure` for skeletons without a trunk, and where Rigify fails; the avatar is then without one.
    """
    object_mode()
    remove_rig(avatar)
    armature = avatar.armature
    joints = bones_of(armature)
    missing = [joint for joint in (*TRUNK, *ABOVE) if joint not in joints]
    if missing:
        message = Text("The skeleton has no {joint}; a control rig needs a trunk.", joint=missing[0])
        raise Failure("scene", message, "Make the avatar again with another skeleton.")
    seen, texts = snapshot(), {each.session_uid for each in bpy.data.texts}
    places = _places(joints)
    floor = Vector((0, 0, min(min(each.head.z, each.tail.z) for each in places.values())))
    metarig = _metarig(avatar, places, floor)
    try:
        rig = _generated(metarig)
        rig[WIDGETS_KEY] = metarig.data.rigify_widgets_collection
        script = next((each for each in bpy.data.texts if each.session_uid not in texts), None)
        if script is not None:
            rig[SCRIPT_KEY] = script
    finally:
        bpy.data.objects.remove(metarig)
        remove_unused(new_since(seen, "armatures"))  # its own, and what Rigify leaves
    rig[RIG_KEY], rig[FLOOR_KEY] = avatar.identity, floor.z
    for home in rig.users_collection:
        home.objects.unlink(rig)
    (avatar.collection or bpy.context.scene.collection).objects.link(rig)
    rig.parent = armature
    rig.matrix_parent_inverse, rig.matrix_basis = Matrix(), Matrix.Translation(floor)
    _tie(avatar, rig, joints)
    armature.hide_set(True)
    select_only(rig)
    return rig


def remove_rig(avatar: Avatar) -> bool:
    """Untie an avatar and delete its control rig with all that belongs to it; its own pose and action count again."""
    object_mode()
    rig = rig_of(avatar)
    for bone in avatar.armature.pose.bones:
        constraint = bone.constraints.get(CONSTRAINT)
        if constraint is not None:
            bone.constraints.remove(constraint)
    if rig is None or RIG_KEY not in rig:
        return False
    widgets, script, data = rig.get(WIDGETS_KEY), rig.get(SCRIPT_KEY), rig.data
    if avatar.armature.name in bpy.context.view_layer.objects:
        avatar.armature.hide_set(False)
    bpy.data.objects.remove(rig)
    if isinstance(widgets, bpy.types.Collection):
        meshes = [each.data for each in widgets.objects]
        bpy.data.batch_remove([*widgets.objects, widgets])
        remove_unused(meshes)
    if isinstance(script, bpy.types.Text):
        bpy.data.texts.remove(script)
    remove_unused([data])
    return True


def refit(avatar: Avatar) -> None:
    """After an avatar was made anew: the bones that its bones copy rest as those do now. The controls stay."""
    rig = rig_of(avatar)
    if rig is None or RIG_KEY not in rig or rig.name not in bpy.context.view_layer.objects:
        return
    with _edited(rig) as edited:
        for bone in avatar.armature.pose.bones:
            tie = edited.get(PREFIX + bone.name)
            if tie is not None:
                _lay(tie, _place(bone), _floor(rig))


def _metarig(avatar: Avatar, places: dict[str, Place], floor: Vector) -> bpy.types.Object:
    """Rigify's metarig with its bones where the avatar's joints are; parts that the avatar lacks are deleted."""
    bpy.ops.object.armature_basic_human_metarig_add()
    metarig = bpy.context.view_layer.objects.active
    metarig.matrix_world = Matrix()
    metarig.data.rigify_rig_basename = f"{avatar.name} rig"
    limbs = [side for side in "LR" if f"hand.{side}" in places]
    with _edited(metarig) as edited:
        for bone in [each for each in edited if each.name not in places]:
            edited.remove(bone)
        head = edited["spine.006"]
        head.parent = edited["spine.004"]
        for name, place in places.items():
            edited[name].use_connect = False
            _lay(edited[name], place, floor)
        for name in ("spine.001", "spine.002", "spine.003", "spine.006"):
            edited[name].use_connect = True
        for side in "LR":
            for name in ("forearm", "hand", "shin", "foot", "toe"):
                if f"{name}.{side}" in places:
                    edited[f"{name}.{side}"].use_connect = True
    for side in "LR":
        upper = metarig.pose.bones.get(f"upper_arm.{side}")
        if upper is not None and side not in limbs:
            upper.rigify_type = SINGLE_TYPE
    return metarig


def _places(joints: dict[str, bpy.types.PoseBone]) -> dict[str, Place]:
    found = {name: _place(joints[joint]) for joint, name in {**TRUNK, **ABOVE}.items()}
    for side, letter in (("left", "L"), ("right", "R")):
        for whole in (SHOULDER, ARM, LEG):
            if whole is ARM and f"upper_arm.{letter}" not in found:
                continue
            if all(f"{side}_{joint}" in joints for joint in whole):
                found.update({f"{name}.{letter}": _place(joints[f"{side}_{j}"]) for j, name in whole.items()})
        if f"hand.{letter}" in found:
            _bend(found, f"upper_arm.{letter}", f"forearm.{letter}", -AHEAD)
        if f"toe.{letter}" in found:
            _bend(found, f"thigh.{letter}", f"shin.{letter}", AHEAD)
            ankle, toe = found[f"foot.{letter}"].head, found[f"toe.{letter}"].head
            heel = Vector((ankle.x, ankle.y, toe.z)) - 0.03 * AHEAD - 0.01 * UP
            aside = LEFT * (0.04 if side == "left" else -0.04)
            found[f"heel.02.{letter}"] = Place(heel - aside, heel + aside, UP)
    return found


def _place(bone: bpy.types.PoseBone) -> Place:
    rest = bone.bone
    return Place(rest.head_local.copy(), rest.tail_local.copy(), rest.matrix_local.col[2].xyz.copy())


def _lay(edited: Any, place: Place, floor: Vector) -> None:
    edited.head, edited.tail = place.head - floor, place.tail - floor
    edited.align_roll(place.z)


def _floor(rig: bpy.types.Object) -> Vector:
    return Vector((0, 0, float(rig[FLOOR_KEY])))


def _bend(places: dict[str, Place], upper: str, lower: str, way: Vector) -> None:
    """Move the joint between two bones so far that they are not in one line."""
    start, middle, end = places[upper].head, places[lower].head, places[lower].tail
    line = (end - start).normalized()
    off = (middle - start) - line * (middle - start).dot(line)
    short = BEND - off.dot(way)
    if short > 0:
        bent = middle + way * short
        places[upper] = Place(start, bent, places[upper].z)
        places[lower] = Place(bent, end, places[lower].z)


def _generated(metarig: bpy.types.Object) -> bpy.types.Object:
    select_only(metarig)
    try:
        bpy.ops.pose.rigify_generate()
    except RuntimeError as error:
        _drop(metarig)
        raise Failure("scene", Text("Rigify could not make the rig: {reason}", reason=str(error).strip())) from error
    rig = metarig.data.rigify_target_rig
    if rig is None:
        raise Failure("scene", "Rigify made no rig.", "Look at Blender's console for the reason.")
    return rig


def _drop(metarig: bpy.types.Object) -> None:
    """Take back what Rigify had made before it failed."""
    rig, widgets = metarig.data.rigify_target_rig, metarig.data.rigify_widgets_collection
    for thing in (rig, widgets):
        if thing is not None:
            bpy.data.batch_remove([thing])


def _tie(avatar: Avatar, rig: bpy.types.Object, joints: dict[str, bpy.types.PoseBone]) -> None:
    """Bones beside Rigify's that rest as the avatar's do, and the constraints that copy them."""
    by_joint = {**TRUNK, **ABOVE}
    for side, letter in (("left", "L"), ("right", "R")):
        for whole in (SHOULDER, ARM, LEG):
            by_joint.update({f"{side}_{joint}": f"{name}.{letter}" for joint, name in whole.items()})
    tied: list[bpy.types.PoseBone] = []
    with _edited(rig) as edited:
        for joint, bone in joints.items():
            original = edited.get(f"ORG-{by_joint.get(joint, '')}")
            if original is None:
                continue
            own = edited.new(PREFIX + bone.name)
            _lay(own, _place(bone), _floor(rig))
            own.parent, own.use_deform = original, False
            tied.append(bone)
    collection = rig.data.collections.new(TIES)
    collection.is_visible = False
    for bone in tied:
        collection.assign(rig.data.bones[PREFIX + bone.name])
        constraint = bone.constraints.new("COPY_TRANSFORMS")
        constraint.name = CONSTRAINT
        constraint.target, constraint.subtarget = rig, PREFIX + bone.name


@contextmanager
def _edited(armature: bpy.types.Object) -> Iterator[Any]:
    """The edit bones of an armature in the view layer."""
    hidden = armature.hide_get()
    armature.hide_set(False)
    select_only(armature)
    bpy.ops.object.mode_set(mode="EDIT")
    try:
        yield armature.data.edit_bones
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")
        armature.hide_set(hidden)
