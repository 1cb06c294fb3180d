# SPDX-License-Identifier: Apache-2.0
"""Joints that rest turned: lowered arms, which a motion from the skeleton's zero pose raises again."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from portrait_core.formats.gltf import glb_bytes
from portrait_core.rig import Motion
from portrait_core.rig.skinning import joint_motions
from tests.formats.characters import character

NAMES = ("spine", "collar", "shoulder")
PARENTS = np.array([-1, 0, 1], np.int32)
ZERO = np.array([[0, 0, 0], [0.05, 0.3, 0], [0.2, 0.3, 0.02]], np.float32)
"""Places of the joints in the zero pose."""
REST = {"collar": (0.0, 0.1, -0.3), "shoulder": (0.2, 0.0, -1.0)}


def lowered(points: NDArray[np.float64], joint: int) -> NDArray[np.float64]:
    """Points that hang on a joint in the zero pose, where the rest pose has them: one joint after the other."""
    chain = []
    while joint >= 0:
        chain.append(joint)
        joint = int(PARENTS[joint])
    for each in chain:  # the joint's own turn first, about its place in the zero pose
        middle = ZERO[each].astype(np.float64)
        turn = Rotation.from_rotvec(REST.get(NAMES[each], (0.0, 0.0, 0.0)))
        points = turn.apply(points - middle) + middle
    return points


def test_the_zero_pose_is_where_the_joints_are_without_their_turns() -> None:
    points = np.random.default_rng(3).normal(size=(20, 3))
    joints = np.array([lowered(ZERO[k : k + 1].astype(np.float64), k)[0] for k in range(3)])
    zero = {name: (0.0, 0.0, 0.0) for name in NAMES}
    motions = joint_motions(NAMES, PARENTS, joints.astype(np.float32), zero, REST)
    for joint in range(3):
        moved = lowered(points, joint) @ motions[joint, :3, :3].T + motions[joint, :3, 3]
        np.testing.assert_allclose(moved, points, atol=1e-6)


def test_what_no_pose_names_stays_at_rest() -> None:
    joints = np.array([lowered(ZERO[k : k + 1].astype(np.float64), k)[0] for k in range(3)], np.float32)
    motions = joint_motions(NAMES, PARENTS, joints, {}, REST)
    np.testing.assert_allclose(motions, np.tile(np.eye(4), (3, 1, 1)), atol=1e-6)
    nodding = joint_motions(NAMES, PARENTS, joints, {"spine": (0.3, 0.0, 0.0)}, REST)
    np.testing.assert_allclose(nodding[2], nodding[0], atol=1e-6)  # the arm goes along as one piece


def matrices(content: bytes) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64]]:
    """World matrices of a file's joints as its nodes have them, and the inverse bind matrices."""
    (length,) = struct.unpack("<I", content[12:16])
    tree: dict[str, Any] = json.loads(content[20 : 20 + length])
    world: dict[int, NDArray[np.float64]] = {}

    def visit(number: int, above: NDArray[np.float64]) -> None:
        node = tree["nodes"][number]
        local = np.eye(4)
        local[:3, :3] = Rotation.from_quat(node.get("rotation") or (0, 0, 0, 1)).as_matrix()
        local[:3, 3] = node.get("translation") or (0, 0, 0)
        world[number] = above @ local
        for child in node.get("children") or ():
            visit(child, world[number])

    for number in tree["scenes"][0]["nodes"]:
        visit(number, np.eye(4))
    skin = tree["skins"][0]
    view = tree["bufferViews"][tree["accessors"][skin["inverseBindMatrices"]]["bufferView"]]
    begin = 20 + length + 8 + view["byteOffset"]
    inverse = np.frombuffer(content[begin : begin + view["byteLength"]], "<f4").reshape(-1, 4, 4).transpose(0, 2, 1)
    return {tree["nodes"][number]["name"]: world[number] for number in skin["joints"]}, inverse.astype(np.float64)


@pytest.mark.parametrize("pose", [{}, {"head": (0.0, 0.0, 0.0)}, {"head": (0.1, -0.4, 0.2), "neck": (0.3, 0.0, 0.1)}])
def test_a_file_skins_as_the_avatar_does(pose: dict[str, tuple[float, float, float]]) -> None:
    avatar = replace(character(), rest={"neck": (0.0, 0.2, 0.0), "head": (0.1, 0.0, -0.5)}, pose=pose)
    world, inverse = matrices(glb_bytes(avatar))
    expected = joint_motions(avatar.joint_names, avatar.parents, avatar.joints, pose, avatar.rest)
    for number, name in enumerate(avatar.joint_names):
        np.testing.assert_allclose(world[name] @ inverse[number], expected[number], atol=1e-6)


def test_a_motion_from_the_zero_pose_lands_within_a_tenth_of_a_degree() -> None:
    """Rotations of a motion are those of the zero pose, and the arms are lowered in the file until it plays."""
    rest = {"neck": (0.0, 0.2, 0.0), "head": (0.1, 0.0, -0.5)}
    turns = {
        "neck": Rotation.from_rotvec([[0, 0, 0], [0.2, 0.1, -0.3]]),
        "head": Rotation.from_rotvec([[0, 0, 0], [0.0, -0.6, 0.4]]),
    }
    rotations = {name: each.as_quat().astype(np.float32) for name, each in turns.items()}
    motion = Motion("wave", np.array([0.0, 1.0], np.float32), rotations)
    avatar = replace(character(), rest=rest, motion=motion)
    content = glb_bytes(avatar)
    (length,) = struct.unpack("<I", content[12:16])
    tree: dict[str, Any] = json.loads(content[20 : 20 + length])
    resting, inverse = matrices(content)
    for number, name in enumerate(avatar.joint_names):
        np.testing.assert_allclose(resting[name] @ inverse[number], np.eye(4), atol=1e-6)
    for frame in range(2):
        for channel in tree["animations"][0]["channels"]:
            accessor = tree["accessors"][tree["animations"][0]["samplers"][channel["sampler"]]["output"]]
            begin = 20 + length + 8 + tree["bufferViews"][accessor["bufferView"]]["byteOffset"] + 16 * frame
            turn = np.frombuffer(content[begin : begin + 16], "<f4")
            tree["nodes"][channel["target"]["node"]]["rotation"] = turn.tolist()
        text = json.dumps(tree).encode()
        text += b" " * (-len(text) % 4)
        head = content[:8] + struct.pack("<I", 0) + struct.pack("<I", len(text)) + b"JSON" + text
        world, _ = matrices(head + content[20 + length :])
        frame_pose = {name: tuple(each.as_rotvec()[frame]) for name, each in turns.items()}
        expected = joint_motions(avatar.joint_names, avatar.parents, avatar.joints, frame_pose, rest)
        for number, name in enumerate(avatar.joint_names):
            found = (world[name] @ inverse[number])[:3, :3]
            away = Rotation.from_matrix(found @ expected[number, :3, :3].T).magnitude()
            assert np.rad2deg(away) < 0.1
    assert np.rad2deg(Rotation.from_rotvec(rest["head"]).magnitude()) > 20  # the rest itself is far from the zero pose
