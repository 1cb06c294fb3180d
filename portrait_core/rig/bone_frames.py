# SPDX-License-Identifier: Apache-2.0
"""The axes of bones in rigs of Ready Player Me's kind: y along the bone, x to the person's right in trunk and legs.

Programs for such rigs set the rotations of bones outright, so that a skeleton whose axes are the world's would have its
arms stick out of its back. In a T-pose these are: trunk and neck as the world; left arm and hand x = -z, y = +x,
z = -y; right arm x = +z, y = -x, z = -y; legs x = -x, y = -y; toes y = +z. Here an arm at rest hangs, and its axes with
it: y goes along the bone, x is as near to the T-pose's as can be.

Where a bone's direction does not say which way it is meant, the poses of TalkingHead do (MIT, the program that most
such avatars on the web are shown by): its standing poses, in the middle, are this rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from portrait_core.rig.fingers import FINGER_JOINTS, FINGERS, SIDES
from portrait_core.rig.skinning import rotation

Matrix = NDArray[np.float64]

HEAD_TILT = 0.24
"""Radians by which the head's y leans ahead of the world's. With a level head its standing poses would look at the
floor: its rule for eyes that meet the camera's, ``2 x - 0.5`` of a full look up for a head turned by x, says so."""
COLLAR = (0.056, 0.126, -0.071)
"""Axis-angle, radians: how a left collar stands in the mean of its standing poses, from the T-pose's axes."""

_ENDS = {
    "shoulder": "elbow",
    "elbow": "wrist",
    "wrist": "middle1",
    "hip": "knee",
    "knee": "ankle",
    "ankle": "foot",
    **{f"{finger}{number}": f"{finger}{number + 1}" for finger in FINGERS for number in (1, 2)},
}
"""Of a joint with a side the one that its bone ends at."""
_LEG = ("hip", "knee", "ankle", "foot")


def bone_frames(joint_names: Sequence[str], parents: NDArray[np.int32], joints: NDArray[np.float32]) -> Matrix:
    """(J, 3, 3): the axes of each bone, as columns, for joints that rest at ``joints`` (J, 3).

    Joints that such rigs do not have, of hair and jaw, have the world's axes.
    """
    names = list(joint_names)
    result = np.tile(np.eye(3), (len(names), 1, 1))
    for index, name in enumerate(names):
        side, _, kind = name.partition("_")
        if name == "head":
            result[index] = rotation((HEAD_TILT, 0.0, 0.0))
        if side not in SIDES or kind == "eye":
            continue
        outward = 1.0 if side == "left" else -1.0
        if kind == "collar":
            x, y, z = COLLAR
            level = _axes(np.array([outward, 0.0, 0.0]), np.array([0.0, 0.0, -outward]))
            result[index] = rotation((x, outward * y, outward * z)) @ level
        elif kind in _LEG:
            down = [0.0, 0.0, 1.0] if kind == "foot" else [0.0, -1.0, 0.0]
            result[index] = _axes(_along(names, joints, index, np.array(down)), np.array([-1.0, 0.0, 0.0]))
        elif kind in ("shoulder", "elbow", "wrist", "hand") or name in FINGER_JOINTS:
            above = result[int(parents[index])][:, 1]
            result[index] = _axes(_along(names, joints, index, above), np.array([0.0, 0.0, -outward]))
    return result


def _along(names: list[str], joints: NDArray[np.float32], index: int, otherwise: NDArray[np.float64]) -> Matrix:
    """(3,) the direction of a joint's bone; ``otherwise`` where nothing says where it ends."""
    side, _, kind = names[index].partition("_")
    end = f"{side}_{_ENDS.get(kind, '')}"
    if end not in names:
        return otherwise
    way = joints[names.index(end)].astype(np.float64) - joints[index]
    return way if float(np.linalg.norm(way)) > 1e-6 else otherwise


def _axes(along: Matrix, sideways: Matrix) -> Matrix:
    """(3, 3) axes as columns: y is ``along``, x as near to ``sideways`` as can be."""
    y = along / np.linalg.norm(along)
    z = np.cross(sideways, y)
    z /= np.linalg.norm(z)
    return np.stack([np.cross(y, z), y, z], axis=1)
