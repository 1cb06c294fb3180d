# SPDX-License-Identifier: Apache-2.0
"""The thirty joints of fingers under the names of SMPL-H, for programs that take whole characters alone.

A bust has no hands: nothing hangs on these joints. They lie where the fingers of a straight, flat hand would that fits
the person's forearm. The proportions are those of the CC0 base mesh, whose own hand is slightly curled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from portrait_core.body.template import BodyTemplate
from portrait_core.rig.skeleton import Skeleton

SIDES = ("left", "right")
FINGERS = ("index", "middle", "pinky", "ring", "thumb")
"""In the order of SMPL-H."""
FINGER_JOINTS = tuple(f"{side}_{finger}{number}" for side in SIDES for finger in FINGERS for number in (1, 2, 3))
"""All thirty, from the hand outwards."""

STRAIGHT: dict[str, tuple[tuple[float, float, float], ...]] = {
    "index": ((0.432, 0.0, 0.109), (0.539, 0.0, 0.122), (0.635, 0.0, 0.134)),
    "middle": ((0.428, 0.0, 0.0), (0.569, 0.0, -0.016), (0.684, 0.0, -0.029)),
    "pinky": ((0.365, 0.0, -0.158), (0.446, 0.0, -0.195), (0.506, 0.0, -0.222)),
    "ring": ((0.404, 0.0, -0.081), (0.524, 0.0, -0.118), (0.623, 0.0, -0.148)),
    "thumb": ((0.156, -0.015, 0.102), (0.202, -0.103, 0.184), (0.306, -0.178, 0.264)),
}
"""Places of a left hand's joints from the wrist, in lengths of the forearm, with the arm held out and the palm down:
x along the arm, y up, z ahead."""


def with_fingers(skeleton: Skeleton) -> Skeleton:
    """``skeleton`` and, behind its joints, those of fingers below its wrists, as its forearms lie at rest.

    Raises ``ValueError`` for a skeleton without elbows and wrists.
    """
    names, parents, joints = list(skeleton.joint_names), skeleton.parents.tolist(), [skeleton.joints]
    for side in SIDES:
        if not {f"{side}_elbow", f"{side}_wrist"} <= set(names):
            raise ValueError(f"a skeleton without {side}_elbow and {side}_wrist has no place for fingers")
        elbow, wrist = (skeleton.joints[names.index(f"{side}_{each}")] for each in ("elbow", "wrist"))
        joints.append(hand_joints(side, elbow.astype(np.float64), wrist.astype(np.float64)))
        for finger in FINGERS:
            for number in (1, 2, 3):
                above = f"{side}_wrist" if number == 1 else f"{side}_{finger}{number - 1}"
                parents.append(names.index(above))
                names.append(f"{side}_{finger}{number}")
    return Skeleton(tuple(names), np.array(parents, np.int32), np.concatenate(joints))


def template_with_fingers(template: BodyTemplate) -> BodyTemplate:
    """``template`` with fingers that move nothing; one without arms as it is."""
    if not {f"{side}_{each}" for side in SIDES for each in ("elbow", "wrist")} <= set(template.joint_names):
        return template
    made = with_fingers(Skeleton(template.joint_names, template.parents, template.joints))
    more = len(made.joint_names) - len(template.joint_names)
    weights = np.pad(template.weights, ((0, 0), (0, more)))
    return replace(template, joint_names=made.joint_names, parents=made.parents, joints=made.joints, weights=weights)


def hand_joints(side: str, elbow: NDArray[np.float64], wrist: NDArray[np.float64]) -> NDArray[np.float32]:
    """(15, 3) metres, the joints of one hand for the places (3,) of elbow and wrist."""
    forearm = wrist - elbow
    outward = np.array([1.0 if side == "left" else -1.0, 1.0, 1.0])
    straight = np.array([STRAIGHT[finger] for finger in FINGERS]).reshape(-1, 3) * outward
    turn = shortest_turn(outward * (1.0, 0.0, 0.0), forearm)
    return (wrist + float(np.linalg.norm(forearm)) * straight @ turn.T).astype(np.float32)


def shortest_turn(start: Sequence[float] | NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rotation (3, 3) by the least angle that takes the direction ``start`` (3,) to that of ``end`` (3,); about
    the world's z for opposite ones."""
    one = np.asarray(start, np.float64) / np.linalg.norm(start)
    other = np.asarray(end, np.float64) / np.linalg.norm(end)
    axis, cosine = np.cross(one, other), float(one @ other)
    if cosine < -1.0 + 1e-9:
        return np.diag([-1.0, -1.0, 1.0]) if abs(one[2]) < 0.9 else np.diag([-1.0, 1.0, -1.0])
    cross = np.array([[0.0, -axis[2], axis[1]], [axis[2], 0.0, -axis[0]], [-axis[1], axis[0], 0.0]])
    return np.eye(3) + cross + cross @ cross / (1.0 + cosine)
