# SPDX-License-Identifier: Apache-2.0
"""The pose that parts are made in: the base mesh's, with the arms lowered beside the trunk.

The base mesh holds its arms out; a bust with arms like that ends in two stumps. So every joint of the shoulder girdle
is turned by an angle that is the same for everybody, about the person's own joint, and the controls follow by their
skin weights. Both the joints and the controls are linear in the coefficients, and the turns do not depend on them:
lowering keeps everything linear, and could be multiplied into mean and basis. It is done per person nevertheless (a
few milliseconds), so that the controls stay those of the base mesh, which its morph targets move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS
from portrait_core.parts.arrays import Arrays, Sparse
from portrait_core.rig.skeleton import BUST_JOINTS

JOINTS = tuple(name for name in SMPL_JOINT_NAMES if name in BUST_JOINTS)
"""The joints that move parts, in SMPL's order: what :attr:`PartMesh.joints` counts."""


@dataclass(frozen=True, eq=False)
class RestPose:
    """``turns`` (24, 3): axis-angle rotations of the SMPL joints, radians, each relative to its parent, by which the
    rest pose of parts differs from the base mesh's. A motion's own rotations come on top of the base mesh's pose, so a
    rig of parts takes the turns back in its joints (:meth:`local`) or subtracts them from every motion."""

    turns: NDArray[np.float64]

    def local(self) -> dict[str, NDArray[np.float64]]:
        """The turns other than zero, axis-angle (3,) by the joint's name."""
        rows = zip(SMPL_JOINT_NAMES, self.turns, strict=True)
        return {name: turn.copy() for name, turn in rows if bool(turn.any())}

    def motions(self, joints: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """For joints (24, 3) of the base mesh's pose: how each moves what hangs on it, as rotations (24, 3, 3) and
        shifts (24, 3)."""
        turned, less = self._turned
        shifts = np.einsum("jab,jb->ja", less, joints)
        for joint, parent in enumerate(SMPL_PARENTS):
            if parent >= 0:
                shifts[joint] += shifts[parent]
        return turned, shifts

    @cached_property
    def _turned(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(24, 3, 3) how each joint turns what hangs on it, and how much less than its parent."""
        own = np.asarray(Rotation.from_rotvec(self.turns).as_matrix(), np.float64)
        turned, less = np.zeros_like(own), np.zeros_like(own)
        for joint, parent in enumerate(SMPL_PARENTS):
            above = np.eye(3) if parent < 0 else turned[parent]
            turned[joint] = above @ own[joint]
            less[joint] = above - turned[joint]
        return turned, less

    def lowered_joints(self, joints: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places (24, 3) of the joints in the rest pose."""
        turned, shifts = self.motions(joints)
        return np.einsum("jab,jb->ja", turned, joints) + shifts

    def lowered(self, places: NDArray[np.float64], weights: Sparse, joints: NDArray[np.float64]) -> NDArray[np.float64]:
        """Controls (C, 3) of the base mesh's pose, with skin ``weights`` (C, 24), in the rest pose."""
        turned, shifts = self.motions(joints)
        result = places.copy()
        by_joint = weights.tocsc()
        for joint in np.flatnonzero(np.abs(turned - np.eye(3)).max(axis=(1, 2)) + np.abs(shifts).max(axis=1) > 0):
            own = slice(by_joint.indptr[joint], by_joint.indptr[joint + 1])
            rows = by_joint.indices[own]
            moved = places[rows] @ (turned[joint] - np.eye(3)).T + shifts[joint]
            result[rows] += by_joint.data[own, None] * moved
        return result

    def turned(self, moves: NDArray[np.float64], weights: Sparse) -> NDArray[np.float64]:
        """Displacements (C, 3) of the base mesh's pose (morph targets) as the rest pose shows them."""
        turned, _ = self.motions(np.zeros((len(self.turns), 3)))
        result = moves.copy()
        for joint in np.flatnonzero(np.abs(turned - np.eye(3)).max(axis=(1, 2)) > 0):
            share = weights[:, [joint]].tocoo()
            result[share.row] += share.data[:, None] * (moves[share.row] @ (turned[joint] - np.eye(3)).T)
        return result

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        return {"turns": self.turns.astype(np.float32)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> RestPose:
        return cls(arrays["turns"].astype(np.float64))


def joints_of(landmarks: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """The SMPL joints (24, 3) among a person's landmarks."""
    return np.stack([landmarks[name] for name in SMPL_JOINT_NAMES]).astype(np.float64)
