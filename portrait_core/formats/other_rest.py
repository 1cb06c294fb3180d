# SPDX-License-Identifier: Apache-2.0
"""The same avatar as other programs want it to rest: in a T-pose, with other axes of its bones, standing on the floor.

What it looks like in a pose stays; how the pose is written changes with the axes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from portrait_core.avatar import Avatar, Level
from portrait_core.formats.gltf.scene import ARMATURE
from portrait_core.geometry.morphs import Morph
from portrait_core.geometry.settled import settled
from portrait_core.geometry.vertex_data import VertexData
from portrait_core.rig.bone_frames import bone_frames
from portrait_core.rig.skinning import local_joints, rotation
from portrait_core.rig.t_pose import t_pose_motions, unskinned

SOLE = 0.03
"""Metres from the lowest joint, that of the toes, down to the floor."""

SPECK = 1e-4
"""Metres, the legs of the triangle that marks the floor."""

Matrices = NDArray[np.float64]


def as_named(avatar: Avatar, scheme: str) -> tuple[Avatar, str | None]:
    """``avatar`` resting as programs want it that ask for bones of a naming ``scheme``, and what its scene is called
    there, if they ask for that."""
    if scheme != "rpm":
        return avatar, None
    standing = on_the_floor(with_bone_frames(avatar))
    if "left_foot" in avatar.joint_names:
        foot = standing.joint_names.index("left_foot")
        standing = replace(standing, levels=tuple(_with_floor(level, foot) for level in standing.levels))
    return standing, ARMATURE


def in_t_pose(avatar: Avatar) -> Avatar:
    """``avatar`` with its arms out along x and no joint turned, and so without a pose and a motion of the body."""
    motions = t_pose_motions(avatar.joint_names, avatar.parents, avatar.joints, avatar.rest)
    joints = np.einsum("jab,jb->ja", motions[:, :3, :3], avatar.joints.astype(np.float64)) + motions[:, :3, 3]
    levels = tuple(_put(level, motions) for level in avatar.levels)
    return replace(avatar, levels=levels, joints=settled(joints), pose={}, rest={}, motion=None)


def with_bone_frames(avatar: Avatar) -> Avatar:
    """``avatar`` with the axes of bones of :mod:`portrait_core.rig.bone_frames`."""
    frames = bone_frames(avatar.joint_names, avatar.parents, avatar.joints)
    rest = {
        name: _turn(_above(frames, parent).T @ frame)
        for name, parent, frame in zip(avatar.joint_names, avatar.parents.tolist(), frames, strict=True)
    }
    moved = replace(avatar, pose={}, motion=None, rest={name: turn for name, turn in rest.items() if any(turn)})
    return _posed_again(moved, avatar, frames)


def on_the_floor(avatar: Avatar) -> Avatar:
    """``avatar`` lifted so that its feet, as its joints have them, stand at a height of zero; one without toes stays
    as it is."""
    toes = [height for name, height in zip(avatar.joint_names, avatar.joints[:, 1], strict=True) if "foot" in name]
    if not toes:
        return avatar
    up = np.array([0.0, SOLE - float(min(toes)), 0.0], np.float32)
    levels = tuple(level.with_(vertices=level.vertices + up) for level in avatar.levels)
    return replace(avatar, levels=levels, joints=avatar.joints + up)


def _with_floor(level: Level, foot: int) -> Level:
    """The level with a speck on the floor that hangs on the joint ``foot`` and looks down, among its first object's.

    Talking heads on the web stand an avatar on its lowest vertex, and would push a bust out of the picture.
    """
    first = level.sections[0].count if level.sections else len(level.faces)
    at = np.array([[0, 0, 0], [SPECK, 0, 0], [0, 0, SPECK]], np.float32)
    below = {
        "vertices": at,
        "normals": np.tile(np.array([0, -1, 0], np.float32), (3, 1)),
        "tangents": np.tile(np.array([1, 0, 0, 1], np.float32), (3, 1)),
        "joints": np.tile(np.array([foot, 0, 0, 0], np.uint16), (3, 1)),
        "weights": np.tile(np.array([1, 0, 0, 0], np.float32), (3, 1)),
        "uvs": level.uvs[level.faces[0, :1]] + at[:, [0, 2]],
    }
    arrays = {
        name: np.concatenate([array, below.get(name, np.zeros((3, *array.shape[1:]))).astype(array.dtype)])
        for name, array in level.data.items()
    }
    count = len(level.vertices)
    faces = np.insert(level.faces, first, np.array([[count, count + 1, count + 2]]), axis=0)
    sections = tuple(
        replace(section, count=section.count + 1) if number == 0 else section
        for number, section in enumerate(level.sections)
    )
    return replace(level, data=VertexData(**arrays), faces=faces.astype(np.int32), sections=sections)


def _put(level: Level, motions: Matrices) -> Level:
    """The level where the inverse of skinning takes it, with its morphs."""
    there, shift = unskinned(level.skin, motions)
    places = np.einsum("vij,vj->vi", there, level.vertices.astype(np.float64)) + shift
    normals, lengths = _unit(np.einsum("vij,vj->vi", there, level.normals.astype(np.float64)))
    data = level.data.with_(vertices=settled(places), normals=normals.astype(np.float32))
    if level.tangents is not None:
        along, _ = _unit(np.einsum("vij,vj->vi", there, level.tangents[:, :3].astype(np.float64)))
        # At right angles to the normals again: what stretches does not keep them so.
        along, _ = _unit(along - normals * np.einsum("vi,vi->v", along, normals)[:, None])
        data = data.with_(tangents=np.concatenate([along, level.tangents[:, 3:]], axis=1).astype(np.float32))
    return replace(level, data=data, morphs=tuple(_put_morph(morph, there, lengths) for morph in level.morphs))


def _put_morph(morph: Morph, there: Matrices, lengths: Matrices) -> Morph:
    moves = np.einsum("vij,vj->vi", there[morph.rows], morph.moves.astype(np.float64)).astype(np.float32)
    if morph.turns is None:
        return replace(morph, moves=moves)
    turns = np.einsum("vij,vj->vi", there[morph.rows], morph.turns.astype(np.float64)) / lengths[morph.rows]
    return replace(morph, moves=moves, turns=turns.astype(np.float32))


def _unit(vectors: Matrices) -> tuple[Matrices, Matrices]:
    """``vectors`` (V, 3) at length one, and the lengths (V, 1) that they had."""
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return vectors / lengths, lengths


def _above(matrices: Matrices, parent: int) -> Matrices:
    return matrices[parent] if parent >= 0 else np.eye(3)


def _turn(matrix: Matrices) -> tuple[float, float, float]:
    """Axis-angle of a rotation, nothing for what is rounding."""
    vector = Rotation.from_matrix(matrix).as_rotvec()
    x, y, z = (0.0, 0.0, 0.0) if float(np.linalg.norm(vector)) < 1e-9 else vector.tolist()
    return x, y, z


def _posed_again(new: Avatar, old: Avatar, frames: Matrices) -> Avatar:
    """``new``, the same but for joints that rest with axes ``frames`` (J, 3, 3), with the pose and the motion of
    ``old``."""
    _, before = local_joints(old.joint_names, old.parents, old.joints, old.rest)
    change = np.einsum("jba,jbc->jac", frames, before)
    own = dict(zip(old.joint_names, change, strict=True))
    above = {name: _above(change, parent) for name, parent in zip(old.joint_names, old.parents.tolist(), strict=True)}
    pose = {name: _turn(above[name] @ rotation(turn) @ own[name].T) for name, turn in old.pose.items()}
    motion = old.motion
    if motion is not None:
        turns = {name: _changed(each, above[name], own[name].T) for name, each in motion.rotations.items()}
        motion = replace(motion, rotations=turns)
    return replace(new, pose=pose, motion=motion)


def _changed(turns: NDArray[np.float32], before: Matrices, after: Matrices) -> NDArray[np.float32]:
    """Quaternions (T, 4) between two rotations (3, 3), neighbours on the same half of the sphere."""
    made = Rotation.from_matrix(before) * Rotation.from_quat(turns.astype(np.float64)) * Rotation.from_matrix(after)
    found = np.asarray(made.as_quat(), np.float64)
    near = np.where(np.einsum("ti,ti->t", found[1:], found[:-1]) < 0, -1.0, 1.0)
    return (found * np.concatenate([[1.0], np.cumprod(near)])[:, None]).astype(np.float32)
