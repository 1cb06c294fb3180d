# SPDX-License-Identifier: GPL-3.0-or-later
"""Sliders for neck and head: the three components of each joint's SMPL axis-angle, read from the bones themselves.

They hold nothing of their own, so they never disagree with a bone that was turned by hand, by an action or by undo.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import bpy

from .pose import bones_of
from .rotations import axis_angle_of, quaternion_of, rotation_of, turn

NAME = "portraitkit_pose"
_MOST = math.radians(80)


def _getter(joint: str, axis: int) -> Callable[[Any], float]:
    def get(self: Any) -> float:
        bone = bones_of(self.id_data).get(joint) if self.id_data.type == "ARMATURE" else None
        return axis_angle_of(rotation_of(bone))[axis] if bone is not None else 0.0

    return get


def _setter(joint: str, axis: int) -> Callable[[Any, float], None]:
    def put(self: Any, value: float) -> None:
        bone = bones_of(self.id_data).get(joint) if self.id_data.type == "ARMATURE" else None
        if bone is None:
            return
        vector = list(axis_angle_of(rotation_of(bone)))
        vector[axis] = value
        turn(bone, quaternion_of(vector))
        self.id_data.update_tag()

    return put


def _slider(joint: str, axis: int, name: str, description: str) -> Any:
    return bpy.props.FloatProperty(
        name=name,
        description=description,
        subtype="ANGLE",
        soft_min=-_MOST,
        soft_max=_MOST,
        min=-math.pi,
        max=math.pi,
        step=100,
        precision=1,
        options={"SKIP_SAVE"},
        get=_getter(joint, axis),
        set=_setter(joint, axis),
    )


class PORTRAITKIT_PG_pose(bpy.types.PropertyGroup):
    """One slider for each axis of neck and head. Radians."""

    neck_x: _slider("neck", 0, "Neck Nod", "Bend the neck forward, or back below zero")
    neck_y: _slider("neck", 1, "Neck Turn", "Turn the neck to the avatar's left, or right below zero")
    neck_z: _slider("neck", 2, "Neck Tilt", "Tilt the neck to the avatar's right shoulder, or left below zero")
    head_x: _slider("head", 0, "Head Nod", "Bend the head forward, or back below zero")
    head_y: _slider("head", 1, "Head Turn", "Turn the head to the avatar's left, or right below zero")
    head_z: _slider("head", 2, "Head Tilt", "Tilt the head to the avatar's right shoulder, or left below zero")


def register() -> None:
    """Put the sliders on every object; they only do something on an avatar's armature."""
    setattr(
        bpy.types.Object,
        NAME,
        bpy.props.PointerProperty(
            type=PORTRAITKIT_PG_pose, name="Portrait Pose", description="How the avatar holds neck and head"
        ),
    )


def unregister() -> None:
    """Take them away."""
    delattr(bpy.types.Object, NAME)


CLASSES = (PORTRAITKIT_PG_pose,)
