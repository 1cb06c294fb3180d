# SPDX-License-Identifier: Apache-2.0
"""The turns of head and eyes in a recording: yaw, pitch and roll to rotation vectors.

Live Link Face writes them in radians. Which way an angle counts depends on how the phone was held; the eyes tell it,
because their turns stand in the file as angles and as shapes (eyeLookOutLeft and others) at once.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .shape_names import plain_name

Floats = NDArray[np.float64]

PARTS = ("head", "left_eye", "right_eye")
_AXES = ("yaw", "pitch", "roll")
SURE = 0.5
"""Correlation from which on the shapes say which way an angle counts."""

_ALIASES = {"headrotationx": ("head", 1), "headrotationy": ("head", 0), "headrotationz": ("head", 2)}


def turn_column(name: str) -> tuple[str, int] | None:
    """The part and the number of its axis (yaw, pitch, roll) that a column ``name`` turns; None for another column."""
    plain = plain_name(name)
    if plain in _ALIASES:
        return _ALIASES[plain]
    for part in PARTS:
        for axis, word in enumerate(_AXES):
            if plain == part.replace("_", "") + word:
                return part, axis
    return None


def turns_of(
    angles: Mapping[tuple[str, int], Floats], weights: Mapping[str, Floats]
) -> tuple[dict[str, Floats], list[str]]:
    """Rotation vectors (T, 3) by part out of columns (T,) by part and axis, and notices.

    A part of which an axis is missing is turned about the others; one that never turns is left out.
    """
    if not angles:
        return {}, []
    notices: list[str] = []
    # Half a turn of the head is none that a camera in front of it sees.
    largest = max(float(np.abs(column).max(initial=0.0)) for column in angles.values())
    scale = 1.0
    if largest > np.pi:
        if largest > 180.0:
            return {}, [f"turns of head and eyes go up to {largest:.3g}, which is no angle; they are left out"]
        scale = np.pi / 180
        notices.append("turns of head and eyes are taken as degrees")
    signs = _signs(angles, weights)
    turns: dict[str, Floats] = {}
    for part in PARTS:
        own = [angles.get((part, axis)) for axis in range(3)]
        if all(column is None or float(np.abs(column).max(initial=0.0)) < 1e-6 for column in own):
            continue
        count = next(len(column) for column in own if column is not None)
        yaw, pitch, roll = (np.zeros(count) if column is None else column * scale for column in own)
        turns[part] = rotation_vectors(signs[0] * yaw, signs[1] * pitch, roll)
    return turns, notices


def rotation_vectors(yaw: Floats, pitch: Floats, roll: Floats) -> Floats:
    """(T, 3) rotation vectors of a roll about z, then a pitch about x, then a yaw about y, in radians (T,)."""
    quaternions = _product(_about(1, yaw), _product(_about(0, pitch), _about(2, roll)))
    quaternions = np.where(quaternions[:, 3:] < 0, -quaternions, quaternions)
    length = np.linalg.norm(quaternions[:, :3], axis=1)
    angle = 2 * np.arctan2(length, quaternions[:, 3])
    share = np.where(length > 1e-12, angle / np.maximum(length, 1e-12), 2.0)
    return quaternions[:, :3] * share[:, None]


def _about(axis: int, angle: Floats) -> Floats:
    result = np.zeros((len(angle), 4))
    result[:, axis], result[:, 3] = np.sin(angle / 2), np.cos(angle / 2)
    return result


def _product(one: Floats, other: Floats) -> Floats:
    vector = one[:, 3:] * other[:, :3] + other[:, 3:] * one[:, :3] + np.cross(one[:, :3], other[:, :3])
    return np.concatenate(
        [vector, one[:, 3:] * other[:, 3:] - (one[:, :3] * other[:, :3]).sum(1, keepdims=True)], axis=1
    )


def _signs(angles: Mapping[tuple[str, int], Floats], weights: Mapping[str, Floats]) -> tuple[float, float]:
    """Which way yaw and pitch count, by the eyes: to the own left and down are positive."""
    pairs = (
        (("left_eye", 0), "eyeLookOutLeft", "eyeLookInLeft"),
        (("left_eye", 1), "eyeLookDownLeft", "eyeLookUpLeft"),
    )
    found: list[float] = []
    for column, more, less in pairs:
        sign = 1.0
        if column in angles and more in weights and less in weights:
            angle, look = angles[column], weights[more] - weights[less]
            spread = float(angle.std() * look.std())
            if spread > 1e-12:
                related = float(((angle - angle.mean()) * (look - look.mean())).mean()) / spread
                sign = -1.0 if related < -SURE else 1.0
        found.append(sign)
    return found[0], found[1]
