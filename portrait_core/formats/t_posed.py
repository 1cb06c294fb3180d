# SPDX-License-Identifier: Apache-2.0
"""An avatar whose rest pose is a T, with joints aligned with the world, as VRM and other whole characters are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from portrait_core.avatar import Avatar, Level
from portrait_core.geometry.morphs import Morph
from portrait_core.rig.motion import Motion
from portrait_core.rig.skin import Skin
from portrait_core.rig.skinning import local_joints
from portrait_core.rig.t_pose import Repose, t_pose

Floats = NDArray[np.float64]


def t_posed(avatar: Avatar) -> Avatar:
    """``avatar`` re-posed for good: vertices, normals, tangents, joints and morphs; no joint rests turned.

    Its pose and its motion show what they showed before. Raises nothing of its own; a skeleton without arms is what it
    was, with joints aligned with the world.
    """
    repose = t_pose(avatar.joint_names, avatar.parents, avatar.joints)
    levels = tuple(_level(level, repose) for level in avatar.levels)
    turns = _Turns(avatar, repose)
    pose = {name: _axis_angle(turn) for name, turn in turns.of(_still(avatar)).items()} if avatar.pose else {}
    motion = None if avatar.motion is None else _motion(avatar, avatar.motion, turns)
    return replace(avatar, levels=levels, joints=repose.joints, rest={}, pose=pose, motion=motion)


def _level(level: Level, repose: Repose) -> Level:
    skin = level.skin
    tangents = level.tangents
    if tangents is not None:
        tangents = np.concatenate([_unit(repose.directions(tangents[:, :3], skin)), tangents[:, 3:]], axis=1)
    moved = level.with_(
        vertices=repose.places(level.vertices, skin),
        normals=_unit(repose.directions(level.normals, skin)),
        tangents=tangents,
    )
    return replace(moved, morphs=tuple(_morph(morph, skin, repose) for morph in level.morphs))


def _morph(morph: Morph, skin: Skin, repose: Repose) -> Morph:
    own = Skin(skin.joints[morph.rows], skin.weights[morph.rows])
    turns = None if morph.turns is None else repose.directions(morph.turns, own)
    return replace(morph, moves=repose.directions(morph.moves, own), turns=turns)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    exact = vectors.astype(np.float64)
    return (exact / np.maximum(np.linalg.norm(exact, axis=1, keepdims=True), 1e-12)).astype(np.float32)


class _Turns:
    """Rotations of the T-pose's joints that show what rotations of the old rest pose's did."""

    def __init__(self, avatar: Avatar, repose: Repose) -> None:
        self._names, self._parents = avatar.joint_names, avatar.parents.tolist()
        _, self._frames = local_joints(avatar.joint_names, avatar.parents, avatar.joints, avatar.rest)
        self._turned = repose.motions[:, :3, :3]

    def of(self, local: Mapping[str, Floats]) -> dict[str, Floats]:
        """By joint (..., 3, 3) relative to the parent, for the same of all joints in the old rig; without those that
        are not turned."""
        before: list[Floats] = []
        after: list[Floats] = []
        result: dict[str, Floats] = {}
        for number, name in enumerate(self._names):
            parent = self._parents[number]
            own = local[name]
            before.append(own if parent < 0 else before[parent] @ own)
            # What hangs on the joint turns from the old rest pose by this, and from the T-pose by the rest of it.
            after.append(before[number] @ self._frames[number].T @ self._turned[number].T)
            turn = after[number] if parent < 0 else np.swapaxes(after[parent], -1, -2) @ after[number]
            if float(np.abs(turn - np.eye(3)).max()) > 1e-9:
                result[name] = turn
        return result


def _still(avatar: Avatar) -> dict[str, Floats]:
    """Every joint's rotation (3, 3) in the avatar's pose."""
    turns = {**avatar.rest, **avatar.pose}
    return {
        name: np.asarray(Rotation.from_rotvec(np.asarray(turns.get(name, (0.0, 0.0, 0.0)))).as_matrix(), np.float64)
        for name in avatar.joint_names
    }


def _motion(avatar: Avatar, motion: Motion, turns: _Turns) -> Motion:
    """The motion of the T-posed rig; joints that it does not name rest as the pose has them."""
    count = len(motion.times)
    local = {name: np.tile(turn, (count, 1, 1)) for name, turn in _still(avatar).items()}
    for name, keys in motion.rotations.items():
        local[name] = np.asarray(Rotation.from_quat(keys.astype(np.float64)).as_matrix(), np.float64)
    return replace(motion, rotations={name: _quaternions(turn) for name, turn in turns.of(local).items()})


def _quaternions(turns: Floats) -> NDArray[np.float32]:
    """(T, 4) x, y, z, w, neighbours on one half of the sphere."""
    found: Any = Rotation.from_matrix(turns).as_quat()
    flips = np.where(np.einsum("ti,ti->t", found[1:], found[:-1]) < 0.0, -1.0, 1.0)
    signs = np.concatenate([[1.0 if found[0, 3] >= 0.0 else -1.0], flips])
    return (found * np.cumprod(signs)[:, None]).astype(np.float32)


def _axis_angle(turn: Floats) -> tuple[float, float, float]:
    x, y, z = np.asarray(Rotation.from_matrix(turn).as_rotvec(), np.float64).tolist()
    return x, y, z
