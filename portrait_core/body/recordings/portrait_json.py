# SPDX-License-Identifier: Apache-2.0
"""Our own motion files: ``{"frame_rate": 30, "unit": "radians", "joints": {"head": [[x, y, z], ...]}}`` in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from portrait_core.body.recordings import names
from portrait_core.body.recordings.numbers import as_numbers, rate_of
from portrait_core.body.recordings.recording import MAX_FRAMES, Recording
from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.errors import UsageError

Floats = NDArray[np.float64]


_KNOWN = frozenset((*SMPL_JOINT_NAMES, *names.RATES, "unit", "translation"))
"""What may stand beside joints that are fields of their own."""


def is_joints_table(content: Mapping[Any, Any]) -> bool:
    """Whether a dictionary is a motion of ours, or one that the worker wrote for a client."""
    named = any(name in SMPL_JOINT_NAMES for name in content) and all(name in _KNOWN for name in content)
    return isinstance(content.get("joints"), dict) or content.keys() >= {"times", "joints", "rotations"} or named


def recording_of_joints(table: Mapping[str, Any]) -> Recording:
    """The recording; ``translation``, ``frame_rate`` and ``unit`` are optional.

    Raises:
        UsageError: a field is not what it should be.
    """
    if "times" in table:
        table = _of_keys(table)
    elif "joints" not in table:
        rest = {name: value for name, value in table.items() if name not in SMPL_JOINT_NAMES}
        table = {**rest, "joints": {name: value for name, value in table.items() if name in SMPL_JOINT_NAMES}}
    joints = cast(dict[str, Any], table["joints"])
    if not joints:
        raise UsageError(f'expected "joints" to map joint names to lists of [x, y, z], got {names.listed(table)}')
    unit = table.get("unit", "radians")
    if unit not in ("radians", "degrees"):
        raise UsageError(f'expected "unit" to be "radians" or "degrees", got {unit!r}')
    rotations: dict[str, Floats] = {}
    for name in joints:
        if name not in SMPL_JOINT_NAMES:
            raise UsageError(f'no joint is called "{name}"; known joints: {", ".join(SMPL_JOINT_NAMES)}')
        rows = _rows(joints, name)
        rotations[name] = np.radians(rows) if unit == "degrees" else rows
    count = len(next(iter(rotations.values())))
    translation = _rows(table, "translation") if "translation" in table else None
    for name, rows in (*rotations.items(), ("translation", translation)):
        if rows is not None and len(rows) != count:
            raise UsageError(f"{name} has {len(rows)} frames, the first joint {count}; expected as many")
    return Recording(rotations, translation, rate_of(table, names.RATES))


def _of_keys(table: Mapping[str, Any]) -> dict[str, Any]:
    """What the worker wrote: ``times`` (T), ``joints`` (J names), ``rotations`` (T, J, 4) quaternions x, y, z, w."""
    times, turns = as_numbers(table["times"], "times"), as_numbers(table["rotations"], "rotations")
    joints = np.asarray(table["joints"]).ravel().tolist()
    if turns.shape != (times.size, len(joints), 4) or not times.size:
        raise UsageError(f"rotations has shape {turns.shape}, expected ({times.size}, {len(joints)}, 4)")
    vectors = Rotation.from_quat(turns.reshape(-1, 4)).as_rotvec().reshape(*turns.shape[:2], 3)
    made: dict[str, Any] = {"joints": {str(name): vectors[:, k] for k, name in enumerate(joints)}}
    if times.size > 1:
        made["frame_rate"] = (times.size - 1) / float(times.ravel()[-1] - times.ravel()[0])
    return made | ({"translation": table["translation"]} if "translation" in table else {})


def _rows(table: Mapping[str, Any], name: str) -> Floats:
    array = as_numbers(table[name], name)
    if array.ndim == 1:
        array = array[None]
    if array.ndim != 2 or array.shape[1] != 3:
        raise UsageError(f"{name} has shape {array.shape}, expected (frames, 3)")
    if not 0 < len(array) <= MAX_FRAMES:
        raise UsageError(f"{name} has {len(array)} frames, expected 1 to {MAX_FRAMES}")
    bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if len(bad):
        raise UsageError(f"{name} holds NaN or infinity in frame {bad[0]}, expected finite numbers")
    return array.astype(np.float64)
