# SPDX-License-Identifier: Apache-2.0
"""An avatar that rests otherwise is the same avatar: posed alike it has the same surface."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from portrait_core.avatar import Avatar
from portrait_core.formats.other_rest import SOLE, as_named, in_t_pose, on_the_floor, with_bone_frames
from portrait_core.rig.bone_frames import HEAD_TILT, bone_frames
from portrait_core.rig.skinning import local_joints
from portrait_core.rig.t_pose import t_pose_motions
from tests.formats.whole import moving, whole

X, Y, Z = np.eye(3)


def place(avatar: Avatar, name: str) -> np.ndarray:
    return avatar.joints[avatar.joint_names.index(name)].astype(np.float64)


def at(avatar: Avatar, frame: int) -> Avatar:
    """The avatar posed as its motion has it."""
    motion = avatar.motion
    assert motion is not None
    pose = {
        name: tuple(Rotation.from_quat(each[frame]).as_rotvec().tolist()) for name, each in motion.rotations.items()
    }
    return replace(avatar, pose=pose)


def test_arms_lie_along_x():
    avatar = in_t_pose(whole())
    for side, sign in (("left", 1), ("right", -1)):
        for one, other in (("shoulder", "elbow"), ("elbow", "wrist"), ("wrist", "middle1")):
            way = place(avatar, f"{side}_{other}") - place(avatar, f"{side}_{one}")
            assert np.allclose(way / np.linalg.norm(way), sign * X, atol=2e-4)
        before = np.linalg.norm(place(whole(), f"{side}_elbow") - place(whole(), f"{side}_shoulder"))
        after = np.linalg.norm(place(avatar, f"{side}_elbow") - place(avatar, f"{side}_shoulder"))
        assert before == pytest.approx(after, abs=1e-6)
    assert not avatar.rest and not avatar.pose and avatar.motion is None
    kept = [name for name in avatar.joint_names if not any(part in name for part in ("elbow", "wrist", "shoulder"))]
    still = [name for name in kept if "_" not in name or name.split("_")[1] in ("hip", "knee", "ankle", "foot", "eye")]
    assert all(np.allclose(place(avatar, name), place(whole(), name), atol=1e-6) for name in still) and len(still) > 10


@pytest.mark.parametrize("turns", [False, True])
def test_arms_lowered_again_are_the_rest_that_they_came_from(turns: bool):
    old = whole(turns=turns)
    motions = t_pose_motions(old.joint_names, old.parents, old.joints, old.rest)[:, :3, :3]
    back = {}
    for index, name in enumerate(old.joint_names):
        parent = int(old.parents[index])
        above = motions[parent] if parent >= 0 else np.eye(3)
        back[name] = tuple(Rotation.from_matrix(above @ motions[index].T).as_rotvec().tolist())
    new = replace(in_t_pose(old), pose=back)
    for one, other in zip(old.posed(), new.posed(), strict=True):
        assert float(np.abs(one - other).max()) < 2e-6
    # With a shape pulled as well.
    morph, before = new.main.morphs[0], old.main.morphs[0]
    pulled = new.main.with_(vertices=new.main.vertices + morph.moves)
    assert float(np.abs(new.moved(pulled)[0] - (old.main.vertices + before.moves)).max()) < 2e-6
    if turns:
        assert morph.turns is not None and before.turns is not None
        normals = new.main.normals + morph.turns
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        wanted = old.main.normals + before.turns
        wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
        assert float(np.abs(new.moved(new.main.with_(normals=normals))[1] - wanted).max()) < 1e-5
    tangents = new.main.tangents
    assert tangents is not None
    assert float(np.abs(np.einsum("vi,vi->v", tangents[:, :3], new.main.normals)).max()) < 1e-5


def test_bones_have_the_axes_of_such_rigs():
    avatar = in_t_pose(whole())
    made = bone_frames(avatar.joint_names, avatar.parents, avatar.joints)
    frames = dict(zip(avatar.joint_names, made, strict=True))
    assert all(np.linalg.det(each) == pytest.approx(1) for each in frames.values())
    for name in ("pelvis", "spine1", "neck", "left_eye", "jaw"):
        assert np.array_equal(frames[name], np.eye(3))
    for name, apart in (("collar", 0.15), ("shoulder", 1e-3), ("elbow", 1e-3), ("wrist", 1e-3), ("middle1", 0.15)):
        assert np.allclose(frames[f"left_{name}"].T, [-Z, X, -Y], atol=apart), name
        assert np.allclose(frames[f"right_{name}"].T, [Z, -X, -Y], atol=apart), name
    assert np.allclose(frames["right_collar"], np.diag([-1, 1, 1]) @ frames["left_collar"] @ np.diag([-1, 1, 1]))
    assert np.allclose(frames["head"][:, 1], [0, np.cos(HEAD_TILT), np.sin(HEAD_TILT)])
    assert np.allclose(frames["left_hip"].T, [-X, -Y, Z]) and np.allclose(frames["left_foot"].T, [-X, Z, Y])
    # As they hang: y still along the bone, x still to the back.
    hanging = with_bone_frames(whole())
    _, turned = local_joints(hanging.joint_names, hanging.parents, hanging.joints, hanging.rest)
    number = hanging.joint_names.index("left_shoulder")
    way = place(hanging, "left_elbow") - place(hanging, "left_shoulder")
    assert np.allclose(turned[number][:, 1], way / np.linalg.norm(way), atol=1e-6) and turned[number][2, 0] < -0.99


def test_other_axes_show_the_same_pose_and_the_same_motion():
    old = moving(whole())
    new = with_bone_frames(old)
    assert float(np.abs(old.posed()[0] - old.main.vertices).max()) > 0.05
    for one, other in zip(old.posed(), new.posed(), strict=True):
        assert float(np.abs(one - other).max()) < 2e-6
    for frame in (0, 2, 4):
        assert float(np.abs(at(old, frame).posed()[0] - at(new, frame).posed()[0]).max()) < 2e-6
    resting = with_bone_frames(whole())
    assert float(np.abs(resting.posed()[0] - whole().main.vertices).max()) < 2e-6


def test_feet_stand_on_the_floor():
    old, new = whole(), on_the_floor(whole())
    assert float(new.joints[:, 1].min()) == pytest.approx(SOLE)
    lifted = new.main.vertices - old.main.vertices
    assert np.allclose(lifted, lifted[0], atol=1e-6) and lifted[0, 1] == pytest.approx(1.48, abs=1e-5)
    legless = replace(old, joint_names=tuple(name.replace("foot", "end") for name in old.joint_names))
    assert on_the_floor(legless) is legless


def test_a_speck_on_the_floor_is_an_objects_lowest_place():
    old = whole()
    new, scene = as_named(old, "rpm")
    assert scene == "Armature" and as_named(old, "mixamo") == (old, None)
    (name, skin), *others = new.main.pieces()
    (_, before), *_ = old.main.pieces()
    assert (
        name == "skin" and len(skin.faces) == len(before.faces) + 1 and len(skin.vertices) == len(before.vertices) + 3
    )
    assert float(skin.vertices[:, 1].min()) == 0 and skin.morphs[0].rows.max() == len(before.vertices) - 1
    assert [len(level.faces) for _, level in others] == [len(level.faces) for _, level in old.main.pieces()[1:]]
    # It hangs on a foot and is too small to be seen; the quads are still the first of the faces.
    speck = skin.vertices[skin.faces[-1]]
    assert float(np.ptp(speck, axis=0).max()) <= 2e-4 and skin.sections[0].quads == before.sections[0].quads
    assert new.joint_names[int(skin.skin.joints[-1, 0])] == "left_foot"
    assert float(np.abs(skin.vertices[:-3] - before.vertices - [0, 1.48, 0]).max()) < 1e-5
