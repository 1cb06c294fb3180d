# SPDX-License-Identifier: Apache-2.0
"""Poses as people write them and as files hold them: joint names to axis-angle vectors in radians.

Inside Portraitkit a pose is a dictionary from SMPL joint name to an axis-angle vector (3,) in radians; joints that it
does not name are at rest. The networks know only neck and head, as six numbers (`body_pose`).
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from portrait_core.body.recordings.contents import RECORDING_FILES, read_contents
from portrait_core.body.recordings.hints import FileHints
from portrait_core.body.recordings.load import NO_HINTS, frame_of, told_of
from portrait_core.body.recordings.numbers import shape_of
from portrait_core.body.recordings.programs import refuse_head
from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.errors import UsageError

Pose = dict[str, NDArray[np.float64]]
"""SMPL joint name to axis-angle, radians."""


def parse_pose(text: str) -> Pose:
    """Read ``"head=0,20,0"``: degrees about x, y and z as one rotation vector; several joints separated by ``;``.

    +x nods forward, +y turns to the subject's left, +z tilts towards the subject's right shoulder.

    Raises:
        UsageError: a joint that SMPL does not have, a joint named twice, or not three finite numbers.
    """
    pose: Pose = {}
    for part in text.replace(";", " ").split():
        name, equals, numbers = part.partition("=")
        if not equals:
            raise UsageError(f'pose: got "{part}", expected JOINT=X,Y,Z in degrees, for example head=0,20,0')
        if name in pose:
            raise UsageError(f'pose: joint "{name}" is given twice; give it once')
        fields = numbers.split(",")
        try:
            degrees = [float(number) for number in fields]
        except ValueError:
            raise UsageError(f'pose: got "{numbers}" for {name}, expected three numbers in degrees') from None
        pose[_known_joint(name)] = np.radians(_three(degrees, name))
    return pose


@dataclass(frozen=True)
class PoseFile:
    """The ``pose`` that a file holds, and in one ``line`` what the file was taken for ("" for our own)."""

    pose: Pose
    line: str = ""


def load_pose(path: Path, *, frame: int = 0, up_axis: str | None = None, hints: FileHints = NO_HINTS) -> Pose:
    """Read a pose file; nothing in it is executed. Of a motion, ``frame`` is taken, from 0 or back from the end.

    ``.json``: a dictionary from joint name to three numbers, in radians, or in degrees with ``"unit": "degrees"``.
    ``.npy``: 6 numbers (neck, head). All others, and arrays, as `portrait_core.body.recordings.load_recording`.
    ``up_axis`` is short for that of ``hints``; None goes by the data.

    Raises:
        UsageError: missing file, another kind of file, or contents that are no pose.
    """
    return open_pose(path, frame=frame, hints=replace(hints, up_axis=up_axis) if up_axis else hints).pose


def open_pose(path: Path, *, frame: int = 0, hints: FileHints = NO_HINTS) -> PoseFile:
    """`load_pose` with what the file was taken for."""
    return pose_in(pose_contents(path), path, frame=frame, hints=hints)


def pose_contents(path: Path) -> Any:
    """What is in a pose file, for `pose_in`; raises :class:`UsageError` as `load_pose`."""
    suffix = path.suffix.lower()
    if suffix not in RECORDING_FILES and not os.path.isdir(path):
        raise UsageError(f"pose file: got {path.name}, expected a name ending in {', '.join(RECORDING_FILES)}")
    if not os.path.exists(path):
        raise UsageError(f"pose file: {path} does not exist")
    with told_of(f"pose file {path}"):
        return read_contents(path)


def pose_in(content: Any, path: Path, *, frame: int = 0, hints: FileHints = NO_HINTS) -> PoseFile:
    """The pose in the contents of file ``path``; raises :class:`UsageError` as `load_pose`."""
    with told_of(f"pose file {path}"):
        own = _own_pose(content)
        if own is not None:
            return PoseFile(own)
        one = frame_of(content, frame, hints)
        pose = {name: rows[0] for name, rows in one.y_up().rotations.items() if rows[0].any()}
        return PoseFile(pose, "; ".join(one.facts))


def is_pose_file(text: str) -> bool:
    """Whether ``text`` ends like a pose file, or is a folder of them."""
    # os.path, because pathlib raises for names that no system can have, such as those that are too long.
    return text.lower().endswith(RECORDING_FILES) or ("=" not in text and bool(text) and os.path.isdir(text))


def pose_of_numbers(numbers: NDArray[Any]) -> Pose:
    """Pose of 6, 69 or 72 numbers in radians, in any shape: see `load_pose`.

    Raises:
        UsageError: another count, or numbers that are not finite.
    """
    if numbers.dtype.kind not in "fiu":
        raise UsageError(f"expected numbers, got an array of type {numbers.dtype}")
    flat: NDArray[np.float64] = numbers.astype(np.float64).ravel()
    names: Sequence[str]
    if flat.size == 6:
        names = ("neck", "head")
    elif flat.size == 69:
        names = SMPL_JOINT_NAMES[1:]
    elif flat.size == 72:
        names = SMPL_JOINT_NAMES
    else:
        raise UsageError(f"expected 6, 69 or 72 numbers, got an array of shape {numbers.shape}")
    rows = flat.reshape(-1, 3)
    if not np.isfinite(rows).all():
        raise UsageError("expected finite numbers, got NaN or infinity")
    return {name: row for name, row in zip(names, rows, strict=True) if row.any()}


def body_pose(pose: Mapping[str, Sequence[float] | NDArray[Any]]) -> NDArray[np.float32]:
    """The six numbers (neck, then head; radians) that the networks take.

    Raises:
        UsageError: the pose turns another joint, which the networks cannot follow (a rig can).
    """
    others = [name for name, value in pose.items() if name not in {"neck", "head"} and np.any(np.asarray(value))]
    if others:
        raise UsageError(f"pose: the generator turns neck and head only, got {', '.join(sorted(others))}")
    rest = np.zeros(3)
    return np.concatenate([np.asarray(pose.get(name, rest)) for name in ("neck", "head")]).astype(np.float32)


def _known_joint(name: str) -> str:
    if name not in SMPL_JOINT_NAMES:
        raise UsageError(f'pose: no joint is called "{name}"; known joints: {", ".join(SMPL_JOINT_NAMES)}')
    return name


def _three(values: Sequence[float], name: str) -> NDArray[np.float64]:
    if len(values) != 3 or not all(math.isfinite(value) for value in values):
        raise UsageError(f"pose: {name} needs three finite numbers, got {list(values)}")
    return np.array(values, dtype=np.float64)


def _own_pose(content: object) -> Pose | None:
    """The pose of a dictionary from joint names to three numbers, or of six numbers; None for anything else."""
    if isinstance(content, np.ndarray) and cast(NDArray[Any], content).size == 6:
        return pose_of_numbers(cast(NDArray[Any], content))
    if not isinstance(content, dict):
        return None
    table = cast(dict[str, Any], content)
    for name in ("pose", "poses", "body_pose"):
        values = table.get(name)
        if isinstance(values, np.ndarray) and cast(NDArray[Any], values).size == 6:
            refuse_head(table, 6)
            return pose_of_numbers(cast(NDArray[Any], values))
    if not table:
        raise UsageError("the file holds no arrays")
    if not all(name in SMPL_JOINT_NAMES or name == "unit" or _like_a_joint(name, table[name]) for name in table):
        return None
    return _pose_of_table(table)


def _like_a_joint(name: str, value: object) -> bool:
    """Whether something under an unknown name is three numbers: a joint whose name is misspelt."""
    return shape_of(value) == (3,) and name not in OTHER_TRIPLES


OTHER_TRIPLES = ("trans", "transl", "translation", "root_orient", "global_orient", "cam", "Rh", "Th")


def _pose_of_table(content: Mapping[str, Any]) -> Pose:
    table = dict(content)
    unit = table.pop("unit", "radians")
    if unit not in ("radians", "degrees"):
        raise UsageError(f'expected "unit" to be "radians" or "degrees", got {unit!r}')
    pose: Pose = {}
    for name, values in table.items():
        if isinstance(values, list) and not all(_is_number(v) for v in cast(list[Any], values)):
            raise UsageError(f"{name} needs a list of three numbers, got {values!r}")
        array: NDArray[Any] = np.asarray(cast(Any, values))
        if array.dtype.kind not in "fiu":
            raise UsageError(f"{name} needs three numbers, got an array of type {array.dtype}")
        vector = _three([float(v) for v in array.ravel()[:4]], name)
        pose[_known_joint(name)] = np.radians(vector) if unit == "degrees" else vector
    return pose


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
