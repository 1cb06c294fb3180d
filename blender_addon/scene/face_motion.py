# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings of faces and cues of speech become keys on the armature's face properties; no engine is needed."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Quaternion, Vector

from ..core.engine_copies import face_module
from ..core.failure import Failure
from ..core.text import Text
from .actions import curves_for, grouped, new_channels, new_curves
from .face import EMOTIONS, keys_of, path_of, preset_values, property_of, shapes_of
from .identity import Avatar
from .motion import between, key_rotations, put_keys, span, whole
from .pose import bones_of
from .rotations import basis_of

GROUP = "Face"
"""The group of an action's curves that move the face."""
SHARES = (("neck", 0.3), ("head", 0.7))
"""What of a recorded turn of the head each joint takes."""


def read_recording(path: Path, rate: float = 0.0) -> Any:
    """The table of a recording; raises :class:`Failure` for a file in which nothing can be used."""
    return _read(path, lambda: face_module("recordings.load").read_recording(path, rate or None))


def read_speech(path: Path, rate: float = 0.0, strength: float = 1.0) -> Any:
    """The table of a file of cues, as visemes; raises :class:`Failure` as :func:`read_recording`."""
    cues = face_module("recordings.cue_files")
    spoken = face_module("recordings.coarticulation").spoken
    return _read(path, lambda: spoken(cues.read_cues(path, rate or None), strength))


def _read(path: Path, read: Any) -> Any:
    try:
        return read()
    except face_module("recordings.faults").FaceFileError as error:
        raise Failure("file", Text("{file}: {reason}", file=path.name, reason=error)) from error


def apply_table(
    avatar: Avatar, table: Any, name: str, *, head: bool = False, whole_frames: bool = False
) -> bpy.types.Action:
    """Make an action of a table: keys at the times that it has, or at whole frames, from the scene's first frame on;
    shapes that it does not name rest. The scene's range stays. With ``head`` neck and head turn as recorded.

    Raises :class:`Failure` where the avatar has none of its shapes.
    """
    armature, scene = avatar.armature, bpy.context.scene
    there = [shape for shape in shapes_of(armature) if shape in table.weights]
    if not there:
        raise Failure("scene", "The avatar's face has no shapes.", "Make it again with the shapes of the face.")
    rate = scene.render.fps / scene.render.fps_base
    recorded = [scene.frame_start + float(time) * rate for time in table.times]
    frames = whole(recorded) if whole_frames else recorded
    action = bpy.data.actions.new(f"{name} {avatar.name}"[:60])
    channels = new_channels(action, armature)
    for shape in shapes_of(armature):
        track = table.weights.get(shape)
        if track is None:
            armature[property_of(shape)] = 0.0
            continue
        values = np.interp(frames, recorded, np.asarray(track, np.float64)).tolist()
        put_keys(grouped(channels, GROUP, path_of(shape)), *_thinned(frames, values))
    if head and "head" in table.turns:
        _turn_head(armature, channels, recorded, frames, table.turns["head"])
    span(action, frames)
    scene.frame_set(scene.frame_current, subframe=scene.frame_subframe)
    return action


def _turn_head(
    armature: bpy.types.Object, channels: Any, recorded: list[float], frames: list[float], turns: Any
) -> None:
    """Neck and head share the rotation vectors (T, 3), +y up."""
    bones = bones_of(armature)
    for joint, share in SHARES:
        bone = bones.get(joint)
        if bone is None:
            continue
        bone.rotation_mode = "QUATERNION"
        keys: list[Quaternion] = []
        for x, y, z in turns:
            vector = Vector((float(x), -float(z), float(y))) * share
            turn = Quaternion(vector, vector.length) if vector.length > 1e-12 else Quaternion()
            keys.append(basis_of(bone.bone, turn))
        for before, after in itertools.pairwise(keys):
            if before.dot(after) < 0:
                after.negate()
        key_rotations(channels, bone, frames, keys if frames is recorded else between(recorded, keys, frames))


def _thinned(frames: list[float], values: list[float]) -> tuple[list[float], list[float]]:
    """Without keys that lie between equal ones."""
    last = len(values) - 1
    kept = [
        number
        for number in range(len(values))
        if number in (0, last) or not values[number - 1] == values[number] == values[number + 1]
    ]
    return [frames[number] for number in kept], [values[number] for number in kept]


def key_face(armature: bpy.types.Object) -> int:
    """Key all shapes at the frame that is shown; returns how many."""
    shapes = shapes_of(armature)
    for shape in shapes:
        armature.keyframe_insert(path_of(shape))
    return len(shapes)


def gather_motion(avatar: Avatar) -> None:
    """The weights' animation that came with a file, which hangs on every mesh, becomes one on the armature.

    The armature's own action takes it up where there is one, so that body and face play together.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    for mesh in avatar.meshes:
        keys = mesh.data.shape_keys
        if keys is None or keys.animation_data is None:
            continue
        paths = {key.path_from_id("value"): shape for shape, key in keys_of(mesh).items()}
        for curve in curves_for(keys):
            shape = paths.get(curve.data_path)
            if shape is not None and shape not in found:
                found[shape] = [(point.co[0], point.co[1]) for point in curve.keyframe_points]
        keys.animation_data_clear()
    if not found:
        return
    armature = avatar.armature
    data = armature.animation_data
    if data is None or data.action is None:
        curves = new_curves(bpy.data.actions.new(f"{avatar.name} motion"), armature)
    else:
        curves = curves_for(armature)
    for shape, points in found.items():
        put_keys(curves.new(path_of(shape)), [frame for frame, _ in points], [value for _, value in points])


def preset_assets(avatar: Avatar, strength: float = 1.0) -> list[bpy.types.Action]:
    """An action of one key for each emotion, marked as an asset; an avatar's actions of the same name are made anew."""
    armature = avatar.armature
    shapes = shapes_of(armature)
    if not shapes:
        raise Failure("scene", "The avatar's face has no shapes.", "Make it again with the shapes of the face.")
    data = armature.animation_data
    kept = data.action if data is not None else None
    slot = getattr(data, "action_slot", None) if data is not None else None
    made: list[bpy.types.Action] = []
    for name in EMOTIONS:
        title = f"{avatar.name} {name}"
        old = bpy.data.actions.get(title)
        if old is not None and old != kept:
            bpy.data.actions.remove(old)
        action = bpy.data.actions.new(title)
        curves = new_curves(action, armature)
        values = preset_values(name, strength)
        for shape in shapes:
            put_keys(curves.new(path_of(shape)), [0.0], [min(max(values.get(shape, 0.0), 0.0), 1.0)])
        action.asset_mark()
        action.asset_data.tags.new("face")
        made.append(action)
    # The avatar goes on with what it had.
    armature.animation_data.action = kept
    if kept is not None and slot is not None:
        armature.animation_data.action_slot = slot
    return made
