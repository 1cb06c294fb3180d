# SPDX-License-Identifier: Apache-2.0
"""A hand-made avatar with all joints of a character, arms lowered at rest, and a cloud of triangles that hangs on them:
for what changes the rest of an avatar."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar, Level
from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS
from portrait_core.geometry.morphs import Morph
from portrait_core.rig import Motion, Skeleton
from portrait_core.rig.fingers import with_fingers
from tests.formats.characters import character

PLACES = {
    "pelvis": (0, -0.55, 0), "left_hip": (0.08, -0.6, 0), "spine1": (0, -0.47, -0.03), "left_knee": (0.08, -1.0, 0),
    "spine2": (0, -0.4, -0.03), "left_ankle": (0.08, -1.4, 0), "spine3": (0, -0.34, -0.04),
    "left_foot": (0.08, -1.45, 0.1), "neck": (0, 0, 0), "left_collar": (0.02, -0.07, 0.02), "head": (0, 0.09, 0.03),
    "left_shoulder": (0.19, -0.11, 0.01), "left_elbow": (0.23, -0.36, 0.01), "left_wrist": (0.27, -0.6, 0.03),
    "left_hand": (0.29, -0.66, 0.03),
}  # fmt: skip
LOWERED = {"collar": 0.09, "shoulder": 0.47}
"""Radians by which the arms are lowered at rest."""


def joints() -> NDArray[np.float32]:
    """(24, 3) of SMPL's joints, right ones mirrored."""
    found: list[tuple[float, float, float]] = []
    for name in SMPL_JOINT_NAMES:
        x, y, z = PLACES[name.replace("right_", "left_")]
        found.append((-x if name.startswith("right_") else x, y, z))
    return np.array(found, np.float32)


def whole(*, turns: bool = False) -> Avatar:
    """The hand-made avatar of parts on SMPL's joints, fingers, jaw and eyes, with a shape that moves all of it."""
    bones = with_fingers(Skeleton(SMPL_JOINT_NAMES, np.array(SMPL_PARENTS, np.int32), joints()))
    head = bones.joint_names.index("head")
    names = (*bones.joint_names, "jaw", "left_eye", "right_eye")
    parents = np.append(bones.parents, [head] * 3).astype(np.int32)
    face = np.array([[0, 0.1, 0.06], [0.03, 0.13, 0.12], [-0.03, 0.13, 0.12]], np.float32)
    avatar = character()
    return replace(
        avatar,
        joint_names=names,
        parents=parents,
        joints=np.concatenate([bones.joints, face]),
        levels=(_hung(avatar.main, len(names), turns=turns),),
        rest={
            f"{side}_{joint}": (0.0, 0.0, -angle if side == "left" else angle)
            for side in ("left", "right")
            for joint, angle in LOWERED.items()
        },
    )


def _hung(level: Level, count: int, *, turns: bool) -> Level:
    """The level with every vertex on two joints by chance, and with tangents."""
    draw = np.random.default_rng(5)
    rows = len(level.vertices)
    share = draw.uniform(0, 1, rows).astype(np.float32)
    weights = np.zeros((rows, 4), np.float32)
    weights[:, 0], weights[:, 1] = 1 - share, share
    # Neighbours on the skeleton, as in a real skin: from the collar down the arm.
    pairs = np.array([[13, 16], [14, 17], [16, 18], [9, 13], [12, 15], [15, count - 3]])[draw.integers(0, 6, rows)]
    moved = np.zeros((rows, 4), np.uint16)
    moved[:, :2] = pairs
    normals = draw.normal(size=(rows, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    along = np.cross(normals, draw.normal(size=(rows, 3)))
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    data = level.data.with_(
        joints=moved,
        weights=weights,
        normals=normals.astype(np.float32),
        tangents=np.concatenate([along, np.ones((rows, 1))], axis=1).astype(np.float32),
    )
    moves = draw.normal(scale=0.01, size=(rows, 3)).astype(np.float32)
    own = draw.normal(scale=0.2, size=(rows, 3)).astype(np.float32) if turns else None
    return replace(level, data=data, morphs=(Morph("jawOpen", np.arange(rows, dtype=np.int32), moves, own),))


def moving(avatar: Avatar) -> Avatar:
    """``avatar`` in a pose, and with a motion of two joints."""
    angle = np.linspace(0, 1.2, 5)
    turn = np.zeros((5, 4), np.float32)
    turn[:, 1], turn[:, 3] = np.sin(angle / 2), np.cos(angle / 2)
    motion = Motion("turn", np.arange(5, dtype=np.float32), {"head": turn, "left_elbow": turn[::-1].copy()})
    pose = {"left_shoulder": (0.3, -0.2, -0.9), "head": (0.0, 0.4, 0.1), "right_elbow": (0.0, 0.5, 0.0)}
    return replace(avatar, pose=pose, motion=motion)
