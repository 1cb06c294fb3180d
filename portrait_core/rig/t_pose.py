# SPDX-License-Identifier: Apache-2.0
"""The T-pose: arms straight out along x, all else as it rests; what VRM asks of a character's rest.

A mesh is not put there by skinning but by its inverse: whoever lowers the arms again, as every program does that shows
the character, gets the rest that it came from, vertex by vertex. Skinned there and back it would lose volume twice.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from portrait_core.rig.fingers import SIDES, shortest_turn
from portrait_core.rig.skin import Skin
from portrait_core.rig.skinning import Turns, local_joints

_NEXT = {"shoulder": "elbow", "elbow": "wrist"}
"""Of a joint whose limb is to lie along x, the joint at its other end."""


def t_pose_motions(
    joint_names: Sequence[str], parents: NDArray[np.int32], joints: NDArray[np.float32], rest: Turns
) -> NDArray[np.float64]:
    """(J, 4, 4): for each joint at ``joints`` (J, 3), where it rests turned by ``rest``, the transform that takes what
    hangs on it to the T-pose.

    Collars go back to where they are in the skeleton's zero pose; arms and forearms lie along x, left ones towards +x,
    each by the shortest way, and hands go with their forearms. Everything else keeps its place. A skeleton without
    elbows keeps its arms.
    """
    names = list(joint_names)
    _, frames = local_joints(joint_names, parents, joints, rest)
    result = np.tile(np.eye(4), (len(names), 1, 1))
    for index, name in enumerate(names):
        above = int(parents[index])
        turn = result[above, :3, :3] if above >= 0 else np.eye(3)
        side, _, kind = name.partition("_")
        if side in SIDES and kind == "collar":
            turn = frames[index].T
        elif side in SIDES and kind in _NEXT:
            end = f"{side}_{_NEXT[kind]}"
            if end in names:
                limb = joints[names.index(end)].astype(np.float64) - joints[index]
                turn = shortest_turn(limb, np.array([1.0 if side == "left" else -1.0, 0.0, 0.0]))
        place = joints[index].astype(np.float64)
        placed = result[above, :3, :3] @ place + result[above, :3, 3] if above >= 0 else place
        result[index, :3, :3] = turn
        result[index, :3, 3] = placed - turn @ place
    return result


def unskinned(skin: Skin, motions: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How vertices go along with joints that move by ``motions`` (J, 4, 4), so that skinning them back leads to where
    they came from: matrices (V, 3, 3) for places and displacements, and shifts (V, 3) of places."""
    back = np.asarray(np.linalg.inv(motions), np.float64)
    blend = np.einsum("vk,vkij->vij", skin.weights.astype(np.float64), back[skin.joints.astype(np.int64)])
    there = np.asarray(np.linalg.inv(blend[:, :3, :3]), np.float64)
    return there, -np.einsum("vij,vj->vi", there, blend[:, :3, 3])
