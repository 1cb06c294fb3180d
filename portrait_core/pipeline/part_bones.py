# SPDX-License-Identifier: Apache-2.0
"""The joints of an avatar of parts: SMPL's, those of fingers and of the face, and those of hair that hangs free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS
from portrait_core.geometry.settled import settled
from portrait_core.parts.body import Body
from portrait_core.parts.hair_joints import HairChains
from portrait_core.parts.rest_pose import JOINTS
from portrait_core.rig import Skeleton
from portrait_core.rig.fingers import with_fingers


@dataclass(frozen=True, eq=False)
class Bones:
    """J joints: ``names``, ``parents`` (J,), -1 for the root, and places ``joints`` (J, 3) at rest, metres; those that
    the weights of parts number, ``weighted``; and what is known of chains, ``springs``."""

    names: tuple[str, ...]
    parents: NDArray[np.int32]
    joints: NDArray[np.float32]
    weighted: tuple[str, ...] = JOINTS
    springs: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])

    @property
    def numbers(self) -> NDArray[np.intp]:
        """Of each weighted joint its number."""
        return np.array([self.names.index(joint) for joint in self.weighted])

    def place(self, name: str) -> NDArray[np.float32]:
        """(3,) of a joint."""
        return self.joints[self.names.index(name)]

    def with_fingers(self) -> Bones:
        """These, and those of fingers below the wrists, which move nothing."""
        whole = with_fingers(Skeleton(self.names, self.parents, self.joints))
        return replace(self, names=whole.joint_names, parents=whole.parents, joints=settled(whole.joints))

    def with_face(self, joints: Sequence[str], places: NDArray[np.float32]) -> Bones:
        """These, and ``joints`` of the face at ``places`` (K, 3), children of the head."""
        head = np.full(len(joints), self.names.index("head"))
        return replace(
            self,
            names=(*self.names, *joints),
            parents=np.append(self.parents, head).astype(np.int32),
            joints=np.concatenate([self.joints, places]),
            weighted=(*self.weighted, *joints),
        )

    def with_chains(self, chains: HairChains) -> Bones:
        """These, and those of hair below the head."""
        above = np.where(chains.parents < 0, self.names.index("head"), chains.parents + len(self.names))
        return replace(
            self,
            names=(*self.names, *chains.names),
            parents=np.append(self.parents, above).astype(np.int32),
            joints=np.concatenate([self.joints, chains.joints]),
            weighted=(*self.weighted, *chains.names),
            springs=chains.springs,
        )


def bones_of(joints: Sequence[str], body: Body) -> Bones:
    """Those of a body that are called ``joints``, in SMPL's order."""
    chosen = [index for index, name in enumerate(SMPL_JOINT_NAMES) if name in joints]
    parents: list[int] = []
    for index in chosen:
        above = SMPL_PARENTS[index]
        while above >= 0 and above not in chosen:
            above = SMPL_PARENTS[above]
        parents.append(chosen.index(above) if above >= 0 else -1)
    names = tuple(SMPL_JOINT_NAMES[index] for index in chosen)
    return Bones(names, np.array(parents, np.int32), settled(body.joints[chosen]))
