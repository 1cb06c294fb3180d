# SPDX-License-Identifier: Apache-2.0
"""Linear blend skinning: what a viewer does with the file, for pictures and checks of our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.rig.skin import Skin


def quaternion(axis_angle: Sequence[float]) -> tuple[float, float, float, float]:
    """Unit quaternion (x, y, z, w), as glTF orders it, of an axis-angle rotation in radians."""
    vector = np.asarray(axis_angle, np.float64)
    angle = float(np.linalg.norm(vector))
    # sin(a/2)/a without the division by zero: np.sinc is sin(pi x) / (pi x)
    x, y, z = (vector * 0.5 * np.sinc(angle / (2.0 * np.pi))).tolist()
    return x, y, z, float(np.cos(0.5 * angle))


def rotation(axis_angle: Sequence[float]) -> NDArray[np.float64]:
    """Rotation matrix (3, 3) of an axis-angle rotation in radians."""
    x, y, z, w = quaternion(axis_angle)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


Turns = Mapping[str, Sequence[float]]
"""Axis-angle rotations in radians by joint name, each relative to the parent."""

_UNTURNED = (0.0, 0.0, 0.0)


def local_joints(
    joint_names: Sequence[str], parents: NDArray[np.int32], joints: NDArray[np.float32], rest: Turns
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of joints at rest at ``joints`` (J, 3): the places (J, 3) of each in its parent's frame, and the frames
    (J, 3, 3), whose axes the turns ``rest`` turn; the world's where there are none."""
    places, frames = np.zeros((len(joints), 3)), np.zeros((len(joints), 3, 3))
    for index, name in enumerate(joint_names):
        parent = int(parents[index])
        own, offset = rotation(rest.get(name, _UNTURNED)), joints[index].astype(np.float64)
        if parent < 0:
            places[index], frames[index] = offset, own
            continue
        offset = (joints[index] - joints[parent]).astype(np.float64)
        places[index], frames[index] = (frames[parent].T @ offset if rest else offset), frames[parent] @ own
    return places, frames


def joint_motions(
    joint_names: Sequence[str],
    parents: NDArray[np.int32],
    joints: NDArray[np.float32],
    pose: Turns,
    rest: Turns | None = None,
) -> NDArray[np.float64]:
    """(J, 4, 4): for each joint the transform that takes its rest place to its posed place, in the world.

    ``pose`` gives axis-angle rotations relative to the parent; joints without an entry rest. ``rest`` are the turns, of
    the same kind, in which the joints are at rest: none where the rest pose is the skeleton's zero pose.
    """
    places, frames = local_joints(joint_names, parents, joints, rest or {})
    placed: list[NDArray[np.float64]] = []
    for index, name in enumerate(joint_names):
        parent = int(parents[index])
        local = np.eye(4)
        local[:3, :3] = rotation(pose.get(name, (rest or {}).get(name, _UNTURNED)))
        local[:3, 3] = places[index]
        placed.append(placed[parent] @ local if parent >= 0 else local)
    result: Any = np.stack(placed)
    for index in range(len(joint_names)):
        if rest:
            result[index, :3, :3] = result[index, :3, :3] @ frames[index].T
        result[index, :3, 3] -= result[index, :3, :3] @ joints[index].astype(np.float64)
    return result


def skinned(
    vertices: NDArray[np.float32], normals: NDArray[np.float32], skin: Skin, motions: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Posed vertices (V, 3) and unit normals (V, 3) from rest ones and :func:`joint_motions`."""
    blend = np.einsum("vk,vkij->vij", skin.weights.astype(np.float64), motions[skin.joints.astype(np.int64)])
    moved = np.einsum("vij,vj->vi", blend[:, :3, :3], vertices) + blend[:, :3, 3]
    turned = np.einsum("vij,vj->vi", blend[:, :3, :3], normals)
    turned /= np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-12)
    return moved.astype(np.float32), turned.astype(np.float32)
