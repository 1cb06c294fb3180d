# SPDX-License-Identifier: GPL-3.0-or-later
"""An empty that the eyes look at: the eyeballs' bones turn to it, and the lids follow the bones.

The shapes of looking turn eyeballs as well; while there is a target, those of the eyeballs rest and the skin's follow
the bones. All drivers are simple expressions, which Blender works out without Python.
"""

from __future__ import annotations

import math

import bpy
from mathutils import Vector

from ..core.failure import Failure
from .face import drive, keys_of
from .identity import PART_KEY, Avatar
from .joints import EYES, MARK, more_joints_of

GAZE_KEY = "portraitkit_gaze"
"""Custom property of the empty: the identity of its avatar."""
CONSTRAINT = "Portraitkit Eye Target"
LIMIT = CONSTRAINT + " Limit"
AHEAD = 1.0
"""Metres before the eyes."""
SIDEWAYS, UPWARDS = math.radians(25), math.radians(20)
"""How far the shapes turn the eyes in full."""
MOST = math.radians(35)
"""How far the bones turn at most."""
BALLS = ("eye", "cornea")


def eye_bones(avatar: Avatar) -> dict[str, bpy.types.PoseBone]:
    """The eyeballs' bones by their side, whatever naming the file has."""
    bones = avatar.armature.pose.bones
    named = {what: name for name, what in more_joints_of(bones.keys()).items()}
    named.update({str(each.bone[MARK]): each.name for each in bones if MARK in each.bone})
    return {side: bones[named[f"{side}_eye"]] for side in EYES if f"{side}_eye" in named}


def target_of(avatar: Avatar) -> bpy.types.Object | None:
    """The empty that the avatar's eyes look at, if there is one."""
    for bone in eye_bones(avatar).values():
        constraint = bone.constraints.get(CONSTRAINT)
        if constraint is not None and constraint.target is not None:
            return constraint.target
    return None


def make_target(avatar: Avatar) -> bpy.types.Object:
    """An empty ahead of the eyes that they look at from now on; the one that is there if there is one.

    Raises :class:`Failure` for an avatar without bones of eyes.
    """
    there = target_of(avatar)
    if there is not None:
        return there
    bones = eye_bones(avatar)
    if len(bones) < len(EYES):
        raise Failure("scene", "The avatar's eyes have no bones.", "Make it again with joints of the face.")
    armature = avatar.armature
    middle = sum((bone.head for bone in bones.values()), Vector()) / len(bones)
    target = bpy.data.objects.new(f"{avatar.name} eye target", None)
    target.empty_display_type, target.empty_display_size = "SPHERE", 0.03
    target[GAZE_KEY] = avatar.identity
    (avatar.collection or bpy.context.scene.collection).objects.link(target)
    target.parent = armature
    target.location = middle + Vector((0, -AHEAD, 0))
    for bone in bones.values():
        constraint = bone.constraints.new("DAMPED_TRACK")
        constraint.name = CONSTRAINT
        constraint.target = target
        constraint.track_axis = _track(bone)
        limit = bone.constraints.new("LIMIT_ROTATION")
        limit.name = LIMIT
        limit.owner_space = "LOCAL"
        for axis in "xyz":
            setattr(limit, f"use_limit_{axis}", True)
            setattr(limit, f"min_{axis}", -MOST)
            setattr(limit, f"max_{axis}", MOST)
    follow(avatar)
    return target


def remove_target(avatar: Avatar) -> None:
    """The eyes look by their shapes again, and the empty goes."""
    target = target_of(avatar)
    for bone in eye_bones(avatar).values():
        for constraint in [each for each in bone.constraints if each.name.startswith(CONSTRAINT)]:
            bone.constraints.remove(constraint)
    follow(avatar)
    if target is not None and GAZE_KEY in target:
        bpy.data.objects.remove(target)


def follow(avatar: Avatar) -> None:
    """Drivers of the shapes of looking as they belong with or without a target."""
    target, bones, armature = target_of(avatar), eye_bones(avatar), avatar.armature
    for bone in bones.values():
        constraint = bone.constraints.get(CONSTRAINT)
        if constraint is not None:
            constraint.track_axis = _track(bone)  # an avatar made anew may have other rest axes
    for mesh in avatar.meshes:
        of_ball = str(mesh.get(PART_KEY, "")).startswith(BALLS)
        for shape, key in keys_of(mesh).items():
            if not shape.startswith("eyeLook"):
                continue
            driver = drive(key, armature, shape)
            if target is None:
                continue
            if of_ball:
                key.driver_remove("value")
                key.value = 0.0
                continue
            side = "left" if shape.endswith("Left") else "right"
            channel, per_radian = _channel(bones[side], shape)
            turn = driver.variables.new()
            turn.name, turn.type = "r", "TRANSFORMS"
            spot = turn.targets[0]
            spot.id, spot.bone_target = armature, bones[side].name
            spot.transform_type, spot.transform_space = channel, "LOCAL_SPACE"
            # A bone along the gaze swings about its x and z; one that stands upright turns about its own y.
            looks = _axis_along(bones[side], Vector((0, -1, 0)))[0] == 1
            spot.rotation_mode = "SWING_TWIST_Y" if looks or channel == "ROT_Y" else "AUTO"
            driver.type = "SCRIPTED"
            driver.expression = f"max(a, min(1.0, {per_radian:.4f} * r))"
    armature.update_tag()


def _track(bone: bpy.types.PoseBone) -> str:
    """The axis of a bone that looks ahead at rest."""
    axis, sign = _axis_along(bone, Vector((0, -1, 0)))
    return f"TRACK_{'NEGATIVE_' if sign < 0 else ''}{'XYZ'[axis]}"


def _channel(bone: bpy.types.PoseBone, shape: str) -> tuple[str, float]:
    """The rotation of a bone that a shape of looking shows, and how much of the shape is a radian of it."""
    upright = "Up" in shape or "Down" in shape
    # Turning about +x lowers what looks ahead, about +z leads it to the avatar's left.
    axis, sign = _axis_along(bone, Vector((1, 0, 0)) if upright else Vector((0, 0, 1)))
    to_left = ("Out" in shape) == shape.endswith("Left")
    way = (1 if "Down" in shape else -1) if upright else (1 if to_left else -1)
    return f"ROT_{'XYZ'[axis]}", way * sign / (UPWARDS if upright else SIDEWAYS)


def _axis_along(bone: bpy.types.PoseBone, direction: Vector) -> tuple[int, int]:
    """Which of the bone's axes at rest lies most along a direction of the armature, and which way."""
    parts = [bone.bone.matrix_local.to_3x3().col[axis].dot(direction) for axis in range(3)]
    axis = max(range(3), key=lambda each: abs(parts[each]))
    return axis, 1 if parts[axis] > 0 else -1
