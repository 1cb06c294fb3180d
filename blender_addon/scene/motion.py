# SPDX-License-Identifier: GPL-3.0-or-later
"""A motion that the engine has read becomes an action of the avatar: plain keys on its pose bones."""

from __future__ import annotations

import bisect
import itertools
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy
from mathutils import Quaternion

from ..core.failure import Failure
from ..core.text import Text
from .actions import grouped, new_channels
from .identity import Avatar
from .pose import bones_of
from .rotations import basis_of

LINEAR = 1
"""Blender's number for linear interpolation between keys."""
WHOLE_FRAMES = bpy.props.BoolProperty(
    name="Whole Frames",
    description="One key for each frame of the scene; otherwise the keys stay at the times recorded",
    default=False,
)
"""Of operators that make actions of recordings."""
ROOT = "pelvis"
NEAR = 1e-3
"""A frame this near to a whole one is that."""


def apply_motion(
    avatar: Avatar, path: Path, name: str, *, root: bool = False, whole_frames: bool = False
) -> bpy.types.Action:
    """Make an action of the motion file at ``path`` (``times``, ``joints``, ``rotations`` x y z w, +y up; JSON).

    A key for every recorded frame, or with ``whole_frames`` one for each frame of the scene, at the scene's frame rate,
    from the scene's first frame on; curves are grouped by bone. The action says where it ends; the scene's own range
    and frame stay. Without ``root`` the body as a whole keeps its place. The bones take quaternions from now on.
    """
    times, rotations = _read(path)
    armature, scene = avatar.armature, bpy.context.scene
    rate = scene.render.fps / scene.render.fps_base
    recorded = [scene.frame_start + (time - times[0]) * rate for time in times]
    frames = whole(recorded) if whole_frames else recorded
    action = bpy.data.actions.new(f"{name} {avatar.name}"[:60])
    channels = new_channels(action, armature)
    for joint, bone in bones_of(armature).items():
        if joint not in rotations or (joint == ROOT and not root):
            continue
        bone.rotation_mode = "QUATERNION"
        keys = [basis_of(bone.bone, Quaternion((w, x, -z, y))) for x, y, z, w in rotations[joint]]
        for before, after in itertools.pairwise(keys):
            if before.dot(after) < 0:  # the same rotation; the way there would be a whole turn
                after.negate()
        key_rotations(channels, bone, frames, between(recorded, keys, frames) if whole_frames else keys)
    span(action, frames)
    scene.frame_set(scene.frame_current, subframe=scene.frame_subframe)
    return action


def key_rotations(channels: Any, bone: bpy.types.PoseBone, frames: Sequence[float], keys: Sequence[Quaternion]) -> None:
    """Keys of a bone's quaternions in a group of its name."""
    for index in range(4):
        curve = grouped(channels, bone.name, bone.path_from_id("rotation_quaternion"), index)
        put_keys(curve, frames, [key[index] for key in keys])


def put_keys(curve: Any, frames: Sequence[float], values: Sequence[float]) -> None:
    """Keys with straight lines between them."""
    points = curve.keyframe_points
    points.add(len(values))
    points.foreach_set("co", [each for pair in zip(frames, values, strict=True) for each in pair])
    points.foreach_set("interpolation", [LINEAR] * len(values))
    curve.update()


def span(action: bpy.types.Action, frames: Sequence[float]) -> None:
    """Let an action say from where to where it plays."""
    action.use_frame_range = True
    action.frame_start, action.frame_end = min(frames), max(frames)


def whole(frames: Sequence[float]) -> list[float]:
    """The whole frames that ``frames``, which ascend, play over, the last one included."""
    first, last = math.floor(frames[0] + NEAR), math.ceil(frames[-1] - NEAR)
    return [float(frame) for frame in range(first, max(last, first) + 1)]


def between(recorded: Sequence[float], keys: Sequence[Quaternion], frames: Sequence[float]) -> list[Quaternion]:
    """The rotations at ``frames``, turned evenly from one recorded frame to the next; what lies outside stays."""
    found: list[Quaternion] = []
    for frame in frames:
        after = bisect.bisect_left(recorded, frame)
        if after == 0 or after == len(recorded):
            found.append(keys[min(after, len(keys) - 1)].copy())
            continue
        start, end = recorded[after - 1], recorded[after]
        found.append(keys[after - 1].slerp(keys[after], (frame - start) / (end - start)))
    for before, key in itertools.pairwise(found):
        if before.dot(key) < 0:
            key.negate()
    return found


def lacking(avatar: Avatar, path: Path) -> list[str]:
    """The joints of the motion file at ``path`` that the avatar has not."""
    return sorted(set(_read(path)[1]) - set(bones_of(avatar.armature)))


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
