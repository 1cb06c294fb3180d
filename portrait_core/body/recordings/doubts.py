# SPDX-License-Identifier: Apache-2.0
"""Numbers that look like rotation vectors and are none: degrees, and places of joints."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.body.recordings.hints import FileHints
from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS
from portrait_core.errors import UsageError, remedy

Floats = NDArray[np.float64]

_BODY = 22
_PAIRS = ((1, 2), (4, 5), (7, 8), (10, 11), (13, 14), (16, 17), (18, 19), (20, 21))
"""Left and right joints, whose bones are as long."""
FULL = 2 * np.pi
_SPIN = 0.5
"""Radians from frame to frame."""
_LOOKED_AT = 120
"""Frames that are looked at, spread over the file."""


def check_rotations(values: Floats, names: tuple[str, ...], name: str, hints: FileHints) -> None:
    """Refuse ``values`` (T, J, 3), axis-angle from field ``name``, that are degrees or positions by all appearance.

    Raises:
        UsageError: with the word "degrees" or "positions".
    """
    frames = values[np.isfinite(values).all(axis=(1, 2))]
    if not len(frames):
        return
    if are_positions(frames[:: max(1, len(frames) // _LOOKED_AT)]):
        raise UsageError(
            f"{name} holds joint positions, no rotations: the bones between its joints have constant lengths. Expected "
            "rotations of SMPL joints, which a fit of SMPL to the positions gives"
        )
    if not hints.one_of("degrees", "radians") and are_degrees(frames, names):
        raise UsageError(
            f"{name} seems to be in degrees: joints turn by more than a full turn if it is in radians.",
            remedy=remedy("give_units", units="degrees"),
        )


def are_degrees(frames: Floats, names: tuple[str, ...]) -> bool:
    """Whether two joints of the body or more turn by over 2 pi, or one that jumps there; the root may, in long
    recordings, and one joint may spin slowly."""
    body = frames[:, : len(names)]
    furthest = np.linalg.norm(body, axis=2).max(axis=0)
    over = [k for k, (name, most) in enumerate(zip(names, furthest, strict=False)) if most > FULL and name != "pelvis"]
    if len(over) != 1 or len(frames) == 1:
        return bool(over)
    steps = np.linalg.norm(np.diff(body[:, over[0]], axis=0), axis=1)
    return bool(np.median(steps) > _SPIN)


def are_positions(frames: Floats) -> bool:
    """Whether (T, J, 3) are the places of a skeleton's joints: rigid bones, and a body's proportions where the joints
    are SMPL's."""
    if frames.shape[1] in (22, 24, 52, 55):
        bones: Floats = frames[:, 1:_BODY] - frames[:, list(SMPL_PARENTS[1:_BODY])]
        lengths: Floats = np.asarray(np.linalg.norm(bones, axis=2), np.float64)
        if _is_a_body(np.asarray(np.median(lengths, axis=0), np.float64)) and _constant(lengths):
            return True
    return _is_rigid(frames)


def _is_a_body(lengths: Floats) -> bool:
    """Whether bones (21,) of joints 1 to 21 from their parents have the proportions of a body, whatever the unit."""
    if lengths.min() < 1e-9:
        return False

    def bone(joint: str) -> float:
        return float(lengths[SMPL_JOINT_NAMES.index(joint) - 1])

    for left, right in _PAIRS:
        if not 0.7 < lengths[left - 1] / lengths[right - 1] < 1.43:
            return False
    thigh, shin = bone("left_knee"), bone("left_ankle")
    arm, forearm = bone("left_elbow"), bone("left_wrist")
    hip = bone("left_hip")
    return 0.5 < thigh / shin < 2 and 0.5 < arm / forearm < 2 and 0.8 < thigh / arm < 3 and hip < 0.8 * thigh


def _constant(lengths: Floats) -> bool:
    spread = lengths.std(axis=0) / np.median(lengths, axis=0)
    return float(np.mean(np.asarray(spread < 0.25, np.float64))) > 0.75


def _is_rigid(frames: Floats) -> bool:
    """Whether nearly every moving joint keeps its distance from another moving joint while their difference turns:
    positions of a skeleton whose order of joints is not known."""
    if len(frames) < 4:
        return False
    frames = frames[:: max(1, len(frames) // 40)]
    moving = np.flatnonzero(np.linalg.norm(frames.std(axis=0), axis=1) > 1e-4)
    if len(moving) < 8:
        return False
    places = frames[:, moving]
    apart = places[:, :, None] - places[:, None]
    turning = np.linalg.norm(apart.std(axis=0), axis=2)
    distance = np.linalg.norm(apart, axis=3)
    rigid = distance.std(axis=0) < 0.01 * turning
    rigid &= turning > 1e-3 * distance.mean(axis=0)
    np.fill_diagonal(rigid, False)
    return bool(rigid.any(axis=1).mean() > 0.8)
