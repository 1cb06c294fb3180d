# SPDX-License-Identifier: Apache-2.0
"""Recordings and files of cues as programs write them, made of formulas that tests know."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.face.names import ARKIT

APPLE = (
    *("EyeBlinkLeft", "EyeLookDownLeft", "EyeLookInLeft", "EyeLookOutLeft", "EyeLookUpLeft", "EyeSquintLeft"),
    *("EyeWideLeft", "EyeBlinkRight", "EyeLookDownRight", "EyeLookInRight", "EyeLookOutRight", "EyeLookUpRight"),
    *("EyeSquintRight", "EyeWideRight", "JawForward", "JawRight", "JawLeft", "JawOpen", "MouthClose", "MouthFunnel"),
    *("MouthPucker", "MouthRight", "MouthLeft", "MouthSmileLeft", "MouthSmileRight", "MouthFrownLeft"),
    *("MouthFrownRight", "MouthDimpleLeft", "MouthDimpleRight", "MouthStretchLeft", "MouthStretchRight"),
    *("MouthRollLower", "MouthRollUpper", "MouthShrugLower", "MouthShrugUpper", "MouthPressLeft", "MouthPressRight"),
    *("MouthLowerDownLeft", "MouthLowerDownRight", "MouthUpperUpLeft", "MouthUpperUpRight", "BrowDownLeft"),
    *("BrowDownRight", "BrowInnerUp", "BrowOuterUpLeft", "BrowOuterUpRight", "CheekPuff", "CheekSquintLeft"),
    *("CheekSquintRight", "NoseSneerLeft", "NoseSneerRight", "TongueOut", "HeadYaw", "HeadPitch", "HeadRoll"),
    *("LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll", "RightEyeYaw", "RightEyePitch", "RightEyeRoll"),
)
"""The 61 columns of Live Link Face, in its order."""


def weight(name: str, seconds: float) -> float:
    """What the person of the samples does with one shape at a time: each shape its own wave, and jawOpen a peak a
    second, at 0.5."""
    if name.lower() == "jawopen":
        return 0.5 - 0.5 * math.cos(2 * math.pi * seconds)
    number = [each.lower() for each in ARKIT].index(name.lower())
    return 0.3 + 0.3 * math.sin(seconds * (0.5 + 0.05 * number) + number)


def angle(name: str, seconds: float) -> float:
    """The same of the turns, radians."""
    if name == "HeadYaw":
        return 0.3 * math.sin(seconds)
    if name == "LeftEyeYaw":
        # as the shapes of this face say it: out is to the own left
        return 0.4 * (weight("EyeLookOutLeft", seconds) - weight("EyeLookInLeft", seconds))
    return 0.02 * math.cos(seconds)


def value(column: str, seconds: float) -> float:
    """Of any of the 61 columns."""
    return angle(column, seconds) if column.endswith(("Yaw", "Pitch", "Roll")) else weight(column, seconds)


def time_code(frame: int, rate: int, *, start: int = 0, drop: bool = False, sign: str = ":") -> str:
    """The SMPTE code of frame ``start + frame``, with Live Link's share of a frame behind."""
    number = start + frame
    if drop:  # SMPTE 12M: numbers are left out at each minute but every tenth
        per_ten, per_one, skip = rate * 600 - 9 * (rate // 15), rate * 60 - rate // 15, rate // 15
        tens, rest = divmod(number, per_ten)
        number += 9 * skip * tens + (skip * ((rest - skip) // per_one) if rest >= skip else 0)
    seconds, frames = divmod(number, rate)
    hours, minutes = seconds // 3600 % 24, seconds // 60 % 60
    return f"{hours:02d}:{minutes:02d}:{seconds % 60:02d}{sign}{frames:02d}.000"


def live_link(
    seconds: float = 20.0,
    *,
    rate: int = 60,
    code: Callable[[int], str] | None = None,
    columns: Sequence[str] = APPLE,
    change: Callable[[list[list[str]]], None] | None = None,
) -> bytes:
    """A recording of Live Link Face; ``change`` may spoil its rows, the head among them."""

    def usual(frame: int) -> str:
        return time_code(frame, rate, start=rate * (10 * 3600 + 59 * 60 + 3))

    say = code or usual
    rows = [["Timecode", "BlendShapeCount", *columns]]
    for frame in range(round(seconds * rate)):
        numbers = [f"{value(name, frame / rate):.9f}" for name in columns]
        rows.append([say(frame), "61", *numbers])
    if change is not None:
        change(rows)
    return "\n".join(",".join(row) for row in rows).encode()


def truth(name: str, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weights of a shape at ``times``."""
    return np.array([weight(name, each) for each in times])


def arkit_frames(seconds: float = 2.0, rate: int = 60) -> list[dict[str, object]]:
    """Frames with a stamp in seconds and shapes by name."""
    return [
        {"timestamp": frame / rate, "blendShapes": {name: weight(name, frame / rate) for name in ARKIT}}
        for frame in range(round(seconds * rate))
    ]


def mediapipe(seconds: float = 2.0, rate: int = 30) -> dict[str, object]:
    """Results of MediaPipe's face landmarker, a list of categories each, with stamps in milliseconds."""
    return {
        "frames": [
            {
                "timestampMs": 1000 * frame / rate,
                "faceBlendshapes": [
                    {
                        "headIndex": -1,
                        "categories": [
                            {"index": number, "score": score, "categoryName": name, "displayName": ""}
                            for number, (name, score) in enumerate(
                                [("_neutral", 1e-6), *((name, weight(name, frame / rate)) for name in ARKIT[:-1])]
                            )
                        ],
                    }
                ],
            }
            for frame in range(round(seconds * rate))
        ]
    }


def as_json(tree: object) -> bytes:
    """The bytes of a JSON file."""
    return json.dumps(tree).encode()


def as_npz(**arrays: object) -> bytes:
    """The bytes of an .npz file."""
    buffer = io.BytesIO()
    fields: Any = {name: np.asarray(array) for name, array in arrays.items()}
    np.savez(buffer, **fields)
    return buffer.getvalue()


RHUBARB_TSV = b"0.00\tX\n0.50\tA\n0.58\tD\n0.80\tC\n0.95\tF\n1.20\tG\n1.30\tB\n1.55\tH\n1.70\tE\n2.00\tX\n"
"""Two seconds of Rhubarb: lips close at 0.54, f at 1.25."""


def textgrid(tiers: dict[str, list[tuple[float, float, str]]], *, short: bool = False) -> str:
    """A TextGrid of Praat with tiers of intervals, in its long or its short form."""
    end = max(row[1] for rows in tiers.values() for row in rows)
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {end}"]
    lines += ["tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for number, (name, rows) in enumerate(tiers.items(), 1):
        lines += [f"    item [{number}]:", '        class = "IntervalTier"', f'        name = "{name}"']
        lines += ["        xmin = 0", f"        xmax = {end}", f"        intervals: size = {len(rows)}"]
        for index, (begin, stop, label) in enumerate(rows, 1):
            quoted = label.replace('"', '""')
            lines += [f"        intervals [{index}]:", f"            xmin = {begin}", f"            xmax = {stop}"]
            lines += [f'            text = "{quoted}"']
    if short:
        plain = [line.split("= ")[-1].strip() for line in lines if "item" not in line and "intervals [" not in line]
        lines = [*lines[:3], *(line.replace("tiers? ", "") for line in plain[3:])]
    return "\n".join(lines) + "\n"
