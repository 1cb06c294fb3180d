# SPDX-License-Identifier: Apache-2.0
"""Cameras and poses of reference pictures, from the two files that the published data and scripts use.

``dataset.json``: ``{"labels": [[file name, 31 numbers], ...]}``, a camera label of 25 numbers and six of a body pose.
``result.json``: ``{file name: {"camera_pose": 16 numbers}, ...}``, cam2world matrices of aligned pictures, whose focal
length is the training's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from portrait_core.cameras import Camera, intrinsics
from portrait_core.errors import UsageError

Pose = dict[str, tuple[float, float, float]]


@dataclass(frozen=True)
class Reference:
    """One picture's ``name`` (as in the file), its camera, and its body pose if the file has one."""

    name: str
    camera: Camera
    pose: Pose | None


def read_references(path: Path) -> list[Reference]:
    """The references of a ``dataset.json`` or ``result.json``, in the file's order.

    Raises:
        UsageError: the file cannot be read, or an entry is not of either form; the entry is named.
    """
    try:
        content: object = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}.") from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: expected JSON ({error}).") from None
    table = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
    labels = table.get("labels")
    if isinstance(labels, list):
        found = [_labelled(path, number, entry) for number, entry in enumerate(cast("list[Any]", labels))]
    else:
        found = [_posed(path, name, entry) for name, entry in table.items()]
    if not found:
        forms = '{"labels": [[name, 31 numbers], ...]} or {name: {"camera_pose": 16 numbers}, ...}'
        raise UsageError(f"{path}: expected {forms}.")
    return found


def pose_of_six(numbers: NDArray[Any]) -> Pose:
    """Six numbers, neck then head, as a pose by joint names, radians."""
    six = [float(number) for number in numbers]
    return {"neck": (six[0], six[1], six[2]), "head": (six[3], six[4], six[5])}


def _labelled(path: Path, number: int, entry: Any) -> Reference:
    if not isinstance(entry, list) or len(cast("list[Any]", entry)) != 2 or not isinstance(entry[0], str):
        raise UsageError(f"{path}: labels, entry {number}: expected [file name, 31 numbers].")
    numbers = _numbers(path, f"labels, entry {number} ({entry[0]})", entry[1], (25, 31))
    camera = _camera(path, str(entry[0]), numbers[:25])
    return Reference(str(entry[0]), camera, pose_of_six(numbers[25:]) if len(numbers) == 31 else None)


def _posed(path: Path, name: str, entry: Any) -> Reference:
    facts = cast("dict[str, Any]", entry) if isinstance(entry, dict) else {}
    if "camera_pose" not in facts:
        raise UsageError(f"{path}: entry {name!r} has no camera_pose (16 numbers, cam2world).")
    flat: Any = facts["camera_pose"]
    if isinstance(flat, list) and len(cast("list[Any]", flat)) == 4:
        rows = [cast("list[Any]", row) if isinstance(row, list) else [row] for row in cast("list[Any]", flat)]
        flat = [number for row in rows for number in row]
    numbers = _numbers(path, f"camera_pose of {name}", flat, (16,))
    label = np.concatenate([numbers, intrinsics().ravel()])
    return Reference(name, _camera(path, name, label), None)


def _numbers(path: Path, what: str, value: Any, lengths: tuple[int, ...]) -> NDArray[np.float64]:
    items = cast("list[Any]", value) if isinstance(value, list) else []
    good = len(items) in lengths and all(isinstance(n, int | float) and not isinstance(n, bool) for n in items)
    numbers = np.asarray(items if good else [], np.float64)
    if not good or not bool(np.isfinite(numbers).all()):
        wanted = " or ".join(str(length) for length in lengths)
        raise UsageError(f"{path}: {what}: expected {wanted} finite numbers, got {len(items)} entries.")
    return numbers


def _camera(path: Path, name: str, label: NDArray[Any]) -> Camera:
    try:
        return Camera.from_label(label)
    except ValueError as error:
        raise UsageError(f"{path}: {name}: {error}.") from None
