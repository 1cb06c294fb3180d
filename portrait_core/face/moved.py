# SPDX-License-Identifier: Apache-2.0
"""A face's table on one rig: weights for the shapes that it has, turns for its joints, and joints where shapes are
missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from portrait_core.face.recordings.idle import HEIGHT, SIDE
from portrait_core.face.recordings.table import FaceTable
from portrait_core.face.recordings.thinning import TURN_TOLERANCE, kept_keys, thinned
from portrait_core.rig.motion import Motion, on_one_half
from portrait_core.rig.shape_motion import ShapeMotion

Floats = NDArray[np.float64]
Turns = Mapping[str, Sequence[float]]

NECK_SHARE = 0.3
"""Of a head's turn the neck takes so much, the head joint the rest: about what a nodding spine does."""
JAW_OPEN = np.radians(31.5)
"""What the jaw joint turns by where the shape jawOpen is at 1: as far as the shape takes it."""
JAW_ASIDE = np.radians(6.0)
"""The same about the upright axis, of jawLeft and jawRight."""

JAW_OF_VISEMES = {
    "viseme_aa": 0.55, "viseme_E": 0.30, "viseme_I": 0.15, "viseme_O": 0.40, "viseme_U": 0.15, "viseme_DD": 0.12,
    "viseme_nn": 0.12, "viseme_kk": 0.18, "viseme_TH": 0.15, "viseme_CH": 0.08, "viseme_RR": 0.12, "viseme_SS": 0.04,
    "viseme_FF": 0.04,
}  # fmt: skip
"""How far open the jaw is in each viseme, for rigs that have no other way to speak."""

LOOKS = ("eyeLookOutLeft", "eyeLookInLeft", "eyeLookUpLeft", "eyeLookDownLeft")


def shape_motion(table: FaceTable, name: str, shapes: Collection[str]) -> ShapeMotion | None:
    """The weights of ``table`` for those of its shapes that are in ``shapes``, thinned; None where there is none."""
    weights = {shape: track for shape, track in table.weights.items() if shape in shapes}
    if not weights:
        return None
    few = thinned(replace(table, weights=weights, turns={}))
    tracks = {shape: track.astype(np.float32) for shape, track in few.weights.items()}
    return ShapeMotion(name, few.times.astype(np.float32), tracks)


def joint_motion(
    table: FaceTable, name: str, joints: Collection[str], shapes: Collection[str], base: Turns | None = None
) -> Motion | None:
    """The turns of ``table`` for those of a rig's ``joints`` that it moves, thinned; None where it moves none.

    Args:
        table: weights and turns.
        name: the motion's.
        joints: those of the rig that are free to be moved.
        shapes: those that the rig has. Where it has none for gaze or jaw, the joints of eyes and jaw do what the
            table's shapes say; where it has them, those joints rest, for both would move twice as far.
        base: the pose, axis-angle in radians by joint, that the turns come on top of.
    """
    turns = _shared(table, joints)
    turns |= {part: turn for part, turn in _by_joints(table, shapes).items() if part in joints}
    turns = {joint: turn for joint, turn in turns.items() if float(np.abs(turn).max(initial=0.0)) > 1e-6}
    if not turns:
        return None
    rows = kept_keys(table.times, np.concatenate([*turns.values()], axis=1), TURN_TOLERANCE)
    rotations = {
        joint: _quaternions(np.asarray((base or {}).get(joint, (0.0, 0.0, 0.0)), np.float64), turn[rows])
        for joint, turn in turns.items()
    }
    return Motion(name, table.times[rows].astype(np.float32), rotations)


def joint_turns(weights: Mapping[str, float], shapes: Collection[str]) -> dict[str, Floats]:
    """By joint of eyes and jaw the axis-angle (3,), radians in the world's axes, that ``weights`` of shapes by name
    turn it by, where a rig has no ``shapes`` for that."""
    moment = FaceTable(np.zeros(1), {name: np.array([weight]) for name, weight in weights.items()}, {})
    return {joint: turns[0] for joint, turns in _by_joints(moment, shapes).items()}


def _shared(table: FaceTable, joints: Collection[str]) -> dict[str, Floats]:
    """Turns of the table by joint: the head's parted between neck and head, on top of what the table says of each."""
    turns = {
        part: turn for part, turn in table.turns.items() if part in joints and part not in ("left_eye", "right_eye")
    }
    head = table.turns.get("head")
    if head is not None and "neck" in joints and "head" in joints:
        neck = table.turns.get("neck")
        turns["neck"] = NECK_SHARE * head + (0.0 if neck is None else neck)
        turns["head"] = (1 - NECK_SHARE) * head
    return turns


def _by_joints(table: FaceTable, shapes: Collection[str]) -> dict[str, Floats]:
    """What the joints of eyes and jaw do where there are no shapes for it."""
    turns: dict[str, Floats] = {}
    still = np.zeros(len(table.times))

    def of(shape: str) -> Floats:
        return table.weights.get(shape, still)

    if not any(look in shapes for look in LOOKS):
        for side, sign in (("Left", 1.0), ("Right", -1.0)):
            joint = f"{side.lower()}_eye"
            yaw = sign * SIDE * (of(f"eyeLookOut{side}") - of(f"eyeLookIn{side}"))
            pitch = HEIGHT * (of(f"eyeLookDown{side}") - of(f"eyeLookUp{side}"))
            if yaw.any() or pitch.any():
                turns[joint] = np.stack([pitch, yaw, still], axis=1)
            elif joint in table.turns:
                turns[joint] = table.turns[joint]
    if "jawOpen" not in shapes:
        talk = np.sum([still, *(share * of(viseme) for viseme, share in JAW_OF_VISEMES.items())], axis=0)
        opened = np.clip(of("jawOpen") - 0.8 * of("mouthClose") * of("jawOpen") + talk, 0.0, 1.0)
        aside = of("jawLeft") - of("jawRight")
        if opened.any() or aside.any():
            turns["jaw"] = np.stack([JAW_OPEN * opened, JAW_ASIDE * aside, still], axis=1)
    return turns


def _quaternions(base: Floats, turns: Floats) -> NDArray[np.float32]:
    """``turns`` (T, 3) on top of ``base`` (3,) as unit quaternions x, y, z, w (T, 4), neighbours on one half."""
    turned = Rotation.from_rotvec(base) * Rotation.from_rotvec(turns)
    return on_one_half(np.asarray(turned.as_quat(), np.float64).reshape(-1, 4))
