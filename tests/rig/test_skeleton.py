# SPDX-License-Identifier: Apache-2.0
"""Which joints a file gets, and their names in other programs."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS, BodyTemplate
from portrait_core.errors import UsageError
from portrait_core.rig.fingers import FINGER_JOINTS
from portrait_core.rig.naming import BONE_NAMINGS, NAMES, rename
from portrait_core.rig.skeleton import BUST_JOINTS, Skeleton, bust_joints, with_fingers

PARENTS = np.array(SMPL_PARENTS, np.int32)
PLACES = np.random.default_rng(0).normal(size=(24, 3)).astype(np.float32)
FULL = Skeleton(SMPL_JOINT_NAMES, PARENTS, PLACES)


def test_a_template_loses_its_legs():
    weights = np.zeros((3, 24), np.float32)
    weights[:, 15] = 1
    template = BodyTemplate(
        SMPL_JOINT_NAMES, PARENTS, PLACES, np.eye(3, dtype=np.float32), np.array([[0, 1, 2]], np.int32), weights
    )
    few = bust_joints(template)
    assert set(few.joint_names) == BUST_JOINTS
    assert few.weights[:, few.joint_names.index("head")].tolist() == [1, 1, 1]


@pytest.mark.parametrize("scheme", BONE_NAMINGS)
def test_names_are_complete_unique_and_on_their_sides(scheme):
    names = rename(SMPL_JOINT_NAMES, scheme)
    assert len(set(names)) == 24 and all(names)
    every = (*SMPL_JOINT_NAMES, *FINGER_JOINTS, "jaw", "left_eye", "right_eye")
    assert set(NAMES[scheme]) == set(every)
    names = rename(every, scheme)
    assert len(set(names)) == len(every) == 57 and all(names)
    for joint, name in NAMES[scheme].items():
        twin = joint.replace("left_", "right_")
        if twin != joint:
            other = NAMES[scheme][twin]
            mirrored = name.replace("Left", "Right").replace("left", "right")
            assert other == (f"{name[:-2]}_r" if name.endswith("_l") else mirrored) != name


@pytest.mark.parametrize(
    ("scheme", "names"),
    [
        ("smpl", ("neck", "left_collar", "left_shoulder", "spine3")),
        ("mixamo", ("mixamorig:Neck", "mixamorig:LeftShoulder", "mixamorig:LeftArm", "mixamorig:Spine2")),
        ("unity", ("Neck", "LeftShoulder", "LeftUpperArm", "UpperChest")),
        ("unreal", ("neck_01", "clavicle_l", "upperarm_l", "spine_03")),
        ("vrm", ("neck", "leftShoulder", "leftUpperArm", "upperChest")),
    ],
)
def test_names_that_other_programs_look_for(scheme, names):
    assert rename(("neck", "left_collar", "left_shoulder", "spine3"), scheme) == names
    assert rename(("hair_0_1",), scheme) == ("hair_0_1",)


@pytest.mark.parametrize(
    ("scheme", "names"),
    [
        ("smpl", ("jaw", "leftEye", "rightEye", "left_thumb1", "right_pinky3", "left_hand")),
        (
            "mixamo",
            (
                *("mixamorig:Jaw", "mixamorig:LeftEye", "mixamorig:RightEye", "mixamorig:LeftHandThumb1"),
                *("mixamorig:RightHandPinky3", "mixamorig:LeftHandPalm"),
            ),
        ),
        ("unity", ("Jaw", "LeftEye", "RightEye", "LeftThumbProximal", "RightLittleDistal", "LeftPalm")),
        ("unreal", ("jaw", "eye_l", "eye_r", "thumb_01_l", "pinky_03_r", "palm_l")),
        ("vrm", ("jaw", "leftEye", "rightEye", "leftThumbMetacarpal", "rightLittleDistal", "leftPalm")),
    ],
)
def test_names_of_faces_and_hands_that_other_programs_look_for(scheme, names):
    asked = ("jaw", "left_eye", "right_eye", "left_thumb1", "right_pinky3", "left_hand")
    assert rename((*asked, *FINGER_JOINTS), scheme)[:6] == names


def test_a_full_body_has_fingers_on_its_hands():
    draw = np.random.default_rng(1)
    weights = draw.random((3, 24)).astype(np.float32)
    weights /= weights.sum(axis=1, keepdims=True)
    places = PLACES.copy()
    # The left arm to the side, the right one down.
    places[20:24] = [[0.6, 0, 0], [-0.3, -0.5, 0.1], [0.7, 0, 0], [-0.3, -0.6, 0.1]]
    template = BodyTemplate(
        SMPL_JOINT_NAMES, PARENTS, places, np.eye(3, dtype=np.float32), np.array([[0, 1, 2]], np.int32), weights
    )
    whole = with_fingers(template)
    assert whole.joint_names == (*SMPL_JOINT_NAMES, *FINGER_JOINTS)
    assert np.array_equal(whole.weights[:, :24], weights) and not whole.weights[:, 24:].any()
    joints = dict(zip(whole.joint_names, whole.joints, strict=True))
    for number, (name, parent) in enumerate(zip(whole.joint_names, whole.parents, strict=True)):
        if number >= 24:
            side = name.partition("_")[0]
            above = whole.joint_names[parent]
            assert above == (f"{side}_wrist" if name.endswith("1") else f"{name[:-1]}{int(name[-1]) - 1}")
    assert np.allclose(joints["left_middle1"], joints["left_hand"], atol=1e-6)
    assert np.allclose(joints["left_index1"], [0.697, 0, 0.025], atol=1e-6)
    assert np.allclose(joints["right_thumb3"], [-0.3, -0.586, 0.16], atol=1e-6)
    few = bust_joints(template)
    assert with_fingers(few) is few or "left_hand" in few.joint_names


def test_an_unknown_scheme_is_told():
    with pytest.raises(UsageError, match="mixamo"):
        rename(("neck",), "maya")
