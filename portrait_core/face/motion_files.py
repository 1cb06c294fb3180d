# SPDX-License-Identifier: Apache-2.0
"""Files of a face's motion, lip-sync and idle loops for the engine: its errors, and several of them as one motion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import UsageError
from portrait_core.face.recordings.coarticulation import spoken
from portrait_core.face.recordings.cue_files import read_cues
from portrait_core.face.recordings.faults import FaceFileError
from portrait_core.face.recordings.idle import idle
from portrait_core.face.recordings.load import read_recording
from portrait_core.face.recordings.table import FaceTable
from portrait_core.files.names import plain_name

Floats = NDArray[np.float64]

AMPLITUDES = (0.0, 2.0)


@dataclass(frozen=True)
class FaceMotion:
    """What moves a face: a ``table`` under a ``name``, and ``lines`` about what it was taken from."""

    name: str
    table: FaceTable
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class FaceWish:
    """What is to move the faces of several avatars: ``speech`` and ``recording`` are read once, an ``idle`` loop of so
    many seconds is each one's own. ``keys`` a second at most, None for as many as there are."""

    speech: FaceMotion | None = None
    recording: FaceMotion | None = None
    idle: float | None = None
    keys: float | None = None

    def __bool__(self) -> bool:
        return self.speech is not None or self.recording is not None or self.idle is not None

    def of(self, seed: int | None) -> FaceMotion | None:
        """The motion of the face of one avatar, by its seed; None where nothing is wished."""
        loop = None if self.idle is None else idle_motion(self.idle, seed or 0)
        whole = together(self.speech, self.recording, loop)
        if whole is None or self.keys is None:
            return whole
        end = whole.table.seconds
        times = np.append(np.arange(int(np.ceil(end * self.keys - 1e-6))) / self.keys, end)
        return replace(whole, table=_merged([whole.table], times))


def take_wish(
    recording: Path | None,
    speech: Path | None,
    strength: float,
    idle: float | None,
    rate: float | None = None,
    keys: float | None = None,
) -> tuple[FaceWish, tuple[str, ...]]:
    """Read the files that somebody named, and lines about them; see :func:`open_recording` and :func:`open_speech`.

    Raises :class:`UsageError` for files in which nothing can be used, and numbers out of range.
    """
    said = None if speech is None else open_speech(speech, rate, strength)
    recorded = None if recording is None else open_recording(recording, rate)
    wish = FaceWish(said, recorded, idle, keys)
    whole = wish.of(0)  # says at once what is wrong with the seconds of the loop
    return wish, whole.lines if whole is not None else ()


def open_recording(path: Path, rate: float | None = None) -> FaceMotion:
    """The recording in a file (see docs/faces.md); ``rate`` in frames a second where the file does not say it.

    Raises :class:`UsageError` for a file in which nothing can be used.
    """
    table = _told(path, lambda: read_recording(path, rate), lambda: read_cues(path), "cues of speech, a lip-sync,")
    return FaceMotion(plain_name(path.stem, "face"), table, _lines(path, table.line, table.notices))


def open_speech(path: Path, rate: float | None = None, amplitude: float = 1.0) -> FaceMotion:
    """The lip-sync in a file of cues (see docs/faces.md), as visemes.

    Args:
        path: Rhubarb's, TextGrids and other timings.
        rate: frames a second of a file that counts frames.
        amplitude: how far the mouth moves, 0 to 2.

    Raises :class:`UsageError` for a file in which nothing can be used, and an amplitude out of range.
    """
    low, high = AMPLITUDES
    if not low <= amplitude <= high:  # NaN too
        raise UsageError(f"lip-sync: the strength goes from {low:g} to {high:g}, got {amplitude:g}.")
    wrong = "weights of shapes, a recording of a face,"
    table = _told(path, lambda: spoken(read_cues(path, rate), amplitude), lambda: read_recording(path), wrong)
    return FaceMotion(plain_name(path.stem, "speech"), table, _lines(path, table.line, table.notices))


def idle_motion(seconds: float, seed: int) -> FaceMotion:
    """Blinks, glances and breath for ``seconds``; the same ``seed`` gives the same.

    Raises :class:`UsageError` for seconds out of range.
    """
    try:
        return FaceMotion("idle", idle(seconds, np.random.default_rng(seed)))
    except FaceFileError as error:
        raise UsageError(f"{error}.") from error


def together(
    speech: FaceMotion | None = None, recording: FaceMotion | None = None, idle_loop: FaceMotion | None = None
) -> FaceMotion | None:
    """Several motions as one, from 0 to the end of the longest; None for none.

    What goes first has its shapes for itself: speech the mouth, jaw and tongue, then the recording, then the idle loop,
    which is repeated as long as the others last, what is left.
    """
    parts = [each for each in (speech, recording, idle_loop) if each is not None]
    if len(parts) < 2:
        return parts[0] if parts else None
    end = max(each.table.seconds for each in parts)
    tables: list[FaceTable] = []
    lines = [line for each in parts for line in each.lines]
    for each in parts:
        table = _repeated(each.table, end) if each is idle_loop else each.table
        if speech is not None and each is recording:
            mouth = [name for name in table.weights if _of_mouth(name)]
            table = replace(table, weights={name: table.weights[name] for name in table.weights if name not in mouth})
            if mouth:
                lines.append(f"{each.name}: its {len(mouth)} shapes of mouth, jaw and tongue give way to the speech")
        tables.append(table)
    return FaceMotion(parts[0].name, _merged(tables, _common_times(tables, end)), tuple(lines))


def _of_mouth(name: str) -> bool:
    return name.startswith(("mouth", "jaw", "tongue", "viseme_"))


def _repeated(table: FaceTable, end: float) -> FaceTable:
    """A loop again and again, up to ``end`` seconds; its last key is its first."""
    times, count = int(np.ceil(end / table.seconds - 1e-9)), len(table.times)
    if times < 2:
        return table
    whole = np.concatenate([table.times[: count - 1] + number * table.seconds for number in range(times)])

    def again(track: Floats) -> Floats:
        return np.concatenate([*[track[: count - 1]] * times, track[-1:]])

    return replace(
        table,
        times=np.append(whole, times * table.seconds),
        weights={name: again(track) for name, track in table.weights.items()},
        turns={name: again(track) for name, track in table.turns.items()},
    )


def _common_times(tables: Sequence[FaceTable], end: float) -> Floats:
    """The times of all tables from 0 to ``end``."""
    times = np.unique(np.concatenate([*(table.times for table in tables), [0.0, end]]))
    times = times[times <= end + 1e-9]
    # Frames of two recordings may fall almost together.
    return times[np.concatenate([[True], np.diff(times) > 1e-4])]


def _merged(tables: Sequence[FaceTable], times: Floats) -> FaceTable:
    """Tables at ``times``, each name from the first that has it."""
    weights: dict[str, Floats] = {}
    turns: dict[str, Floats] = {}
    for table in tables:
        for name, track in table.weights.items():
            if name not in weights:
                weights[name] = np.interp(times, table.times, track)
        for name, turn in table.turns.items():
            if name not in turns:
                turns[name] = np.stack([np.interp(times, table.times, turn[:, axis]) for axis in range(3)], axis=1)
    return FaceTable(times, weights, turns)


def _told(path: Path, read: Callable[[], FaceTable], other: Callable[[], object], holds: str) -> FaceTable:
    """What ``read`` gives; where the file is one for ``other``, the error says what it ``holds``."""
    try:
        return read()
    except FaceFileError as error:
        try:
            other()
        except FaceFileError:
            raise UsageError(f"{path}: {error}.") from error
        raise UsageError(f"{path}: it holds {holds} and was given as the other.") from error


def _lines(path: Path, line: str, notices: Sequence[str]) -> tuple[str, ...]:
    return (f"{path}: {line}.", *(f"{path}: {notice}." for notice in notices))
