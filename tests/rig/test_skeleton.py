# SPDX-License-Identifier: Apache-2.0
"""Which joints a file gets, and their names in other programs."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS, BodyTemplate
from portrait_core.errors import UsageError
from portrait_core.rig import Skin, joint_motions, skinned
from portrait_core.rig.naming import BONE_NAMINGS, NAMES, rename
from portrait_core.rig.skeleton import BUST_JOINTS, Skeleton, bust_joints, choose_skeleton

PARENTS = np.array(SMPL_PARENTS, np.int32)
PLACES = np.random.default_rng(0).normal(size=(24, 3)).astype(np.float32)
FULL = Skeleton(SMPL_JOINT_NAMES, PARENTS, PLACES)


def one_skin(*joints):
    rows = np.zeros((len(joints), 4), np.uint16)
    rows[:, 0] = [SMPL_JOINT_NAMES.index(name) for name in joints]
    return Skin(rows, np.tile(np.array([1, 0, 0, 0], np.float32), (len(joints), 1)))


def test_all_of_smpl_stays_as_it_is():
    skin = one_skin("head")
    skeleton, skins = choose_skeleton("smpl24", FULL, [skin])
    assert skeleton is FULL and skins == (skin,)


def test_a_bust_keeps_its_bones_and_what_moves():
    skeleton, _ = choose_skeleton("bust", FULL, [one_skin("head")])
    assert set(skeleton.joint_names) == BUST_JOINTS
    skeleton, skins = choose_skeleton("bust", FULL, [one_skin("head", "left_hand"), one_skin("right_elbow")])
    assert set(skeleton.joint_names) == BUST_JOINTS | {"left_wrist", "left_hand"}
    for index, parent in enumerate(skeleton.parents):
        own = SMPL_JOINT_NAMES.index(skeleton.joint_names[index])
        assert np.array_equal(skeleton.joints[index], PLACES[own])
        assert (parent < 0) if own == 0 else skeleton.joint_names[parent] == SMPL_JOINT_NAMES[SMPL_PARENTS[own]]
    assert skeleton.joint_names[skins[0].joints[1, 0]] == "left_hand"
    assert skeleton.joint_names[skins[1].joints[0, 0]] == "right_elbow"


def test_both_skeletons_move_a_vertex_alike():
    skin = Skin(np.array([[15, 12, 9, 13]], np.uint16), np.array([[0.4, 0.3, 0.2, 0.1]], np.float32))
    pose = {"head": (0.3, 0.1, 0), "neck": (0, 0.5, 0), "spine3": (0.1, 0.1, 0.1), "left_collar": (0, 0, 1)}
    point, up = np.array([[0.1, 0.2, 0.3]], np.float32), np.array([[0, 1, 0]], np.float32)
    results = []
    for kind in ("bust", "smpl24"):
        skeleton, skins = choose_skeleton(kind, FULL, [skin])
        motions = joint_motions(skeleton.joint_names, skeleton.parents, skeleton.joints, pose)
        results.append(skinned(point, up, skins[0], motions)[0])
    np.testing.assert_allclose(results[0], results[1], atol=1e-6)


def test_a_template_loses_its_legs():
    weights = np.zeros((3, 24), np.float32)
    weights[:, 15] = 1
    template = BodyTemplate(
        SMPL_JOINT_NAMES, PARENTS, PLACES, np.eye(3, dtype=np.float32), np.array([[0, 1, 2]], np.int32), weights
    )
    few = bust_joints(template)
    assert set(few.joint_names) == BUST_JOINTS
    assert few.weights[:, few.joint_names.index("head")].tolist() == [1, 1, 1]


def test_another_kind_is_told():
    with pytest.raises(UsageError, match="bust, smpl24"):
        choose_skeleton("full", FULL, [])


@pytest.mark.parametrize("scheme", BONE_NAMINGS)
def test_names_are_complete_unique_and_on_their_sides(scheme):
    names = rename(SMPL_JOINT_NAMES, scheme)
    assert len(set(names)) == 24 and all(names)
    assert set(NAMES[scheme]) == set(SMPL_JOINT_NAMES)
    for joint, name in zip(SMPL_JOINT_NAMES, names, strict=True):
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
    assert rename(("left_eye",), scheme) == ("left_eye",)


def test_an_unknown_scheme_is_told():
    with pytest.raises(UsageError, match="mixamo"):
        rename(("neck",), "maya")
