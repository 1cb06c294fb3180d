# SPDX-License-Identifier: Apache-2.0
"""The T-pose: upright, arms straight out to the sides, as formats for whole characters want a rig to be at rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.rig.skin import Skin

SIDES = {"left": 1.0, "right": -1.0}
"""Where the arms go along x: the person's left is +x."""
ARM = ("shoulder", "elbow", "wrist", "hand")
"""The joints of an arm from the trunk outwards."""


@dataclass(frozen=True, eq=False)
class Repose:
    """How J joints take what hangs on them into another rest pose.

    Attributes:
        motions: (J, 4, 4) the transform of each joint, in the world.
        joints: (J, 3) float32, their places there.
    """

    motions: NDArray[np.float64]
    joints: NDArray[np.float32]

    def places(self, vertices: NDArray[np.float32], skin: Skin) -> NDArray[np.float32]:
        """Vertices (V, 3) there."""
        blend = self._blend(skin)
        return (np.einsum("vij,vj->vi", blend[:, :3, :3], vertices) + blend[:, :3, 3]).astype(np.float32)

    def directions(self, vectors: NDArray[np.float32], skin: Skin) -> NDArray[np.float32]:
        """Vectors (V, 3) that move with their vertices: displacements as they are, without the blend's shift."""
        return np.einsum("vij,vj->vi", self._blend(skin)[:, :3, :3], vectors).astype(np.float32)

    def _blend(self, skin: Skin) -> NDArray[np.float64]:
        numbers: NDArray[Any] = skin.joints.astype(np.int64)
        return np.einsum("vk,vkij->vij", skin.weights.astype(np.float64), self.motions[numbers])


def t_pose(names: Sequence[str], parents: NDArray[np.int32], joints: NDArray[np.float32]) -> Repose:
    """From the rest pose with ``joints`` (J, 3) to the one in which both arms are horizontal and straight.

    Shoulders, elbows, wrists and hands lie on one line along x, as long as they were; each joint is turned by the least
    turn that takes its bone there, and what hangs below it follows. A skeleton without arms stays as it is.
    """
    turned = np.tile(np.eye(3), (len(names), 1, 1))
    old = joints.astype(np.float64)
    placed = old.copy()
    aims = {
        f"{side}_{part}": (f"{side}_{after}", np.array([sign, 0.0, 0.0]))
        for side, sign in SIDES.items()
        for part, after in pairwise(ARM)
    }
    for number, name in enumerate(names):
        parent = int(parents[number])
        if parent >= 0:
            turned[number] = turned[parent]
            placed[number] = placed[parent] + turned[parent] @ (old[number] - old[parent])
        if name in aims and aims[name][0] in names:
            towards, aim = aims[name]
            bone = old[names.index(towards)] - old[number]
            turned[number] = _least_turn(turned[number] @ bone, aim) @ turned[number]
    motions = np.tile(np.eye(4), (len(names), 1, 1))
    motions[:, :3, :3] = turned
    motions[:, :3, 3] = placed - np.einsum("jab,jb->ja", turned, old)
    return Repose(motions, placed.astype(np.float32))


def _least_turn(one: NDArray[np.float64], two: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rotation (3, 3) that takes the direction ``one`` to ``two`` and turns nothing else."""
    a, b = one / np.linalg.norm(one), two / np.linalg.norm(two)
    axis, cosine = np.cross(a, b), float(a @ b)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    # Arms never point at the other side, where there would be no least turn.
    return np.eye(3) + cross + cross @ cross / max(1.0 + cosine, 1e-9)
