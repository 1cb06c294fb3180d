# SPDX-License-Identifier: Apache-2.0
"""Motion files as rotations of SMPL joints over time: AMASS and SMPL ``.npz``, SMPL ``.pkl``, ``.npy``, ``.json``.

Nothing in a file is executed: archives are read without pickles, and pickles by `portrait_core.safe_pickle.arrays`.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.errors import UsageError
from portrait_core.safe_pickle.arrays import read_pickled_arrays

Floats = NDArray[np.float64]
UpAxis = Literal["y", "z"]

RECORDING_FILES = (".npz", ".pkl", ".npy", ".json")
ROTATIONS = ("poses", "pose", "smpl_poses", "fullpose", "body_pose")
TRANSLATIONS = ("trans", "transl", "smpl_trans", "translation")
RATES = ("mocap_framerate", "mocap_frame_rate", "framerate", "frame_rate", "fps")
WIDTHS = {66: 22, 69: 23, 72: 24, 156: 22, 165: 22}
"""Numbers a frame -> SMPL joints at their beginning: a body without hands, without root, SMPL, SMPL-H, SMPL-X.
After the 22nd joint SMPL-H and SMPL-X have fingers, jaw and eyes, which a bust does not."""

MAX_FRAMES = 1_000_000


@dataclass(frozen=True)
class Recording:
    """``rotations`` maps SMPL joint names to axis-angle vectors (T, 3), radians, relative to the parent.

    ``translation`` (T, 3) metres moves the root, or None. ``frame_rate`` is in frames a second, or None where the file
    does not say. All in the file's own world; `y_up` turns it into ours.
    """

    rotations: Mapping[str, Floats]
    translation: Floats | None = None
    frame_rate: float | None = None
    amass: bool = False

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return len(next(iter(self.rotations.values())))

    def y_up(self, up_axis: UpAxis) -> Recording:
        """The same in a world with +y up; for a world with +z up root and translation are turned about x."""
        if up_axis == "y":
            return self
        turn = Rotation.from_euler("x", -90, degrees=True)
        rotations = dict(self.rotations)
        if "pelvis" in rotations:
            root = turn * Rotation.from_rotvec(rotations["pelvis"])
            rotations["pelvis"] = np.asarray(root.as_rotvec(), np.float64)
        moved = None if self.translation is None else np.asarray(turn.apply(self.translation), np.float64)
        return Recording(rotations, moved, self.frame_rate, self.amass)


def load_recording(path: Path) -> Recording:
    """Read a motion file.

    ``.npz`` (AMASS or SMPL) and ``.pkl`` (SMPL): rotations under one of `ROTATIONS`, (T, 66 to 165) numbers, or
    ``root_orient`` (T, 3) and ``pose_body`` (T, 63); optionally one of `TRANSLATIONS` (T, 3) and of `RATES`.
    ``.npy``: the rotations alone. ``.json``: ``{"frame_rate": 30, "unit": "radians", "joints": {"head": [[x, y, z],
    ...]}, "translation": [...]}``, all but ``joints`` optional.

    Raises:
        UsageError: missing file, another kind of file, or contents that are no motion; the field is named.
    """
    suffix = path.suffix.lower()
    if suffix not in RECORDING_FILES:
        raise UsageError(f"motion file: got {path.name}, expected a name ending in {', '.join(RECORDING_FILES)}")
    try:
        if suffix == ".json":
            return _of_json(json.loads(path.read_text(encoding="utf-8")))
        return recording_of_arrays(read_arrays(path))
    except UsageError as error:
        raise UsageError(f"motion file {path}: {error}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"motion file {path}: cannot be read as {suffix} ({error})") from error


def read_arrays(path: Path) -> dict[str, Any]:
    """The fields of a ``.npz`` or ``.pkl`` file, or ``{"poses": array}`` of a ``.npy`` one.

    Raises:
        UsageError: missing or broken file, or a field of it that holds objects.
    """
    try:
        if path.suffix.lower() == ".pkl":
            return read_pickled_arrays(path.read_bytes())
        if path.suffix.lower() == ".npy":
            return {"poses": cast(NDArray[Any], np.load(path, allow_pickle=False))}
        with np.load(path, allow_pickle=False) as archive:
            return {name: _field(archive, name) for name in archive.files}
    except FileNotFoundError:
        raise UsageError("the file does not exist") from None
    except (OSError, ValueError, EOFError, KeyError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise UsageError(f"it is damaged or no {path.suffix} file ({error})") from error


def _field(archive: Any, name: str) -> Any:
    try:
        return archive[name]
    except ValueError as error:
        # Python objects in a field nobody asks for are no reason to refuse the file: they are never unpickled.
        return error


def recording_of_arrays(fields: Mapping[str, Any]) -> Recording:
    """The motion in the ``fields`` of a file, see `load_recording`.

    Raises:
        UsageError: a field is missing or is not what it should be.
    """
    amass = "trans" in fields and any(name in fields for name in RATES)
    if "pose_body" in fields:
        body = numbers(fields, "pose_body", 63)
        root = numbers(fields, "root_orient", 3) if "root_orient" in fields else np.zeros((len(body), 3))
        if len(root) != len(body):
            raise UsageError(f"root_orient has {len(root)} frames, pose_body {len(body)}; expected as many")
        rows = np.concatenate([root, body], axis=1)
    else:
        name = _first(fields, ROTATIONS)
        if name is None:
            raise UsageError(f"expected a field called {', '.join(ROTATIONS)} or pose_body, got {_listed(fields)}")
        rows = numbers(fields, name, None)
    joints = WIDTHS[rows.shape[1]]
    names = SMPL_JOINT_NAMES[1:] if rows.shape[1] == 69 else SMPL_JOINT_NAMES[:joints]
    rotations = {name: rows[:, 3 * k : 3 * k + 3] for k, name in enumerate(names)}
    if "global_orient" in fields and "pelvis" not in rotations:
        rotations["pelvis"] = numbers(fields, "global_orient", 3)
    where = _first(fields, TRANSLATIONS)
    translation = None if where is None else numbers(fields, where, 3)
    for name, values in (("global_orient", rotations.get("pelvis")), (where, translation)):
        if values is not None and len(values) != len(rows):
            raise UsageError(f"{name} has {len(values)} frames, the rotations {len(rows)}; expected as many")
    return Recording(rotations, translation, _rate(fields), amass)


def numbers(fields: Mapping[str, Any], name: str, width: int | None) -> Floats:
    """Field ``name`` as (T, ``width``) finite numbers; for None one of `WIDTHS`.

    Raises:
        UsageError: it is something else.
    """
    value = fields[name]
    if isinstance(value, ValueError):
        raise UsageError(f"{name} holds Python objects, expected numbers")
    try:
        array: NDArray[Any] = np.asarray(value)
    except ValueError:
        raise UsageError(f"{name} holds rows of different lengths, expected frames of equal length") from None
    if array.dtype.kind not in "fiu":
        raise UsageError(f"{name} is an array of type {array.dtype}, expected numbers")
    if array.ndim == 3 and array.shape[2] == 3:
        array = array.reshape(len(array), -1)
    if width is None and array.ndim == 2 and array.shape[1] == 3 and array.size in WIDTHS:
        array = array.reshape(1, -1)  # one frame, a joint a row
    if array.ndim == 1:
        array = array[None]
    widths = WIDTHS if width is None else {width: 1}
    if array.ndim != 2 or array.shape[1] not in widths:
        expected = " or ".join(str(w) for w in widths)
        raise UsageError(f"{name} has shape {np.shape(value)}, expected (frames, {expected})")
    if not 0 < len(array) <= MAX_FRAMES:
        raise UsageError(f"{name} has {len(array)} frames, expected 1 to {MAX_FRAMES}")
    bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if len(bad):
        raise UsageError(f"{name} holds NaN or infinity in frame {bad[0]}, expected finite numbers")
    return array.astype(np.float64)


def _rate(fields: Mapping[str, Any]) -> float | None:
    name = _first(fields, RATES)
    if name is None:
        return None
    value = fields[name]
    try:
        rate = float(np.asarray(value).reshape(()))
    except (ValueError, TypeError):
        rate = math.nan
    if not (math.isfinite(rate) and rate > 0):
        raise UsageError(f"{name} is {value!r}, expected frames a second above 0")
    return rate


def _of_json(content: object) -> Recording:
    if not isinstance(content, dict):
        raise UsageError('expected a JSON dictionary with "joints"')
    table = cast(dict[str, Any], content)
    joints: object = table.get("joints")
    if not isinstance(joints, dict) or not joints:
        raise UsageError(f'expected "joints" to map joint names to lists of [x, y, z], got {_listed(table)}')
    unit = table.get("unit", "radians")
    if unit not in ("radians", "degrees"):
        raise UsageError(f'expected "unit" to be "radians" or "degrees", got {unit!r}')
    rotations: dict[str, Floats] = {}
    for name in cast(dict[str, Any], joints):
        if name not in SMPL_JOINT_NAMES:
            raise UsageError(f'no joint is called "{name}"; known joints: {", ".join(SMPL_JOINT_NAMES)}')
        rows = numbers(cast(dict[str, Any], joints), name, 3)
        rotations[name] = np.radians(rows) if unit == "degrees" else rows
    count = len(next(iter(rotations.values())))
    translation = numbers(table, "translation", 3) if "translation" in table else None
    for name, rows in (*rotations.items(), ("translation", translation)):
        if rows is not None and len(rows) != count:
            raise UsageError(f"{name} has {len(rows)} frames, the first joint {count}; expected as many")
    return Recording(rotations, translation, _rate(table))


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in fields), None)


def _listed(fields: Mapping[str, Any]) -> str:
    return ", ".join(sorted(str(name) for name in fields)[:12]) or "no fields"
