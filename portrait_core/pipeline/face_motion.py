# SPDX-License-Identifier: Apache-2.0
"""A face's motion on a finished avatar, beside the motion of its body."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation, Slerp

from portrait_core.avatar import Avatar
from portrait_core.face.motion_files import FaceMotion
from portrait_core.face.moved import joint_motion, shape_motion
from portrait_core.rig.motion import Motion, on_one_half


def shapes_of(avatar: Avatar) -> frozenset[str]:
    """The names of all shapes that some level of an avatar has."""
    return frozenset(morph.name for level in avatar.levels for morph in level.morphs)


def with_face_motion(avatar: Avatar, face: FaceMotion) -> tuple[Avatar, tuple[str, ...]]:
    """``avatar`` with the part of ``face`` that it has shapes and joints for, and lines about what it has not.

    A motion that the avatar has already goes first: joints that it turns keep its turns.
    """
    shapes, body = shapes_of(avatar), avatar.motion
    taken: set[str] = set(body.rotations) if body is not None else set()
    lines: list[str] = []
    if taken & {"neck", "head"}:  # they share a turn: who moves one of them moves both
        taken |= {"neck", "head"}
        if "head" in face.table.turns:
            lines.append(f"{face.name}: its turns of the head give way to the body's motion.")
    weights = shape_motion(face.table, face.name, shapes)
    joints = [joint for joint in avatar.joint_names if joint not in taken]
    turns = joint_motion(face.table, face.name, joints, shapes, {**avatar.rest, **avatar.pose})
    if weights is None and turns is None:
        lines.append(f"{face.name}: the avatar has no shapes and no joints that it moves; it is left out.")
    elif weights is None:
        lines.append(f"{face.name}: the avatar has no shapes; its joints alone are moved.")
    motion = body if turns is None else turns if body is None else _beside(body, turns)
    return replace(avatar, motion=motion, face_motion=weights), tuple(lines)


def _beside(body: Motion, face: Motion) -> Motion:
    """Both on one time line; what a motion says between its keys stays."""
    times = np.unique(np.concatenate([body.times, face.times]))
    rotations = {
        joint: _at(times, each.times, turns) for each in (body, face) for joint, turns in each.rotations.items()
    }
    translation = None
    if body.translation is not None:
        columns = [np.interp(times, body.times, body.translation[:, axis]) for axis in range(3)]
        translation = np.stack(columns, axis=1).astype(np.float32)
    return Motion(body.name, times, rotations, translation)


def _at(times: NDArray[np.float32], given: NDArray[np.float32], turns: NDArray[np.float32]) -> NDArray[np.float32]:
    """Quaternions (T, 4) at ``times``, on the shortest arcs between those given; beyond the ends they stay."""
    if len(given) == 1:
        return np.repeat(turns, len(times), axis=0)
    inside = np.clip(times, given[0], given[-1]).astype(np.float64)
    between = Slerp(given.astype(np.float64), Rotation.from_quat(turns))(inside)
    return on_one_half(np.asarray(between.as_quat(), np.float64))
