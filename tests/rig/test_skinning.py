# SPDX-License-Identifier: Apache-2.0
"""Our own linear blend skinning against the textbook, joint by joint."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from portrait_core.rig import Skin, joint_motions, quaternion, skinned

NAMES = ("root", "middle", "tip", "side")
PARENTS = np.array([-1, 0, 1, 0], np.int32)
JOINTS = np.array([[0.1, 0, 0], [0.1, 1, 0], [0.1, 1.5, 0.2], [1, 0, 0]], np.float32)


def test_quaternions_agree_with_scipy() -> None:
    for vector in ((0, 0, 0), (1e-9, 0, 0), (0.3, -0.2, 1.1), (0, 3.0, 0)):
        np.testing.assert_allclose(quaternion(vector), Rotation.from_rotvec(vector).as_quat(), atol=1e-12)


def test_rest_moves_nothing() -> None:
    np.testing.assert_allclose(joint_motions(NAMES, PARENTS, JOINTS, {}), np.tile(np.eye(4), (4, 1, 1)), atol=1e-7)


def test_points_follow_their_chain() -> None:
    """A point on the tip turns about the tip, then about the middle, then about the root."""
    pose = {"root": (0.1, 0.2, -0.3), "middle": (0.0, 0.0, 0.7), "tip": (0.5, 0.0, 0.0)}
    motions = joint_motions(NAMES, PARENTS, JOINTS, pose)
    point = np.array([0.3, 1.9, 0.1])
    expected = point
    for name, joint in (("tip", 2), ("middle", 1), ("root", 0)):
        expected = Rotation.from_rotvec(pose[name]).apply(expected - JOINTS[joint]) + JOINTS[joint]
    skin = Skin(np.array([[2, 0, 0, 0], [3, 0, 0, 0]], np.uint16), np.array([[1, 0, 0, 0]] * 2, np.float32))
    vertices = np.array([point, [2.0, 0, 0]], np.float32)
    normals = np.array([[0, 1, 0], [1, 0, 0]], np.float32)
    moved, turned = skinned(vertices, normals, skin, motions)
    np.testing.assert_allclose(moved[0], expected, atol=1e-6)
    root = Rotation.from_rotvec(pose["root"])
    np.testing.assert_allclose(moved[1], root.apply(vertices[1] - JOINTS[0]) + JOINTS[0], atol=1e-6)
    np.testing.assert_allclose(turned[1], root.apply(normals[1]), atol=1e-6)


def test_weights_blend_linearly() -> None:
    motions = joint_motions(NAMES, PARENTS, JOINTS, {"middle": (0, 0, np.pi / 2)})
    skin = Skin(np.array([[0, 1, 0, 0]], np.uint16), np.array([[0.25, 0.75, 0, 0]], np.float32))
    moved, _ = skinned(np.array([[0.1, 2, 0]], np.float32), np.array([[0, 0, 1]], np.float32), skin, motions)
    np.testing.assert_allclose(moved[0], 0.25 * np.array([0.1, 2, 0]) + 0.75 * np.array([-0.9, 1, 0]), atol=1e-6)
