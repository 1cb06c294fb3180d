# SPDX-License-Identifier: Apache-2.0
"""Joints of fingers for skeletons of a whole body: stubs that no vertex hangs on, for programs that refuse to do
without."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.settled import settled

FINGERS = ("index", "middle", "pinky", "ring", "thumb")
SIDES = ("left", "right")
FINGER_JOINTS: tuple[str, ...] = tuple(
    f"{side}_{finger}{number}" for side in SIDES for finger in FINGERS for number in (1, 2, 3)
)
"""The 30 of SMPL-H, in its order: of each finger three, from the palm outwards."""

HAND: dict[str, tuple[tuple[float, float], ...]] = {
    "index": ((0.97, 0.25), (1.39, 0.28), (1.65, 0.30)),
    "middle": ((1.00, 0.00), (1.46, 0.00), (1.75, 0.00)),
    "pinky": ((0.82, -0.44), (1.14, -0.52), (1.33, -0.57)),
    "ring": ((0.93, -0.22), (1.35, -0.27), (1.62, -0.31)),
    "thumb": ((0.25, 0.28), (0.55, 0.50), (0.86, 0.60)),
}
"""Of a mean adult's flat hand, by finger: how far its joints lie along the hand and towards the thumb, in shares of the
way from the wrist to the first joint of the middle finger. Round numbers: nothing hangs on these joints."""


def finger_parents(joint_names: Sequence[str]) -> list[int]:
    """The numbers of the parents of :data:`FINGER_JOINTS` where they follow ``joint_names``, which hold the wrists."""
    first = len(joint_names)
    return [
        joint_names.index(f"{name.partition('_')[0]}_wrist") if name.endswith("1") else first + number - 1
        for number, name in enumerate(FINGER_JOINTS)
    ]


def finger_places(joint_names: Sequence[str], joints: NDArray[np.floating]) -> NDArray[np.float32]:
    """Places (30, 3) of the finger joints for a body's ``joints`` (J, 3), metres, in the pose that it stands in.

    Hands are flat, with the thumb in front. Raises ``ValueError`` for a body without wrists and hands.
    """
    found: list[NDArray[np.float64]] = []
    for side in SIDES:
        wrist, hand = (
            np.asarray(joints[joint_names.index(f"{side}_{part}")], np.float64) for part in ("wrist", "hand")
        )
        along = hand - wrist
        # The thumb's side: ahead, at a right angle to the hand.
        ahead = np.array([0.0, 0.0, 1.0])
        ahead -= along * float(ahead @ along) / float(along @ along)
        ahead *= np.linalg.norm(along) / np.linalg.norm(ahead)
        found += [wrist + far * along + aside * ahead for finger in FINGERS for far, aside in HAND[finger]]
    return settled(np.stack(found))
