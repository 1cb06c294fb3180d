# SPDX-License-Identifier: Apache-2.0
"""The T-pose: arms on one line, and an avatar that shows in every pose what it showed before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from portrait_core.avatar import Avatar
from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS
from portrait_core.formats.t_posed import t_posed
from portrait_core.geometry.morphs import Morph
from portrait_core.rig.motion import Motion
from portrait_core.rig.skinning import joint_motions, local_joints, skinned
from portrait_core.rig.t_pose import t_pose
from tests.formats.characters import character

PARENTS = np.array(SMPL_PARENTS, np.int32)
REST = {"left_shoulder": (0.1, 0.0, -0.6), "right_shoulder": (0.1, 0.0, 0.6), "left_elbow": (0.0, -0.2, 0.0)}


def standing() -> np.ndarray:
    """SMPL's joints with the arms hanging aslant."""
    places = {
        "pelvis": (0, -0.5, 0), "spine1": (0, -0.4, 0), "spine2": (0, -0.3, 0), "spine3": (0, -0.2, 0),
        "neck": (0, 0, 0), "head": (0, 0.1, 0.02), "left_hip": (0.1, -0.6, 0), "left_knee": (0.1, -1, 0),
        "left_ankle": (0.1, -1.4, 0), "left_foot": (0.1, -1.45, 0.1), "left_collar": (0.07, -0.06, 0),
        "left_shoulder": (0.18, -0.07, -0.01), "left_elbow": (0.3, -0.3, -0.02), "left_wrist": (0.38, -0.52, 0.03),
        "left_hand": (0.40, -0.6, 0.06),
    }  # fmt: skip
    mirrored = {n.replace("left_", "right_"): (-p[0], p[1], p[2]) for n, p in places.items() if n.startswith("left_")}
    return np.array([(places | mirrored)[name] for name in SMPL_JOINT_NAMES], np.float32)


def somebody() -> Avatar:
    """The avatar of sheets on a whole skeleton, its weights over trunk and arms."""
    avatar = character()
    level = avatar.main
    draw = np.random.default_rng(0)
    count = len(level.vertices)
    joints = draw.choice([12, 15, 16, 17, 18, 20], size=(count, 4)).astype(np.uint16)
    weights = -np.sort(-draw.dirichlet((1, 1, 1, 1), count), axis=1)
    places = draw.normal(scale=0.2, size=(count, 3)).astype(np.float32)
    moves = draw.normal(scale=0.01, size=(5, 3)).astype(np.float32)
    smile = Morph("mouthSmile", np.array([0, 3, 4, 8, 20], np.int32), moves, moves)
    level = replace(level.with_(vertices=places, joints=joints, weights=weights.astype(np.float32)), morphs=(smile,))
    return replace(avatar, levels=(level,), joint_names=SMPL_JOINT_NAMES, parents=PARENTS, joints=standing(), rest=REST)


def test_arms_are_level_straight_and_as_long_as_they_were() -> None:
    before = standing()
    after = t_pose(SMPL_JOINT_NAMES, PARENTS, before).joints
    joints = dict(zip(SMPL_JOINT_NAMES, after, strict=True))
    for side, sign in (("left", 1), ("right", -1)):
        arm = np.stack([joints[f"{side}_{part}"] for part in ("shoulder", "elbow", "wrist", "hand")])
        assert np.allclose(arm[:, 1:], arm[0, 1:], atol=1e-6)
        assert (np.diff(arm[:, 0]) * sign > 0.05).all()
    lengths = [
        np.linalg.norm(each[1:] - each[PARENTS[1:]], axis=1) for each in (before.astype(float), after.astype(float))
    ]
    assert np.allclose(*lengths, atol=1e-6)
    arms = [number for number, name in enumerate(SMPL_JOINT_NAMES) if name.split("_")[-1] in ("elbow", "wrist", "hand")]
    still = np.setdiff1d(np.arange(24), arms)
    assert np.allclose(after[still], before[still], atol=1e-7)


def test_no_joint_rests_turned_and_the_rest_pose_is_that_of_skinning() -> None:
    avatar = somebody()
    found = t_posed(avatar)
    assert not found.rest and not found.pose
    _, frames = local_joints(found.joint_names, found.parents, found.joints, found.rest)
    assert np.array_equal(frames, np.tile(np.eye(3), (24, 1, 1)))
    repose = t_pose(avatar.joint_names, avatar.parents, avatar.joints)
    places, normals = skinned(avatar.main.vertices, avatar.main.normals, avatar.main.skin, repose.motions)
    assert np.allclose(found.main.vertices, places, atol=1e-6) and np.allclose(found.main.normals, normals, atol=1e-6)
    expressed, _ = avatar.main.expressed({"mouthSmile": 1.0})
    wanted, _ = skinned(expressed, avatar.main.normals, avatar.main.skin, repose.motions)
    assert np.allclose(found.main.expressed({"mouthSmile": 1.0})[0], wanted, atol=1e-6)


def rigid(avatar: Avatar, pose: dict[str, tuple[float, float, float]]) -> np.ndarray:
    """Where a pose takes points that hang on one joint each, a point a joint, from the rest pose."""
    motions = joint_motions(avatar.joint_names, avatar.parents, avatar.joints, pose, avatar.rest)
    points = np.concatenate([avatar.joints, np.ones((24, 1))], axis=1)
    return np.einsum("jab,jb->ja", motions, points)[:, :3]


def test_a_pose_shows_what_it_showed() -> None:
    avatar = replace(
        somebody(), pose={"head": (0.1, 0.4, 0.0), "left_shoulder": (0.0, 0.3, -0.9), "spine2": (0.2, 0, 0)}
    )
    found = t_posed(avatar)
    assert np.allclose(rigid(avatar, dict(avatar.pose)), rigid(found, dict(found.pose)), atol=1e-6)
    # Where one joint alone moves a vertex, that is the same too; blends differ by what blending does.
    lone = np.zeros_like(avatar.main.skin.weights)
    lone[:, 0] = 1
    stiff = replace(avatar, levels=(avatar.main.with_(weights=lone),))
    assert np.allclose(stiff.posed()[0], t_posed(stiff).posed()[0], atol=1e-6)


def test_a_motion_shows_what_it_showed() -> None:
    keys = np.array([[0, 0, 0, 1], [0, np.sin(0.3), 0, np.cos(0.3)]], np.float32)
    avatar = replace(somebody(), motion=Motion("m", np.array([0, 1], np.float32), {"head": keys, "left_elbow": keys}))
    found = t_posed(avatar)
    assert found.motion is not None and {"head", "left_shoulder", "left_elbow"} <= found.motion.rotations.keys()
    for frame, turn in enumerate((0.0, 0.6)):
        old = {"head": (0.0, turn, 0.0), "left_elbow": (0.0, turn, 0.0)}
        new = {
            name: tuple(Rotation.from_quat(each[frame]).as_rotvec().tolist())
            for name, each in found.motion.rotations.items()
        }
        assert np.allclose(rigid(avatar, old), rigid(found, new), atol=1e-6)
