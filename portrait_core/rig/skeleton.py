# SPDX-License-Identifier: Apache-2.0
"""Which of a body's joints go into a file: those of a bust, all 24 of SMPL, or those and fingers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from portrait_core.body.template import BodyTemplate

BUST_JOINTS = frozenset(
    {
        "pelvis", "spine1", "spine2", "spine3", "neck", "head", "left_collar", "right_collar", "left_shoulder",
        "right_shoulder", "left_elbow", "right_elbow",
    }
)  # fmt: skip
"""What a bust keeps even where no vertex hangs on it, so that every bust has the same bones."""

NETWORK_JOINTS = frozenset({"neck", "head"})
"""What the networks turn in their own pictures."""


def has_joint(skeleton: str, joint: str) -> bool:
    """Whether a ``skeleton`` (bust, smpl24, full, or "neck and head" of a network's pictures) has a joint of SMPL's."""
    if skeleton in ("smpl24", "full"):
        return True
    return joint in (BUST_JOINTS if skeleton == "bust" else NETWORK_JOINTS)


def left_out_line(what: object, joints: Sequence[str], skeleton: str) -> str:
    """The line about the ``joints`` of file ``what`` that the rig has not."""
    return f"{what}: {len(joints)} joints that the rig ({skeleton}) lacks are left out: {', '.join(joints)}."


@dataclass(frozen=True)
class Skeleton:
    """``joint_names`` (J names), ``parents`` (J,) int32 with -1 for the root, ``joints`` (J, 3) float32 rest places."""

    joint_names: tuple[str, ...]
    parents: NDArray[np.int32]
    joints: NDArray[np.float32]


def bust_joints(template: BodyTemplate) -> BodyTemplate:
    """``template`` with the joints of a bust only: those in `BUST_JOINTS`, those with weight, and their ancestors."""
    full = Skeleton(template.joint_names, template.parents, template.joints)
    kept = _with_ancestors(full, np.asarray((template.weights > 1e-4).any(axis=0), np.bool_))
    own = template.weights[:, kept]
    few = _subset(full, kept)
    return replace(
        template,
        joint_names=few.joint_names,
        parents=few.parents,
        joints=few.joints,
        weights=(own / own.sum(axis=1, keepdims=True)).astype(np.float32),
    )


def _with_ancestors(full: Skeleton, used: NDArray[np.bool_]) -> NDArray[np.bool_]:
    kept = used | np.array([name in BUST_JOINTS for name in full.joint_names])
    for joint in range(len(kept) - 1, 0, -1):
        if kept[joint]:
            kept[full.parents[joint]] = True
    return kept


def _subset(full: Skeleton, kept: NDArray[np.bool_]) -> Skeleton:
    number = np.append(np.cumsum(kept) - 1, -1)  # the last entry answers for the root's parent, -1
    return Skeleton(
        tuple(name for name, keep in zip(full.joint_names, kept, strict=True) if keep),
        number[full.parents[kept]].astype(np.int32),
        full.joints[kept],
    )
