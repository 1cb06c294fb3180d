# SPDX-License-Identifier: GPL-3.0-or-later
"""A face is driven from one place: properties of the avatar's armature, which the shape keys of all its parts follow.

The drivers are plain sums, which Blender works out without Python, so that they run in any file and in library
overrides.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import bpy

from ..core.engine_copies import face_module
from .identity import Avatar

PREFIX = "face_"
SHAPES: tuple[str, ...] = face_module("names").SHAPES
GROUPS: Mapping[str, tuple[str, ...]] = face_module("names").GROUPS
EMOTIONS: Mapping[str, Mapping[str, float]] = face_module("emotions").EMOTIONS


def property_of(shape: str) -> str:
    """The armature's property of a shape."""
    return PREFIX + shape


def path_of(shape: str) -> str:
    """The data path of that property."""
    return f'["{property_of(shape)}"]'


def shapes_of(armature: bpy.types.Object) -> list[str]:
    """The shapes that an avatar's armature has properties for, in the order of files."""
    return [shape for shape in SHAPES if property_of(shape) in armature]


def keys_of(mesh: bpy.types.Object) -> dict[str, bpy.types.ShapeKey]:
    """The shape keys of a mesh that are shapes of a face."""
    keys = mesh.data.shape_keys
    return {} if keys is None else {each.name: each for each in keys.key_blocks if each.name in SHAPES}


def rig_face(avatar: Avatar) -> list[str]:
    """Give the armature a property for each shape that a part has, and every part's shape keys a driver on it.

    Values that properties have stay; new ones take those of the shape keys. Returns the shapes.
    """
    armature = avatar.armature
    values: dict[str, float] = {}
    for mesh in avatar.meshes:
        for shape, key in keys_of(mesh).items():
            values.setdefault(shape, key.value)
            drive(key, armature, shape)
    for shape in [shape for shape in SHAPES if shape in values]:
        name = property_of(shape)
        if name not in armature:
            armature[name] = float(values[shape])
        ui = armature.id_properties_ui(name)
        ui.update(min=0.0, max=1.0, soft_min=0.0, soft_max=1.0, default=0.0, step=5, precision=2, description=shape)
        armature.property_overridable_library_set(path_of(shape), True)
    armature.update_tag()
    return [shape for shape in SHAPES if shape in values]


def drive(key: bpy.types.ShapeKey, armature: bpy.types.Object, shape: str) -> bpy.types.Driver:
    """A shape key follows the armature's property, and nothing else."""
    key.driver_remove("value")
    driver = key.driver_add("value").driver
    driver.type = "SUM"
    variable = driver.variables.new()
    variable.name = "a"
    variable.targets[0].id = armature
    variable.targets[0].data_path = path_of(shape)
    return driver


def values_of(armature: bpy.types.Object) -> dict[str, float]:
    """The weights of shapes that are not at rest."""
    found = {shape: float(armature[property_of(shape)]) for shape in shapes_of(armature)}
    return {shape: value for shape, value in found.items() if value}


def set_values(armature: bpy.types.Object, values: Mapping[str, float], among: Iterable[str] = SHAPES) -> None:
    """The shapes ``among`` take these weights, those that ``values`` does not name go to rest; from 0 to 1.

    With automatic keying switched on they are keyed at the frame that is shown.
    """
    keyed = bpy.context.scene.tool_settings.use_keyframe_insert_auto
    wanted = set(among)
    for shape in shapes_of(armature):
        if shape not in wanted:
            continue
        value = float(values.get(shape, 0.0))
        before = float(armature[property_of(shape)])
        after = min(max(value, 0.0), 1.0) if math.isfinite(value) else 0.0
        armature[property_of(shape)] = after
        if keyed and after != before:
            armature.keyframe_insert(path_of(shape))
    armature.update_tag()


def mirrored_values(armature: bpy.types.Object) -> dict[str, float]:
    """The weights with the left and the right side exchanged."""
    other = face_module("names").mirrored
    return {other(shape): value for shape, value in values_of(armature).items()}


def preset_values(name: str, strength: float) -> dict[str, float]:
    """The weights of an emotion, ``strength`` times what the table says."""
    return {shape: strength * weight for shape, weight in EMOTIONS[name].items()}
