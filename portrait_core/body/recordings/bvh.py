# SPDX-License-Identifier: Apache-2.0
"""The text of a BVH file as a skeleton and its channels over time (Biovision hierarchy; Meredith and Maddock 2001)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from portrait_core.body.recordings.recording import MAX_FRAMES
from portrait_core.errors import UsageError

Floats = NDArray[np.float64]

MOST_JOINTS = 1000
_DEEPEST = 200


@dataclass
class Joint:
    """``offset`` (3,) from the parent at rest; ``channels`` are the names of its columns, the first at ``column``."""

    name: str
    parent: int
    offset: Floats = field(default_factory=lambda: np.zeros(3))
    channels: tuple[str, ...] = ()
    column: int = 0
    ends: list[Floats] = field(default_factory=list[Floats])


@dataclass(frozen=True)
class Hierarchy:
    """Joints, parents before children, and ``values`` (T, C) of all channels, ``rate`` frames a second."""

    joints: list[Joint]
    values: Floats
    rate: float

    def rest(self) -> Floats:
        """The joints' places (J, 3) when nothing turns."""
        places = np.zeros((len(self.joints), 3))
        for index, joint in enumerate(self.joints):
            places[index] = joint.offset + (places[joint.parent] if joint.parent >= 0 else 0.0)
        return places

    def turn(self, index: int) -> Rotation:
        """A joint's rotations (T,) relative to its parent."""
        joint = self.joints[index]
        columns = [(name[0].upper(), joint.column + k) for k, name in enumerate(joint.channels) if _is_turn(name)]
        if not columns:
            return Rotation.identity(len(self.values))
        order = "".join(axis for axis, _ in columns)
        angles = self.values[:, [column for _, column in columns]]
        return Rotation.from_euler(order, angles if len(order) > 1 else angles[:, 0], degrees=True)

    def place(self, index: int) -> Floats:
        """A joint's places (T, 3) relative to its parent."""
        joint = self.joints[index]
        places = np.tile(joint.offset, (len(self.values), 1))
        for k, name in enumerate(joint.channels):
            if not _is_turn(name):
                places[:, "xyz".index(name[0].lower())] = self.values[:, joint.column + k]
        return places


def read_bvh(text: str) -> Hierarchy:
    """The hierarchy and the motion in a file's ``text``.

    Raises:
        UsageError: it is damaged; what was expected is named.
    """
    head, mark, tail = text.partition("MOTION")
    if not mark:
        raise UsageError("the BVH file has no MOTION part; it is damaged or cut short")
    joints = _joints(head.split())
    columns = 0
    for joint in joints:
        joint.column = columns
        columns += len(joint.channels)
    words = tail.replace(":", ": ").split()
    if len(words) < 5 or words[0].lower() != "frames:" or words[2].lower() != "frame" or words[3].lower() != "time:":
        raise UsageError("the MOTION part of the BVH file does not begin with Frames: and Frame Time:")
    frames, time = int(_number(words[1])), _number(words[4])
    if not 0 < frames <= MAX_FRAMES or not 1e-4 < time <= 100:
        raise UsageError(f"the BVH file says {frames} frames of {time:g} s, expected 1 to {MAX_FRAMES} frames")
    if len(words) - 5 != frames * columns:
        raise UsageError(
            f"the BVH file has {len(words) - 5} numbers, expected {frames} frames of {columns}; cut short?"
        )
    try:
        values = np.array(words[5:], np.float64).reshape(frames, columns)
    except ValueError as error:
        raise UsageError(f"the MOTION part of the BVH file holds something that is no number ({error})") from None
    if not np.isfinite(values).all():
        bad = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
        raise UsageError(f"the BVH file holds NaN or infinity in frame {bad}, expected finite numbers")
    return Hierarchy(joints, values, _rate(time))


def _joints(words: list[str]) -> list[Joint]:
    joints: list[Joint] = []
    stack: list[int] = []
    at = 1
    pending: int | None = None  # a joint whose brace comes next; -1 for an end
    while at < len(words):
        word = words[at]
        if word in ("ROOT", "JOINT"):
            # names may have spaces in them
            end = words.index("{", at) if "{" in words[at : at + 12] else at + 2
            if len(joints) >= MOST_JOINTS:
                raise UsageError(f"the BVH file has more than {MOST_JOINTS} joints")
            parents = [index for index in stack if index >= 0]
            joints.append(Joint(" ".join(words[at + 1 : end]), parents[-1] if parents else -1))
            pending, at = len(joints) - 1, end
        elif word == "End":
            end = words.index("{", at) if "{" in words[at : at + 6] else at + 2
            pending, at = -1, end
        elif word == "{":
            if pending is None or len(stack) > _DEEPEST:
                raise UsageError("the HIERARCHY of the BVH file has a brace where none belongs")
            stack.append(pending)
            pending, at = None, at + 1
        elif word == "}":
            if not stack:
                raise UsageError("the HIERARCHY of the BVH file has a brace where none belongs")
            stack.pop()
            at += 1
        elif word == "OFFSET" and stack:
            offset = np.array([_number(each) for each in words[at + 1 : at + 4]])
            if offset.shape != (3,):
                raise UsageError("the HIERARCHY of the BVH file is cut short")
            if stack[-1] >= 0:
                joints[stack[-1]].offset = offset
            elif len(stack) > 1:
                joints[stack[-2]].ends.append(offset)
            at += 4
        elif word == "CHANNELS" and stack and stack[-1] >= 0 and at + 1 < len(words):
            count = int(_number(words[at + 1]))
            names = words[at + 2 : at + 2 + count]
            if not 0 <= count <= 9 or len(names) != count or not all(_is_channel(name) for name in names):
                raise UsageError(f"joint {joints[stack[-1]].name[:40]} of the BVH file has channels that are not known")
            joints[stack[-1]].channels = tuple(names)
            at += 2 + count
        else:
            raise UsageError(f"the HIERARCHY of the BVH file holds {word[:40]!r} where a joint belongs")
    if stack or not joints:
        raise UsageError("the HIERARCHY of the BVH file is cut short")
    return joints


def _is_turn(name: str) -> bool:
    return name[1:].lower() == "rotation"


def _is_channel(name: str) -> bool:
    return name[:1].lower() in ("x", "y", "z") and name[1:].lower() in ("rotation", "position", "scale")


def _number(word: str) -> float:
    try:
        found = float(word)
    except ValueError:
        raise UsageError(f"the BVH file holds {word[:40]!r} where a number belongs") from None
    if not np.isfinite(found):
        raise UsageError(f"the BVH file holds {word[:40]!r} where a finite number belongs")
    return found


def _rate(time: float) -> float:
    """Frames a second; times are written with few digits, so that 0.0333 means a 30th."""
    rate = 1 / time
    whole = round(rate)
    return float(whole) if whole and -2e-4 < rate / whole - 1 < 1.1e-3 else rate
