# SPDX-License-Identifier: GPL-3.0-or-later
"""Bones may be turned about their heads without moving anything: poses and keys are said anew in their new axes.

With A the turn of a bone at rest, a pose bone's own rotation q becomes A⁻¹ q A and its own place A⁻¹ p; what hangs on
the bone moves as before. Both are linear in q and p, so that keys, handles and all between them stay exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import bpy
import numpy as np
from mathutils import Euler, Quaternion, Vector
from numpy.typing import NDArray

from .actions import channels_in, holders_of

SLIGHT = 1e-7
"""Turns smaller than this, as the length of a quaternion's imaginary part, are none."""

Rests = Mapping[str, Quaternion]
"""The axes of bones at rest, in the armature's, by name."""


def rests_of(armature: bpy.types.Armature) -> dict[str, Quaternion]:
    """How the bones of an armature stand now."""
    return {bone.name: bone.matrix_local.to_quaternion() for bone in armature.bones}


def say_anew(armature: bpy.types.Object, before: Rests) -> None:
    """Give the pose and the actions of an avatar the meaning that they had when its bones rested as ``before``.

    An action that something else plays as well is copied first. Curves of euler angles are exact at their keys.
    """
    turns: dict[str, Quaternion] = {}
    for bone in armature.data.bones:
        if bone.name in before:
            turn = before[bone.name].inverted() @ bone.matrix_local.to_quaternion()
            if max(map(abs, turn[1:])) > SLIGHT:
                turns[bone.name] = turn
    if not turns:
        return
    for pose_bone in armature.pose.bones:
        if pose_bone.name in turns:
            _turn_pose(pose_bone, turns[pose_bone.name])
    for holder in holders_of(armature):
        _own_action(holder)
        channels = channels_in(holder.action, getattr(holder, "action_slot", None))
        if channels is not None:
            _turn_curves(channels.fcurves, armature, turns)
    armature.update_tag()


def _turn_pose(bone: bpy.types.PoseBone, turn: Quaternion) -> None:
    back = turn.inverted()
    bone.location = back @ bone.location
    if bone.rotation_mode == "QUATERNION":
        bone.rotation_quaternion = back @ bone.rotation_quaternion @ turn
    elif bone.rotation_mode == "AXIS_ANGLE":
        angle, *axis = bone.rotation_axis_angle
        bone.rotation_axis_angle = (angle, *(back.to_matrix() @ Vector(axis)))
    else:
        own = back @ bone.rotation_euler.to_quaternion() @ turn
        bone.rotation_euler = own.to_euler(bone.rotation_mode, bone.rotation_euler)


def _own_action(holder: Any) -> None:
    """What others play stays as it is."""
    action = holder.action
    if action.users - int(action.use_fake_user) <= 1:
        return
    slot = getattr(holder, "action_slot", None)
    holder.action = action.copy()
    if slot is not None:
        holder.action_slot = next((each for each in holder.action.slots if each.identifier == slot.identifier), None)


def _turn_curves(curves: Any, armature: bpy.types.Object, turns: Mapping[str, Quaternion]) -> None:
    by_path: dict[str, dict[int, Any]] = {}
    for curve in curves:
        by_path.setdefault(curve.data_path, {})[curve.array_index] = curve
    for name, turn in turns.items():
        bone = armature.pose.bones[name]
        rotation = _together(by_path.get(bone.path_from_id("rotation_quaternion"), {}), 4)
        if rotation is not None:
            _map(rotation, _conjugation(turn))
        place = _together(by_path.get(bone.path_from_id("location"), {}), 3)
        if place is not None:
            _map(place, np.array(turn.inverted().to_matrix(), np.float64))
        angles = _together(by_path.get(bone.path_from_id("rotation_euler"), {}), 3)
        if angles is not None:
            order = bone.rotation_mode if bone.rotation_mode not in ("QUATERNION", "AXIS_ANGLE") else "XYZ"
            _map_euler(angles, turn, order)


def _together(curves: Mapping[int, Any], count: int) -> list[Any] | None:
    """The curves of a channel in their order, where all have their keys at the same frames."""
    if sorted(curves) != list(range(count)):
        return None
    found = [curves[index] for index in range(count)]
    frames = [[point.co[0] for point in curve.keyframe_points] for curve in found]
    return found if all(each == frames[0] for each in frames) else None


def _conjugation(turn: Quaternion) -> NDArray[np.float64]:
    """(4, 4): q -> A⁻¹ q A on (w, x, y, z); its real part stays, the rest turns as a vector."""
    result = np.eye(4)
    result[1:, 1:] = np.array(turn.inverted().to_matrix(), np.float64)
    return result


def _map(curves: Sequence[Any], matrix: NDArray[np.float64]) -> None:
    """Keys and handles of several curves through a linear map (N, N)."""
    count = len(curves[0].keyframe_points)
    for what in ("co", "handle_left", "handle_right"):
        flat = np.empty((len(curves), 2 * count), np.float32)
        for row, curve in zip(flat, curves, strict=True):
            curve.keyframe_points.foreach_get(what, row)
        flat[:, 1::2] = matrix @ flat[:, 1::2].astype(np.float64)
        for row, curve in zip(flat, curves, strict=True):
            curve.keyframe_points.foreach_set(what, row)
    for curve in curves:
        curve.update()


def _map_euler(curves: Sequence[Any], turn: Quaternion, order: str) -> None:
    """Key by key; handles go along with their keys."""
    back = turn.inverted()
    before: Euler | None = None
    for number, _ in enumerate(curves[0].keyframe_points):
        points = [curve.keyframe_points[number] for curve in curves]
        own = back @ Euler([point.co[1] for point in points], order).to_quaternion() @ turn
        before = own.to_euler(order) if before is None else own.to_euler(order, before)
        for point, value in zip(points, tuple(before), strict=True):
            move = value - point.co[1]
            for handle in (point.handle_left, point.handle_right):
                handle[1] += move
            point.co[1] = value
    for curve in curves:
        curve.update()
