# SPDX-License-Identifier: GPL-3.0-or-later
"""A camera that sees an avatar as a photograph saw somebody."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
from mathutils import Matrix

from .identity import Avatar

CAMERA_KEY = "portraitkit_photo_camera"
"""Custom property of a camera of ours: the avatar's identity."""
_SENSOR = 36.0
"""Millimetres; the photograph's square fills the shorter edge of the picture."""
_UPRIGHT = Matrix(((1, 0, 0, 0), (0, 0, -1, 0), (0, 1, 0, 0), (0, 0, 0, 1)))
"""From +y up to Blender's +z up."""
_LOOKS_BACK = Matrix.Diagonal((1, -1, -1, 1))
"""From a camera that looks along +z, y down, to Blender's, which looks along -z."""


def put_camera(
    avatar: Avatar, cam2world: Sequence[Sequence[float]], focal: float, scene: bpy.types.Scene
) -> bpy.types.Object:
    """Put a camera into the scene, or the one of before anew.

    Args:
        avatar: who is seen; the camera stands as its armature does, and follows it.
        cam2world: (4, 4), metres, +y up, from the joint of the neck; the camera looks along +z, y down.
        focal: in sides of the square that is seen.
        scene: that it is put into.

    The scene's own camera stays the one that renders, where there is one.
    """
    found = next((each for each in scene.objects if each.get(CAMERA_KEY) == avatar.identity), None)
    if found is None or found.type != "CAMERA":
        found = bpy.data.objects.new("", bpy.data.cameras.new(""))
        found[CAMERA_KEY] = avatar.identity
        scene.collection.objects.link(found)
    found.name = found.data.name = f"{avatar.name} camera"
    lens = found.data
    lens.sensor_fit = "VERTICAL" if scene.render.resolution_x >= scene.render.resolution_y else "HORIZONTAL"
    lens.sensor_width = lens.sensor_height = _SENSOR
    lens.lens = focal * _SENSOR
    lens.clip_start = 0.01
    found.parent = avatar.armature
    found.matrix_parent_inverse = Matrix.Identity(4)
    found.matrix_basis = _UPRIGHT @ Matrix(cam2world) @ _LOOKS_BACK
    if scene.camera is None:
        scene.camera = found
    return found
