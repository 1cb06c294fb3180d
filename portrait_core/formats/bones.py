# SPDX-License-Identifier: Apache-2.0
"""Other names for the joints of a finished avatar: the last step before a file is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from portrait_core.avatar import Avatar


def rename_bones(avatar: Avatar, names: Sequence[str]) -> Avatar:
    """``avatar`` with its joints called ``names``, in order; pose and motion follow.

    Raises ``ValueError`` when there are not as many names as joints, or names repeat.
    """
    if tuple(names) == avatar.joint_names:
        return avatar
    if len(names) != len(avatar.joint_names):
        raise ValueError(f"expected {len(avatar.joint_names)} joint names, got {len(names)}")
    new = dict(zip(avatar.joint_names, names, strict=True))
    motion = avatar.motion
    if motion is not None:
        motion = replace(motion, rotations={new[joint]: turns for joint, turns in motion.rotations.items()})
    return replace(
        avatar,
        joint_names=tuple(names),
        pose={new[joint]: angles for joint, angles in avatar.pose.items()},
        rest={new[joint]: angles for joint, angles in avatar.rest.items()},
        motion=motion,
    )
