# SPDX-License-Identifier: Apache-2.0
"""Arrays of rotations in any of the usual forms as axis-angle vectors, told apart by shape and by the numbers.

Axis-angle vectors, 3x3 matrices, quaternions (either order) and the 6D form (Zhou et al. 2019, "On the Continuity of
Rotation Representations in Neural Networks") of 21 to 24, 51, 52, 54 or 55 joints.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from portrait_core.body.recordings.hints import FileHints
from portrait_core.body.recordings.numbers import present
from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.errors import UsageError, remedy

Floats = NDArray[np.float64]
Form = Literal["axis-angle", "matrices", "quaternions", "6D"]

JOINTS = (21, 22, 23, 24, 51, 52, 54, 55)
"""Joints of a body: without root 21 (SMPL-X, SMPL-H), 23 (SMPL), 51 (SMPL-H with hands), 54 (SMPL-X); the others have
it. After the 22nd joint SMPL-H and SMPL-X have fingers, jaw and eyes, which a bust does not."""
_ROOTLESS = (21, 23, 51, 54)
WIDTHS = {3: "axis-angle", 4: "quaternions", 6: "6D", 9: "matrices"}
_UNIT = 0.02
"""How far from 1 lengths, and from 0 products, of numbers of half precision may be."""


@dataclass(frozen=True)
class Turns:
    """``values`` (..., J, 3) axis-angle, radians, NaN where a frame is missing; ``form`` is what the file held."""

    values: Floats
    form: Form

    @property
    def names(self) -> tuple[str, ...]:
        """The joints' names, the SMPL ones among them."""
        joints = self.values.shape[-2]
        if joints in _ROOTLESS:
            return SMPL_JOINT_NAMES[1:24] if joints == 23 else SMPL_JOINT_NAMES[1:22]
        return SMPL_JOINT_NAMES if joints == 24 else SMPL_JOINT_NAMES[:22]


def turns_of(array: NDArray[Any], name: str, hints: FileHints) -> Turns:
    """The rotations of a body in ``array``, field ``name``.

    Raises:
        UsageError: its shape or its numbers are not those of rotations, or could be read in two ways.
    """
    for shaped in _shapes(array):
        made = _converted(shaped, name, hints)
        if made is not None:
            return made
    raise UsageError(_refusal(array, name))


def root_turns(array: NDArray[Any], count: int, name: str, hints: FileHints) -> Floats:
    """The rotations of the root alone for ``count`` frames, (count, 3) axis-angle.

    Raises:
        UsageError: as `turns_of`, or another count of frames.
    """
    size = array.size // count if array.size % count == 0 else 0
    if size not in WIDTHS:
        frames = array.shape[0] if array.ndim else 0
        if array.ndim == 2 and array.shape[1] == 3:
            raise UsageError(f"{name} has {frames} frames, the rotations {count}; expected as many")
        raise UsageError(f"{name} has shape {array.shape}, expected ({count}, 3) or another form of rotations")
    if array.ndim == 2 and array.shape == (3, count) and count not in (1, 3):
        array = array.T
    parts = array.reshape(count, 1, 3, 3) if size == 9 else array.reshape(count, 1, size)
    made = _converted(parts, name, hints)
    if made is None:
        raise UsageError(f"{name}: its {size} numbers a frame are no {WIDTHS[size]}")
    return made.values[:, 0]


def _shapes(array: NDArray[Any]) -> list[NDArray[Any]]:
    """The ways to see ``array`` as (..., J, 3, 3) or (..., J, n), the likeliest first."""
    shape = array.shape
    ways: list[NDArray[Any]] = []
    if len(shape) >= 3 and shape[-2:] == (3, 3) and shape[-3] in JOINTS:
        ways.append(array)
    if len(shape) >= 3 and shape[-2:] in ((3, 2), (2, 3)) and shape[-3] in JOINTS:
        ways.append(array.reshape(*shape[:-2], 6))
    if len(shape) >= 2 and shape[-1] in WIDTHS and shape[-2] in JOINTS:
        ways.append(array)
    if shape:
        for width in (3, 9, 6, 4):
            joints, rest = divmod(shape[-1], width)
            if rest == 0 and joints in JOINTS:
                more = (joints, 3, 3) if width == 9 else (joints, width)
                ways.append(array.reshape(*shape[:-1], *more))
    if len(shape) == 3 and shape[0] in JOINTS and shape[1] in WIDTHS:
        ways.append(np.moveaxis(array, 2, 0))  # frames last, as diffusion models write
    return ways


def _converted(array: NDArray[Any], name: str, hints: FileHints) -> Turns | None:
    """Axis-angle of an array of one shape; None where its numbers are not of that form."""
    values = present(array.astype(np.float64))
    matrices = values.ndim >= 3 and values.shape[-2:] == (3, 3) and (values.ndim > 3 or values.shape[-3] in JOINTS)
    if matrices:
        flat = values.reshape(*values.shape[:-2], 9)
        return _of_rows(flat, "matrices", _of_matrices)
    width = values.shape[-1]
    if width == 3:
        if hints.one_of("degrees"):
            values = np.radians(values)
        return Turns(values, "axis-angle")
    if width == 9:
        return _of_rows(values, "matrices", _of_matrices)
    if width == 4:
        return _of_rows(values, "quaternions", partial(_of_quaternions, name=name, hints=hints))
    return _of_rows(values, "6D", partial(_of_six, joints=values.shape[-2], name=name, hints=hints))


def _of_rows(values: Floats, form: Form, convert: Callable[[Floats], Floats | None]) -> Turns | None:
    """Convert the rows (..., n) that are there: those of missing frames are NaN, or all zero, which no rotation is."""
    frames = values.reshape(-1, values.shape[-2] * values.shape[-1])
    present = np.isfinite(frames).all(axis=1) & frames.any(axis=1)
    result = np.full((len(frames), values.shape[-2], 3), np.nan)
    if present.any():
        found = convert(frames[present].reshape(-1, values.shape[-1]))
        if found is None:
            return None
        result[present] = found.reshape(int(present.sum()), values.shape[-2], 3)
    return Turns(result.reshape(*values.shape[:-1], 3), form)


def _of_matrices(flat: Floats) -> Floats | None:
    rows = flat.reshape(-1, 3, 3)
    products = np.einsum("nij,nkj->nik", rows, rows)
    if np.abs(products - np.eye(3)).max() > _UNIT or np.linalg.det(rows).min() < 0:
        return None
    return np.asarray(Rotation.from_matrix(rows).as_rotvec(), np.float64)


def _of_quaternions(rows: Floats, name: str, hints: FileHints) -> Floats | None:
    if np.abs(np.linalg.norm(rows, axis=1) - 1).max() > _UNIT:
        return None
    if "global" in name:
        raise UsageError(f"{name} holds quaternions in the world's frame; expected rotations relative to the parent")
    order = hints.one_of("wxyz", "xyzw")
    if order is None:
        # joints turn by less than a right angle most of the time, so that w is the large one
        first, last = np.abs(rows[:, 0]).mean(), np.abs(rows[:, 3]).mean()
        if abs(first - last) < 0.1:
            raise UsageError(
                f"{name} holds quaternions, and whether w stands first or last does not show in them.",
                remedy=remedy("give_units", units="wxyz"),
            )
        order = "wxyz" if first > last else "xyzw"
    turned = rows[:, [1, 2, 3, 0]] if order == "wxyz" else rows
    return np.asarray(Rotation.from_quat(turned).as_rotvec(), np.float64)


def _of_six(rows: Floats, joints: int, name: str, hints: FileHints) -> Floats | None:
    """Two axes of each rotation's matrix: interleaved columns (SPIN, HMR), or rows or columns one after the other."""
    if _are_axes(rows[:, 0::2], rows[:, 1::2]):
        return _of_axes(rows[:, 0::2], rows[:, 1::2])
    if not _are_axes(rows[:, :3], rows[:, 3:]):
        return None
    columns = _of_axes(rows[:, :3], rows[:, 3:])
    order = hints.one_of("rows", "columns") or _bending(columns.reshape(-1, joints, 3))
    if order is None:
        raise UsageError(
            f"{name} holds 6D rotations, and whether they are rows or columns of the matrices does not show in them.",
            remedy=remedy("give_units", units="rows"),
        )
    return columns if order == "columns" else -columns


def _are_axes(first: Floats, second: Floats) -> bool:
    lengths = np.concatenate([np.linalg.norm(first, axis=1), np.linalg.norm(second, axis=1)])
    dots = np.einsum("ni,ni->n", first, second)
    return bool(np.abs(lengths - 1).max() < _UNIT and np.abs(dots).max() < _UNIT)


def _of_axes(first: Floats, second: Floats) -> Floats:
    """The rotations whose matrices have these first two columns."""
    x = first / np.linalg.norm(first, axis=1, keepdims=True)
    z = np.cross(x, second)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    matrices = np.stack([x, np.cross(z, x), z], axis=2)
    return np.asarray(Rotation.from_matrix(matrices).as_rotvec(), np.float64)


def _bending(columns: Floats) -> str | None:
    """Knees and elbows bend one way only: ``columns`` (T, J, 3) is right, or its inverse, which rows make of it."""
    if columns.shape[1] in _ROOTLESS:
        columns = np.concatenate([np.zeros_like(columns[:, :1]), columns], axis=1)
    elif columns.shape[1] == 1:
        return None
    bent = float((columns[:, 4, 0] + columns[:, 5, 0] + columns[:, 19, 1] - columns[:, 18, 1]).mean())
    return None if abs(bent) < 0.3 else "columns" if bent > 0 else "rows"


def _refusal(array: NDArray[Any], name: str) -> str:
    shape = array.shape
    if len(shape) >= 3 and shape[-1] == 3 and shape[-2] not in JOINTS:
        return (
            f"{name} has shape {shape}: {shape[-2]} joints of three numbers, which are joint positions or the joints "
            "of another skeleton; expected rotations of 21 to 24, 52 or 55 joints"
        )
    if len(shape) >= 2 and shape[-1] in FEATURES:
        return (
            f"{name} has shape {shape}: {FEATURES[shape[-1]]}, no rotations of SMPL's joints; convert it to SMPL first"
        )
    said = _SAID.get(shape[-1] if shape else 0, "")
    return (
        f"{name} has shape {shape}, expected (frames, 66 or 69 or 72 or 156 or 165), or matrices, quaternions or 6D "
        f"rotations of 21 to 24, 52 or 55 joints{said}"
    )


FEATURES = {
    263: "features of HumanML3D",
    251: "features of KIT-ML",
    272: "features of HumanML3D-272",
    151: "features of EDGE",
    623: "features of Motion-X",
    133: "a column for each point of a whole-body detector",
    17: "points of a detector",
}
"""Columns of files that hold something else."""
_SAID = {
    2: ". Two numbers a point are places in a picture",
    32: ". 32 numbers are a latent of VPoser, not joints",
}
