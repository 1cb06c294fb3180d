# SPDX-License-Identifier: Apache-2.0
"""The fields of one dictionary as bodies: rotations by joint name and a translation for each person in it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from portrait_core.body.recordings import names
from portrait_core.body.recordings.doubts import check_rotations
from portrait_core.body.recordings.hints import FileHints
from portrait_core.body.recordings.numbers import as_numbers, is_numeric, present
from portrait_core.body.recordings.programs import refuse_head
from portrait_core.body.recordings.recording import MAX_FRAMES
from portrait_core.body.recordings.rotations import Turns, root_turns, turns_of
from portrait_core.errors import UsageError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Body:
    """One person: ``rotations`` maps SMPL joints to axis-angle (T, 3), ``translation`` (T, 3) is in the file's unit,
    both NaN where a frame is missing.

    ``pose_field`` and ``moves_field`` are the fields that they came from, ``form`` what rotations were written as,
    ``camera`` whether the names say that the root is in a camera's frame, ``label`` who it is.
    """

    rotations: dict[str, Floats]
    translation: Floats | None
    pose_field: str
    moves_field: str = ""
    form: str = "axis-angle"
    camera: bool = False
    label: str = ""

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return len(next(iter(self.rotations.values())))


@dataclass(frozen=True)
class _Chosen:
    pose: str
    root: str | None
    moves: str | None
    space: names.Space
    over: bool = False
    """Whether ``root`` goes before the root in ``pose``: it alone is in the world's frame."""


def pose_field(fields: Mapping[Any, Any]) -> str | None:
    """The field with the rotations of a body, if ``fields`` have one."""
    chosen = _chosen(cast(Mapping[str, Any], fields))
    return None if chosen is None else chosen.pose


def read_fields(fields: Mapping[Any, Any]) -> tuple[str, ...]:
    """The fields that `bodies_of` reads: rotations, root, translation."""
    chosen = _chosen(cast(Mapping[str, Any], fields))
    return (
        () if chosen is None else tuple(each for each in (chosen.pose, chosen.root, chosen.moves) if each is not None)
    )


def bodies_of(fields: Mapping[str, Any], hints: FileHints) -> list[Body]:
    """The persons in ``fields``, one or more.

    Raises:
        UsageError: a field is missing or is not what it should be.
    """
    chosen = _chosen(fields)
    if chosen is None:
        raise UsageError(
            f"expected a field called {', '.join(names.FULL[:6])} or body_pose, got {names.listed(fields)}"
        )
    value = fields[chosen.pose]
    if isinstance(value, list) and len({each.shape for each in _arrays(value)}) > 1:
        # persons of different lengths, one after the other
        parts = [_item(fields, index, len(cast(list[Any], value))) for index in range(len(cast(list[Any], value)))]
        bodies = [body for part in parts for body in bodies_of(part, hints)]
        return [replace(body, label=str(index)) for index, body in enumerate(bodies)]
    if chosen.pose == "thetas" and "root_translation" in fields and not hints.one_of("rows", "columns"):
        hints = replace(hints, units=hints.units | {"rows"})  # MDM takes PyTorch3D's 6D form
    numbers = as_numbers(value, chosen.pose)
    refuse_head(fields, numbers.size)
    turns = turns_of(numbers, chosen.pose, hints)
    persons, frames, frames_first = _leading(turns, chosen.pose)
    if not 0 < frames <= MAX_FRAMES:
        raise UsageError(f"{chosen.pose} has {frames} frames, expected 1 to {MAX_FRAMES}")
    count = persons * frames

    def parted(rows: Floats) -> Floats:
        """(persons * frames, ...) as (persons, frames, ...)."""
        if frames_first:
            return np.swapaxes(rows.reshape(frames, persons, *rows.shape[1:]), 0, 1)
        return rows.reshape(persons, frames, *rows.shape[1:])

    values = parted(turns.values.reshape(count, *turns.values.shape[-2:]))
    root = None
    lacks_root = turns.names[0] != "pelvis" or not np.nan_to_num(values[:, :, 0]).any()
    if chosen.root is not None and (lacks_root or chosen.over):
        array = as_numbers(fields[chosen.root], chosen.root)
        root = parted(root_turns(array, count, chosen.root, hints))
    moves = None if chosen.moves is None else _moves(fields, chosen.moves, count)
    bodies: list[Body] = []
    for index in range(persons):
        if turns.form == "axis-angle":
            check_rotations(values[index], turns.names, chosen.pose, hints)
        rotations = {name: values[index, :, k] for k, name in enumerate(turns.names)}
        if root is not None:
            rotations["pelvis"] = root[index]
        body = Body(
            rotations,
            None if moves is None else parted(moves)[index],
            chosen.pose,
            chosen.moves or "",
            turns.form,
            chosen.space == "camera" or (chosen.space == "plain" and any(name in fields for name in names.CAMERA)),
            str(index) if persons > 1 else "",
        )
        bodies.append(body)
    return _by_person(fields, bodies[0]) if persons == 1 else bodies


def _chosen(fields: Mapping[str, Any]) -> _Chosen | None:
    """The fields to read: those in the world's frame before others, those in a camera's frame last."""
    spaces: tuple[names.Space, ...] = ("world", "plain", "camera")
    for space in spaces:
        groups = (("pose_body",), names.FULL, names.BODY)
        pose = next((each for group in groups if (each := _numeric(fields, group, space)) is not None), None)
        if pose is None:
            continue
        if space == "plain" and (root := names.found(fields, names.ROOT, "world")) is not None:
            moves = names.found(fields, names.MOVES, "world") or names.found(fields, names.MOVES, "plain")
            return _Chosen(pose, root, moves, "world", over=True)
        root = moves = None
        nearest: list[names.Space] = [space, *(each for each in spaces if each != space)]
        for near in nearest:
            root = root or names.found(fields, names.ROOT, near)
            moves = moves or names.found(fields, names.MOVES, near)
        return _Chosen(pose, root, moves, space)
    return None


def _numeric(fields: Mapping[str, Any], group: tuple[str, ...], space: names.Space) -> str | None:
    """The first field of ``group`` that is there, those with numbers first."""
    there = list(names.every(fields, group, space))
    return next((each for each in there if is_numeric(fields[each])), next(iter(there), None))


def _leading(turns: Turns, name: str) -> tuple[int, int, bool]:
    """Persons and frames of (..., J, 3), and whether frames stand first: axes of length 1 are dropped, and there are
    fewer persons than frames."""
    lead = [size for size in turns.values.shape[:-2] if size != 1]
    if len(lead) > 2:
        raise UsageError(
            f"{name} has shape {turns.values.shape}, expected persons and frames at most before the joints"
        )
    if len(lead) == 2:
        return min(lead), max(lead), lead[0] > lead[1]
    return 1, math.prod(lead), False


def _moves(fields: Mapping[str, Any], name: str, count: int) -> Floats | None:
    array = as_numbers(fields[name], name)
    if array.shape == (3, count) and count != 3:
        array = array.T  # frames last
    if array.size == 3 and count > 1:
        return None  # one place for the whole file moves nothing
    if array.size != 3 * count or (array.shape[-1] != 3 and count > 1):
        if array.ndim == 2 and array.shape[1] == 3:
            raise UsageError(f"{name} has {len(array)} frames, the rotations {count}; expected as many")
        raise UsageError(f"{name} has shape {array.shape}, expected ({count}, 3)")
    moves = array.reshape(count, 3).astype(np.float64)
    if "smpl_scaling" in fields:
        # AIST++ writes the translation in the unit of its cameras, and the factor beside it
        scaling = as_numbers(fields["smpl_scaling"], "smpl_scaling").ravel()
        if scaling.size and np.isfinite(scaling[0]) and scaling[0] > 0:
            moves = moves / float(scaling[0])
    return present(moves)


def _arrays(value: Any) -> list[Any]:
    """The items of a list of arrays with frames of their own; nothing for another list."""
    items = cast(list[Any], value)
    wanted = all(isinstance(each, np.ndarray) and cast(NDArray[Any], each).ndim >= 2 for each in items[:1000])
    return items if wanted else []


def _item(fields: Mapping[str, Any], index: int, count: int) -> dict[str, Any]:
    """The fields of one person, where lists have an item a person."""
    return {
        name: cast(list[Any], value)[index] if isinstance(value, list) and len(cast(Any, value)) == count else value
        for name, value in fields.items()
    }


def _by_person(fields: Mapping[str, Any], body: Body) -> list[Body]:
    """The rows of each person where a field names the person of every row, with a NaN for every frame left out."""
    name = next((each for each in names.PERSONS if len(_plain(fields.get(each))) == body.frames > 1), None)
    if name is None:
        return [_with_missing_frames(fields, body, None)]
    ids = [str(each) for each in _plain(fields[name])]
    found = list(dict.fromkeys(ids))
    if len(found) in (1, body.frames):
        return [_with_missing_frames(fields, body, None)]
    parts: list[Body] = []
    for each in found:
        rows = np.flatnonzero([one == each for one in ids])
        parts.append(replace(_with_missing_frames(fields, _rows(body, rows), rows), label=each))
    return parts


def _with_missing_frames(fields: Mapping[str, Any], body: Body, rows: NDArray[Any] | None) -> Body:
    """``body`` with NaN for the frames between the numbers of those that there are."""
    name = next((each for each in names.FRAMES if each in fields), None)
    if name is None or not is_numeric(fields[name]) or body.frames < 2:
        return body
    try:
        ids = np.asarray(fields[name]).ravel()
    except ValueError:
        return body
    ids = ids if rows is None or len(ids) <= int(rows[-1]) else ids[rows]
    if len(ids) != body.frames or not bool(np.all(np.abs(ids) < 2**53)):
        return body
    return spread(body, np.asarray(ids, np.int64))


def spread(body: Body, numbers: NDArray[np.int64]) -> Body:
    """``body``, whose frames have these ``numbers``, with NaN where numbers are left out; numbers that fall, or that
    leave out more than there are, mean nothing."""
    steps = np.diff(numbers)
    if not len(steps) or steps.min() < 1 or steps.min() == steps.max():
        return body
    places = (numbers - numbers[0]) // steps.min()
    if places[-1] > 20 * len(numbers) + 100:
        return body

    def wide(values: Floats) -> Floats:
        result = np.full((int(places[-1]) + 1, 3), np.nan)
        result[places] = values
        return result

    moves = None if body.translation is None else wide(body.translation)
    return replace(body, rotations={name: wide(each) for name, each in body.rotations.items()}, translation=moves)


def _rows(body: Body, rows: NDArray[Any]) -> Body:
    moves = None if body.translation is None else body.translation[rows]
    return replace(body, rotations={name: each[rows] for name, each in body.rotations.items()}, translation=moves)


def _plain(value: Any) -> list[Any]:
    """A list or an array of ids; an empty one for what is neither."""
    if isinstance(value, np.ndarray):
        array = cast(NDArray[Any], value)
        return array.ravel().tolist() if array.dtype.kind in "iuUS" else []
    listed = cast(list[Any], value) if isinstance(value, list) else []
    return listed if all(isinstance(each, str | int) for each in listed) else []
