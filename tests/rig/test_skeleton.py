# SPDX-License-Identifier: Apache-2.0
"""Which joints a file gets, and their names in other programs."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS, BodyTemplate
from portrait_core.errors import UsageError
from portrait_core.rig.naming import BONE_NAMINGS, NAMES, rename
from portrait_core.rig.skeleton import BUST_JOINTS, Skeleton, bust_joints

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
