# SPDX-License-Identifier: GPL-3.0-or-later
"""The 3D view moves until an avatar fills it, or looks through a camera; nothing is selected for that."""

from __future__ import annotations

import math

import bpy
from mathutils import Euler, Quaternion

from .identity import Avatar
from .placing import box_of

_SENSOR = 72.0
"""Millimetres across the longer edge of a view of Blender's, for its focal length."""
_MARGIN = 1.15
_BLENDERS_OWN = Quaternion((0.7124, 0.4411, 0.2874, 0.4641))
"""How the 3D view of a new file looks: onto an avatar's ear."""
_FRONT = Euler((math.radians(84), 0, math.radians(14))).to_quaternion()
"""A little from above and from the avatar's left."""


def frame(avatar: Avatar, window: bpy.types.Window | None, *, from_front: bool = False) -> bool:
    """Look at the avatar in the window's largest 3D view; False where there is none, or it looks through a camera.

    ``from_front`` turns a view to its face that still looks as Blender's own, in a file that was never saved.
    """
    areas = [each for each in window.screen.areas if each.type == "VIEW_3D"] if window is not None else []
    around = box_of(each for each in avatar.meshes if not each.hide_viewport)
    if not areas or around is None:
        return False
    area = max(areas, key=lambda each: each.width * each.height)
    space = area.spaces.active
    view = space.region_3d
    if view is None or view.view_perspective == "CAMERA":
        return False
    short, long = sorted((max(area.width, 1), max(area.height, 1)))
    half = math.atan(_SENSOR / 2 / space.lens * short / long)
    radius = around.size.length / 2
    view.view_location = (around.low + around.high) / 2
    view.view_distance = _MARGIN * radius / math.sin(half)
    if from_front and not bpy.data.filepath and is_blenders_own(view.view_rotation):
        turned = avatar.armature.matrix_world.to_euler().z
        view.view_rotation = Euler((0, 0, turned)).to_quaternion() @ _FRONT
    area.tag_redraw()
    return True


def look_through(camera: bpy.types.Object, window: bpy.types.Window | None) -> bool:
    """Look through a camera in the window's largest 3D view, whichever the scene's is; False where there is no view."""
    areas = [each for each in window.screen.areas if each.type == "VIEW_3D"] if window is not None else []
    if not areas:
        return False
    area = max(areas, key=lambda each: each.width * each.height)
    space = area.spaces.active
    space.use_local_camera = True
    space.camera = camera
    if space.region_3d is not None:
        space.region_3d.view_perspective = "CAMERA"
    area.tag_redraw()
    return True


def is_blenders_own(rotation: Quaternion) -> bool:
    """Whether a view looks as in a new file: nobody has turned it."""
    return abs(rotation.dot(_BLENDERS_OWN)) > 0.9999
