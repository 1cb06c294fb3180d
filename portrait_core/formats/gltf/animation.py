# SPDX-License-Identifier: Apache-2.0
"""Motions as a glTF animation: a track of rotations for each joint, one that moves the root, and the weights of shapes
for each mesh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar
from portrait_core.formats.gltf.binary import BinaryBuilder
from portrait_core.rig.shape_motion import ShapeMotion

Animated = tuple[int, Sequence[str]]
"""A mesh's node, and the names of its targets in order."""


def add_animation(records: Any, gltf: Any, binary: BinaryBuilder, avatar: Avatar, meshes: Sequence[Animated]) -> None:
    """Append the motions of ``avatar``, of body and face, whose nodes are in ``gltf``.

    Both are one animation: programs that play one at a time, as Godot and viewers in browsers do, play the whole. In
    Blender it becomes actions of the armature and of each mesh's shape keys, of one name, that run together. Each has
    its own keys. ``meshes`` are the nodes of meshes with the names of their targets.
    """
    motion, face = avatar.motion, avatar.face_motion
    tracks: list[tuple[int, str, int, NDArray[np.float32]]] = []
    if motion is not None:
        joints: list[int] = gltf.skins[0].joints
        nodes = dict(zip(avatar.joint_names, joints, strict=True))
        moving = [(nodes[joint], "rotation", unit(turns)) for joint, turns in motion.rotations.items()]
        if motion.translation is not None:
            # A node's translation is absolute in its parent, the motion's is a way from the rest place.
            way = (motion.translation + avatar.joints[0]).astype(np.float32)
            moving.append((joints[0], "translation", way))
        if moving:
            times = _times(binary, motion.times)
            tracks += [(node, path, times, values) for node, path, values in moving]
    if face is not None:
        weights = [(node, _weights(face, names, avatar.expression)) for node, names in meshes]
        shown = [(node, values) for node, values in weights if values is not None]
        if shown:
            times = _times(binary, face.times)
            tracks += [(node, "weights", times, values) for node, values in shown]
    if not tracks:
        return
    animation = records.Animation(name=motion.name if motion is not None else face.name if face is not None else None)
    written: dict[bytes, int] = {}
    for node, path, times, values in tracks:
        # Levels of detail of one part move alike.
        output = written.get(values.tobytes()) if path == "weights" else None
        if output is None:
            output = written[values.tobytes()] = binary.accessor(values)
        animation.channels.append(
            records.AnimationChannel(
                sampler=len(animation.samplers), target=records.AnimationChannelTarget(node=node, path=path)
            )
        )
        animation.samplers.append(records.AnimationSampler(input=times, interpolation="LINEAR", output=output))
    gltf.animations.append(animation)


def _times(binary: BinaryBuilder, times: NDArray[np.float32]) -> int:
    return binary.accessor(times.astype(np.float32).reshape(-1, 1), limits=True)


def _weights(face: ShapeMotion, names: Sequence[str], expression: Mapping[str, float]) -> NDArray[np.float32] | None:
    """(T * N, 1): for each key the weights of a mesh's N targets, in their order; None where the motion moves none.

    A channel says the weights of all targets of its mesh: those that do not move stay as ``expression`` has them.
    """
    if not any(name in face.weights for name in names):
        return None
    still = np.zeros(len(face.times), np.float32)
    columns = [face.weights.get(name, still + np.float32(expression.get(name, 0.0))) for name in names]
    return np.stack(columns, axis=1).astype(np.float32).reshape(-1, 1)


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """``vectors`` (N, width) with length 1 to the last digit that float32 holds."""
    exact = vectors.astype(np.float64)
    return (exact / np.linalg.norm(exact, axis=1, keepdims=True)).astype(np.float32)
