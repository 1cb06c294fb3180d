# SPDX-License-Identifier: Apache-2.0
"""Which joints a file gets, and their names in other programs."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS, BodyTemplate
from portrait_core.errors import UsageError
from portrait_core.rig.fingers import FINGER_JOINTS, shortest_turn, with_fingers
from portrait_core.rig.naming import BONE_NAMINGS, NAMES, rename
from portrait_core.rig.skeleton import BUST_JOINTS, Skeleton, bust_joints

PARENTS = np.array(SMPL_PARENTS, np.int32)
PLACES = np.random.default_rng(0).normal(size=(24, 3)).astype(np.float32)
MIXAMO = tuple(f"mixamorig:{name}" for name in ("LeftHandThumb1", "LeftHandPinky3", "Jaw", "LeftEye"))
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
    # The hand is the middle finger's first joint, or itself where there are fingers.
    assert len(set(rename(every, scheme))) == len(every)
    for joint, name in zip(every, (NAMES[scheme][joint] for joint in every), strict=True):
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
        ("rpm", ("Neck", "LeftShoulder", "LeftArm", "Spine2")),
    ],
)
def test_names_that_other_programs_look_for(scheme, names):
    assert rename(("neck", "left_collar", "left_shoulder", "spine3"), scheme) == names
    assert rename(("hair_0_1",), scheme) == ("hair_0_1",)


@pytest.mark.parametrize(
    ("scheme", "names"),
    [
        ("smpl", ("left_thumb1", "left_pinky3", "left_hand", "jaw", "leftEye")),
        ("mixamo", (*MIXAMO[:2], "left_hand", *MIXAMO[2:])),
        ("unity", ("LeftThumbProximal", "LeftLittleDistal", "left_hand", "Jaw", "LeftEye")),
        ("unreal", ("thumb_01_l", "pinky_03_l", "left_hand", "jaw", "eye_l")),
        ("vrm", ("leftThumbMetacarpal", "leftLittleDistal", "left_hand", "jaw", "leftEye")),
        ("rpm", ("LeftHandThumb1", "LeftHandPinky3", "left_hand", "Jaw", "LeftEye")),
    ],
)  # fmt: skip
def test_names_of_fingers_and_of_the_face(scheme, names):
    joints = ("left_thumb1", "left_pinky3", "left_hand", "jaw", "left_eye", "left_middle1")
    assert rename(joints, scheme)[:5] == names


def test_fingers_lie_along_the_forearm_in_its_proportions():
    places = PLACES.copy()
    numbers = [SMPL_JOINT_NAMES.index(name) for name in ("left_elbow", "left_wrist", "right_elbow", "right_wrist")]
    places[numbers] = [[0.2, -0.4, 0], [0.2, -0.64, 0], [-0.2, 0, 0], [-0.44, 0, 0]]
    made = with_fingers(Skeleton(SMPL_JOINT_NAMES, PARENTS, places))
    assert made.joint_names == (*SMPL_JOINT_NAMES, *FINGER_JOINTS) and len(FINGER_JOINTS) == 30
    at = dict(zip(made.joint_names, made.joints.astype(np.float64), strict=True))
    above = {name: made.joint_names[parent] for name, parent in zip(made.joint_names, made.parents, strict=True)}
    assert above["left_index1"] == "left_wrist" and above["right_thumb3"] == "right_thumb2"
    # A hanging left hand: fingers below the wrist, the thumb in front and towards the body.
    assert at["left_middle3"] == pytest.approx([0.2, -0.64 - 0.684 * 0.24, -0.029 * 0.24], abs=1e-6)
    assert at["left_thumb3"][2] > 0.05 and at["left_thumb3"][0] < 0.2
    # A right hand held out: mirrored, palm down.
    assert at["right_middle2"] == pytest.approx([-0.44 - 0.569 * 0.24, 0, -0.016 * 0.24], abs=1e-6)
    assert at["right_thumb3"][1] < 0 < at["right_thumb3"][2]
    with pytest.raises(ValueError, match="left_elbow"):
        with_fingers(Skeleton(("pelvis",), np.array([-1], np.int32), np.zeros((1, 3), np.float32)))


def test_the_shortest_turn_knows_opposite_directions():
    for start in np.eye(3):
        turn = shortest_turn(start, -start)
        assert np.allclose(turn @ start, -start) and np.linalg.det(turn) == pytest.approx(1)
    assert np.allclose(shortest_turn(np.array([0, 2, 0.0]), np.array([3, 0, 0.0])) @ [0, 1, 0], [1, 0, 0])


def test_an_unknown_scheme_is_told():
    with pytest.raises(UsageError, match="mixamo"):
        rename(("neck",), "maya")
