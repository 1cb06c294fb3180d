# SPDX-License-Identifier: GPL-3.0-or-later
"""A motion that the engine has read becomes an action of the avatar: plain keys on its pose bones."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import bpy
from mathutils import Quaternion

from ..core.failure import Failure
from ..core.text import Text
from .identity import Avatar
from .pose import bones_of
from .rotations import basis_of

LINEAR = 1
"""Blender's number for linear interpolation between keys."""
ROOT = "pelvis"


def apply_motion(avatar: Avatar, path: Path, name: str, *, root: bool = False) -> bpy.types.Action:
    """Make an action of the motion file at ``path`` (``times``, ``joints``, ``rotations`` x y z w, +y up; JSON).

    A key for every recorded frame, at the scene's frame rate, from the scene's first frame on; the scene ends where the
    motion ends. Without ``root`` the body as a whole keeps its place. The bones take quaternions from now on.
    """
    times, rotations = _read(path)
    armature, scene = avatar.armature, bpy.context.scene
    rate = scene.render.fps / scene.render.fps_base
    frames = [scene.frame_start + (time - times[0]) * rate for time in times]
    action = bpy.data.actions.new(f"{name} {avatar.name}"[:60])
    curves = new_curves(action, armature)
    for joint, bone in bones_of(armature).items():
        if joint not in rotations or (joint == ROOT and not root):
            continue
        bone.rotation_mode = "QUATERNION"
        keys = [basis_of(bone.bone, Quaternion((w, x, -z, y))) for x, y, z, w in rotations[joint]]
        for before, after in itertools.pairwise(keys):
            if before.dot(after) < 0:  # the same rotation; the way there would be a whole turn
                after.negate()
        for index in range(4):
            curve = curves.new(bone.path_from_id("rotation_quaternion"), index=index)
            points = curve.keyframe_points
            points.add(len(keys))
            pairs = zip(frames, keys, strict=True)
            points.foreach_set("co", [value for frame, key in pairs for value in (frame, key[index])])
            points.foreach_set("interpolation", [LINEAR] * len(keys))
            curve.update()
    scene.frame_end = max(scene.frame_start, round(frames[-1]))
    scene.frame_set(scene.frame_start)
    return action


def lacking(avatar: Avatar, path: Path) -> list[str]:
    """The joints of the motion file at ``path`` that the avatar has not."""
    return sorted(set(_read(path)[1]) - set(bones_of(avatar.armature)))


def new_curves(action: bpy.types.Action, owner: Any) -> Any:
    """Where the curves of a new action for this data-block are made; the action is the block's own afterwards."""
    data = owner.animation_data or owner.animation_data_create()
    if not hasattr(action, "slots"):  # before Blender 4.4
        data.action = action
        return action.fcurves
    slot = action.slots.new(owner.id_type, owner.name)
    strip = action.layers.new("Motion").strips.new(type="KEYFRAME")
    data.action = action
    data.action_slot = slot
    return strip.channelbag(slot, ensure=True).fcurves


def curves_for(owner: Any) -> Any:
    """The curves that move a data-block by its action, or by the first action of its NLA tracks; none: empty."""
    data = owner.animation_data
    if data is None:
        return ()
    strips = [strip for track in data.nla_tracks for strip in track.strips if strip.action is not None]
    holder = data if data.action is not None or not strips else strips[0]
    action = holder.action
    if action is None:
        return ()
    if not hasattr(action, "slots"):  # before Blender 4.4
        return action.fcurves
    slot = holder.action_slot
    for layer in action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(slot) if slot is not None else None
            if bag is not None:
                return bag.fcurves
    return ()


def _read(path: Path) -> tuple[list[float], dict[str, list[list[float]]]]:
    """Seconds of the frames, and joint -> its quaternions."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        times, joints, rotations = facts["times"], facts["joints"], facts["rotations"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Failure("file", Text("The motion cannot be read: {reason}", reason=error)) from None
    if not times:
        raise Failure("file", "The motion has no frames.", "Choose another file.")
    return times, {joint: [frame[place] for frame in rotations] for place, joint in enumerate(joints)}
