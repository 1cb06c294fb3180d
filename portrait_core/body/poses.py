# SPDX-License-Identifier: Apache-2.0
"""Poses as people write them and as files hold them: joint names to axis-angle vectors in radians.

Inside Portraitkit a pose is a dictionary from SMPL joint name to an axis-angle vector (3,) in radians; joints that it
does not name are at rest. The networks know only neck and head, as six numbers (`body_pose`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from portrait_core.body.recordings import ROTATIONS, UpAxis, read_arrays, recording_of_arrays
from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.errors import UsageError

Pose = dict[str, NDArray[np.float64]]
"""SMPL joint name to axis-angle, radians."""

_POSE_FILES = (".json", ".npz", ".npy", ".pkl")


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


def load_pose(path: Path, *, frame: int = 0, up_axis: UpAxis | None = None) -> Pose:
    """Read a pose file; nothing in it is executed. Of a motion, ``frame`` is taken.

    ``.json``: a dictionary from joint name to three numbers, in radians, or in degrees with ``"unit": "degrees"``.
    ``.npy``: 6 numbers (neck, head), 69 or (23, 3) (SMPL body pose), 72 or (24, 3) (all joints), radians.
    ``.npz``, ``.pkl``: arrays named after joints, one of the above under ``pose``, ``poses`` or ``body_pose``, or the
    fields of SMPL and AMASS (`portrait_core.body.recordings.load_recording`).
    ``up_axis`` is the vertical axis of the file's world; None takes z for AMASS and y for others.

    Raises:
        UsageError: missing file, another kind of file, or contents that are no pose.
    """
    suffix = path.suffix.lower()
    if suffix not in _POSE_FILES:
        raise UsageError(f"pose file: got {path.name}, expected a name ending in {', '.join(_POSE_FILES)}")
    if not path.is_file():
        raise UsageError(f"pose file: {path} does not exist")
    try:
        if suffix == ".json":
            return _pose_of_json(json.loads(path.read_text(encoding="utf-8")))
        return _pose_of_fields(read_arrays(path), frame, up_axis)
    except UsageError as error:
        raise UsageError(f"pose file {path}: {error}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"pose file {path}: cannot be read as {suffix} ({error})") from error


def read_pose(text_or_path: str) -> Pose:
    """`load_pose` for something that ends like a pose file, `parse_pose` for everything else."""
    if text_or_path.lower().endswith(_POSE_FILES):
        return load_pose(Path(text_or_path))
    return parse_pose(text_or_path)


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


def _pose_of_json(content: object) -> Pose:
    if not isinstance(content, dict):
        raise UsageError("expected a JSON dictionary from joint name to three numbers")
    table = dict(cast(dict[str, Any], content))
    unit = table.pop("unit", "radians")
    if unit not in ("radians", "degrees"):
        raise UsageError(f'expected "unit" to be "radians" or "degrees", got {unit!r}')
    pose: Pose = {}
    for name, values in table.items():
        if not isinstance(values, list) or not all(_is_number(v) for v in cast(list[Any], values)):
            raise UsageError(f"{name} needs a list of three numbers, got {values!r}")
        vector = _three([float(v) for v in cast(list[Any], values)], name)
        pose[_known_joint(name)] = np.radians(vector) if unit == "degrees" else vector
    return pose


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _pose_of_fields(fields: Mapping[str, Any], frame: int, up_axis: UpAxis | None) -> Pose:
    for name in ("pose", "poses", "body_pose"):
        values = fields.get(name)
        if isinstance(values, np.ndarray) and cast(NDArray[Any], values).size == 6:
            return pose_of_numbers(cast(NDArray[Any], values))
    if "pose_body" in fields or any(name in fields for name in ROTATIONS):
        recording = recording_of_arrays(fields)
        if not -recording.frames <= frame < recording.frames:
            raise UsageError(f"frame {frame} does not exist; the file has {recording.frames}")
        recording = recording.y_up(up_axis or ("z" if recording.amass else "y"))
        return {name: rows[frame] for name, rows in recording.rotations.items() if rows[frame].any()}
    if not fields:
        raise UsageError("the file holds no arrays")
    pose: Pose = {}
    for name, values in fields.items():
        array = np.asarray(values)
        if array.dtype.kind not in "fiu":
            raise UsageError(f"expected numbers for {name}, got an array of type {array.dtype}")
        pose[_known_joint(name)] = _three([float(v) for v in array.ravel()], name)
    return pose
