# SPDX-License-Identifier: GPL-3.0-or-later
"""Poses as assets: actions of one key each, which the pose library puts onto selected bones, with pictures of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import bpy
from mathutils import Quaternion

from .actions import grouped, new_channels
from .identity import Avatar
from .motion import put_keys
from .pose import bones_of
from .pose_presets import LABELS, NAMES, preset
from .rotations import at_rest, quaternion_of, turn
from .studio import studio

CHANNELS = {"QUATERNION": ("rotation_quaternion", 4), "AXIS_ANGLE": ("rotation_axis_angle", 4)}
PRESET_BONES = ("spine3", "neck", "head", "left_collar", "right_collar")
"""What presets key: all of them, so that one pose takes another's place."""


def strike(avatar: Avatar, name: str) -> None:
    """Put an avatar into a preset: its bones turn, the others stay."""
    pose = preset(name)
    for joint, bone in bones_of(avatar.armature).items():
        if joint in PRESET_BONES:
            turn(bone, _turned(pose, joint, bone))
    avatar.armature.update_tag()


def preset_assets(avatar: Avatar) -> list[bpy.types.Action]:
    """An asset of each preset, with a picture where Blender can render here; those of before are made anew."""
    bones = [bone for joint, bone in bones_of(avatar.armature).items() if joint in PRESET_BONES]
    made: list[bpy.types.Action] = []
    with _as_it_was(avatar), studio(avatar) as picture:
        for name, label in zip(NAMES, LABELS, strict=True):
            strike(avatar, name)
            made.append(_asset(avatar, f"{avatar.name} {label}", bones))
            picture(made[-1])
    return made


def current_asset(avatar: Avatar, name: str) -> bpy.types.Action:
    """An asset of the pose that an avatar has now: all of its bones."""
    title = f"{avatar.name} {name.strip() or 'Pose'}"
    action = _asset(avatar, title[:60], list(avatar.armature.pose.bones))
    with studio(avatar) as picture:
        picture(action)
    return action


def _turned(pose: Mapping[str, Sequence[float]], joint: str, bone: bpy.types.PoseBone) -> Quaternion:
    rest = at_rest(bone.bone)
    return rest @ quaternion_of(pose[joint]) if joint in pose else rest


def _asset(avatar: Avatar, title: str, bones: Sequence[bpy.types.PoseBone]) -> bpy.types.Action:
    """An action of one key of these bones as they are turned now. What the avatar plays stays."""
    armature = avatar.armature
    data = armature.animation_data or armature.animation_data_create()
    kept, slot = data.action, getattr(data, "action_slot", None)
    old = bpy.data.actions.get(title)
    if old is not None and old != kept and old.asset_data is not None:
        bpy.data.actions.remove(old)
    action = bpy.data.actions.new(title)
    channels = new_channels(action, armature)
    for bone in bones:
        path, count = CHANNELS.get(bone.rotation_mode, ("rotation_euler", 3))
        for index in range(count):
            curve = grouped(channels, bone.name, bone.path_from_id(path), index)
            put_keys(curve, [0.0], [getattr(bone, path)[index]])
    data.action = kept
    if kept is not None and slot is not None:
        data.action_slot = slot
    action.asset_mark()
    action.asset_data.tags.new("pose")
    action.asset_data.tags.new("portrait")
    return action


@contextmanager
def _as_it_was(avatar: Avatar) -> Iterator[None]:
    """Give the pose back, and let no action have a say meanwhile."""
    armature = avatar.armature
    kept = {bone.name: (bone.matrix_basis.copy(), bone.rotation_mode) for bone in armature.pose.bones}
    data = armature.animation_data or armature.animation_data_create()
    action, slot, nla = data.action, getattr(data, "action_slot", None), data.use_nla
    data.action, data.use_nla = None, False
    try:
        yield
    finally:
        for bone in armature.pose.bones:
            bone.matrix_basis = kept[bone.name][0]
        data.action, data.use_nla = action, nla
        if action is not None and slot is not None:
            data.action_slot = slot
        armature.update_tag()
