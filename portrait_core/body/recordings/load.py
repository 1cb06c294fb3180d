# SPDX-License-Identifier: Apache-2.0
"""From a file that any program wrote to a `Recording`: contents, persons, gaps, the file's world.

What the file is was decided from its contents is said in `Recording.facts`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from portrait_core.body.recordings import names
from portrait_core.body.recordings.bvh_body import recording_of_bvh
from portrait_core.body.recordings.contents import RECORDING_FILES, Bvh, read_contents
from portrait_core.body.recordings.fields import Body, pose_field
from portrait_core.body.recordings.gaps import bridged
from portrait_core.body.recordings.hints import FileHints
from portrait_core.body.recordings.numbers import is_numeric, rate_of
from portrait_core.body.recordings.people import chosen_person, people_of
from portrait_core.body.recordings.portrait_json import is_joints_table, recording_of_joints
from portrait_core.body.recordings.programs import program_of, refuse_without_rotations
from portrait_core.body.recordings.recording import Recording
from portrait_core.body.recordings.world import judged
from portrait_core.errors import PortraitError, UsageError

Floats = NDArray[np.float64]

NO_HINTS = FileHints()
_USUAL_RATE = 30.0
"""Frames a second for judging speeds and gaps where nobody says a rate."""


def load_recording(path: Path, hints: FileHints = NO_HINTS) -> Recording:
    """Read a motion file, whatever program wrote it: see docs/motions.md for the programs and layouts.

    Raises:
        UsageError: missing file, another kind of file, or contents that are no motion; the field is named.
    """
    suffix = path.suffix.lower()
    if suffix not in RECORDING_FILES and not os.path.isdir(path):
        raise UsageError(f"motion file: got {path.name}, expected a name ending in {', '.join(RECORDING_FILES)}")
    with told_of(f"motion file {path}"):
        return recording_of(read_contents(path), hints)


@contextmanager
def told_of(what: str) -> Generator[None, None, None]:
    """Puts ``what`` file it is before the text of errors, and makes one of what nonsense in a file can raise."""
    try:
        with np.errstate(all="ignore"):  # of numbers that are refused later
            yield
    except PortraitError as error:
        raise UsageError(f"{what}: {error}", remedy=error.remedy) from error
    except _NONSENSE as error:
        words = " ".join(str(error)[:120].split()) or type(error).__name__
        raise UsageError(f"{what}: it is damaged, or laid out in a way that is not read ({words})") from error


_NONSENSE = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, OSError, ArithmeticError, RecursionError, MemoryError,
    np.linalg.LinAlgError,
)  # fmt: skip


@dataclass(frozen=True)
class _Found:
    """A body in a file, with what else the file says."""

    body: Body
    program: str
    rate: float | None
    amass: bool
    facts: tuple[str, ...]


def recording_of(content: Any, hints: FileHints = NO_HINTS) -> Recording:
    """The recording in a file's contents (`portrait_core.body.recordings.contents.read_contents`).

    Raises:
        UsageError: they are no motion.
    """
    own = _own(content, hints)
    if own is not None:
        return own
    found = _found(content, hints)
    body, rate = found.body, found.rate or hints.rate
    whole = bridged(body.rotations, body.translation, rate or _USUAL_RATE, body.pose_field)
    return _placed(found, whole.rotations, whole.translation, hints, whole.facts)


def frame_of(content: Any, frame: int, hints: FileHints = NO_HINTS) -> Recording:
    """One ``frame``, from 0 or back from the end, of the recording in a file's contents; its world is judged over the
    whole file.

    Raises:
        UsageError: they are no motion, there is no such frame, or nobody is in it.
    """
    own = _own(content, hints)
    if own is not None:
        return _cut(own, _index(frame, own.frames), own.frames)
    found = _found(content, hints)
    body = found.body
    index = _index(frame, body.frames)
    parts = [*body.rotations.values(), *([] if body.translation is None else [body.translation])]
    there = np.flatnonzero(np.logical_and.reduce([np.isfinite(part).all(axis=1) for part in parts]))
    if index not in there:
        near = f"; the nearest frame with a person is {there[np.abs(there - index).argmin()]}" if len(there) else ""
        raise UsageError(f"{body.pose_field} holds NaN or infinity in frame {index}{near}")
    moves = None if body.translation is None else body.translation[there]
    whole = _placed(found, {name: each[there] for name, each in body.rotations.items()}, moves, hints, ())
    return _cut(whole, int(np.flatnonzero(there == index)[0]), body.frames, index)


def _own(content: Any, hints: FileHints) -> Recording | None:
    """The recording in a BVH file or in one of ours, which say all that is to be known."""
    if isinstance(content, Bvh):
        return recording_of_bvh(content, hints)
    if isinstance(content, dict) and is_joints_table(cast(dict[Any, Any], content)):
        made = recording_of_joints(cast(dict[str, Any], content))
        axis = hints.axis or "y"
        return replace(made, up_axis=axis, facts=("Portraitkit", f"{axis} up"))
    return None


def _found(content: Any, hints: FileHints) -> _Found:
    program, tree = _columns(content)
    people = people_of(tree, hints)
    if not people:
        raise refuse_without_rotations(tree)
    body = chosen_person(people, hints.person)
    facts: tuple[str, ...] = ()
    if len(people) > 1:
        known = ", ".join(each.label or str(index) for index, each in enumerate(people[:8]))
        more = ", ..." if len(people) > 8 else ""
        who = f"person {body.label}" if body.label.isdigit() else body.label
        facts = (f"{len(people)} people ({known}{more}), took {who}",)
    amass = _is_amass(tree) and not body.camera
    return _Found(body, program or program_of(tree), _rate(tree), amass, facts)


def _placed(
    found: _Found, rotations: dict[str, Floats], moves: Floats | None, hints: FileHints, gaps: tuple[str, ...]
) -> Recording:
    """The recording in its world, which is judged by it."""
    body = found.body
    rate = found.rate or hints.rate
    root = rotations.get("pelvis")
    world = judged(root, moves, rate, amass=found.amass, camera=body.camera, name=body.moves_field, hints=hints)
    if moves is not None and world.scale != 1.0:
        moves = moves * world.scale
    program = "AMASS" if found.amass and found.program in ("SMPL", "SMPL-X") and world.up_axis == "z" else found.program
    form = () if body.form == "axis-angle" else (f"rotations as {body.form}",)
    told = (program, *found.facts, *form, *world.facts, *gaps)
    return Recording(rotations, moves, found.rate, found.amass, world.up_axis, told)


def _index(frame: int, frames: int) -> int:
    if not -frames <= frame < frames:
        raise UsageError(f"frame {frame} does not exist; the file has {frames}")
    return frame % frames


def _cut(recording: Recording, place: int, frames: int, index: int | None = None) -> Recording:
    """The frame at ``place`` alone, number ``index`` of the file."""
    moves = recording.translation
    return replace(
        recording,
        rotations={name: rows[place : place + 1] for name, rows in recording.rotations.items()},
        translation=None if moves is None else moves[place : place + 1],
        facts=(*recording.facts, *([f"frame {place if index is None else index} of {frames}"] if frames > 1 else [])),
    )


def _columns(content: Any) -> tuple[str, Any]:
    """A bare array as fields; of Motion-X its columns."""
    if isinstance(content, list):
        items = cast(list[Any], content)
        return "", {"poses": items} if is_numeric(items) else items
    if not isinstance(content, np.ndarray):
        return "", content
    array = cast(NDArray[Any], content)
    if array.ndim >= 2 and array.shape[-1] == 322:
        return "Motion-X", {"root_orient": array[..., :3], "pose_body": array[..., 3:66], "trans": array[..., 309:312]}
    return "", {"poses": array}


def _rate(tree: Any, depth: int = 0) -> float | None:
    """The rate that the file says, wherever it stands."""
    if not isinstance(tree, dict) or depth > 6:
        return None
    table = cast(dict[Any, Any], tree)
    found = rate_of(cast(dict[str, Any], table), names.RATES)
    if found is not None or pose_field(table) is not None:
        return found
    for value in list(table.values())[:50]:
        inner = _rate(value, depth + 1)
        if inner is not None:
            return inner
    return None


def _is_amass(tree: Any) -> bool:
    """AMASS's fields: a translation called ``trans`` and a rate, in the file's own dictionary."""
    return isinstance(tree, dict) and "trans" in tree and any(name in tree for name in names.RATES)


def line_of(recording: Recording, given: float | None) -> str:
    """What the file was taken for, in one line; ``given`` is the rate that was said."""
    facts = list(recording.facts)
    if recording.frames > 1:
        stated = recording.frame_rate
        if stated is None:
            facts.append("rate not stated" + (f", {_short(given)} given" if given is not None else ""))
        elif given is not None and given != stated:
            facts.append(f"{_short(stated)} frames a second stated, {_short(given)} given")
        else:
            facts.append(f"{_short(stated)} frames a second")
    return "; ".join(facts)


def _short(rate: float) -> str:
    return str(int(rate)) if math.isclose(rate, round(rate), abs_tol=1e-9) else f"{rate:.4g}"
