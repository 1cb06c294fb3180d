# SPDX-License-Identifier: Apache-2.0
"""A raw table to one that can be played: names sorted out, gaps bridged, time in order, weights between 0 and 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..names import ARKIT, COMBINED, VISEMES
from .clock import times_of
from .faults import FaceFileError
from .head_turns import turn_column, turns_of
from .shape_names import bare_viseme, known_shape, plain_name, unknown_line
from .table import FaceTable, RawTable

Floats = NDArray[np.float64]

PERCENT_FROM, PERCENT_TO = 1.5, 110.0
"""Weights that reach beyond the first are percent, if they stay below the second."""
OVER = 0.05
"""A weight that is further outside of 0 to 1 is told."""
EVEN = 1e-9
MOST_FRAMES = 1_000_000

_SILENT = {
    *("neutral", "blendshapecount", "count", "index", "frame", "frames", "confidence", "score", "success", "face"),
    *("faceid", "id", "tracked", "valid", "istracked", "facedetected", "detected", "timestamp", "time", "person"),
    *("neutralpose", "bild", "status", "class", "headpositionx", "headpositiony", "headpositionz"),
}
"""Columns about which nothing is said, because nobody misses them."""


def cleaned(raw: RawTable, rate: float | None = None) -> FaceTable:
    """The table that can be played.

    Args:
        raw: as a file says it.
        rate: frames a second that somebody gave; goes before what the file says.

    Raises :class:`FaceFileError` where no frame or no shape is left.
    """
    notices = list(raw.notices)
    if len(raw.values) == 0:
        raise FaceFileError("it has no frames")
    if len(raw.values) > MOST_FRAMES:
        raise FaceFileError(f"it has {len(raw.values)} frames; at most {MOST_FRAMES} are read")
    columns, angles = _columns(raw, notices)
    times, facts, said = times_of(raw.clock, raw.clock_name, rate or raw.rate, count=len(raw.values), comma=raw.comma)
    notices += said
    said_any: NDArray[np.bool_] = np.any(np.isfinite(np.stack([*columns.values()])), axis=0)
    kept = _order(times, said_any, notices)
    times = times[kept]
    missing = 0
    weights: dict[str, Floats] = {}
    for name, column in columns.items():
        own, gaps = _bridged(column[kept], times)
        if own is not None:
            weights[name], missing = own, missing + gaps
    if not weights:
        raise FaceFileError("none of its shapes has a number")
    if missing:
        notices.append(f"{missing} weights are missing or no numbers (NaN); they are bridged from frame to frame")
    _scaled(weights, notices)
    turned: dict[tuple[str, int], Floats] = {}
    for place, column in angles.items():
        own, _ = _bridged(column[kept], times)
        if own is not None:
            turned[place] = own
    turns, said = turns_of(turned, weights)
    notices += said
    facts = [raw.program, f"{len(times)} frames", f"{len(weights)} shapes", *facts]
    return FaceTable(times, weights, turns, tuple(each for each in facts if each), tuple(notices))


def _columns(raw: RawTable, notices: list[str]) -> tuple[dict[str, Floats], dict[tuple[str, int], Floats]]:
    """The columns of shapes by our names, and those of angles."""
    shapes: dict[str, Floats] = {}
    angles: dict[tuple[str, int], Floats] = {}
    unknown: list[str] = []
    twice: list[str] = []
    # Bare visemes ("O", "E") are believed only where the table is full of them.
    visemes = sum(bare_viseme(name) is not None for name in raw.names) >= 8
    for number, name in enumerate(raw.names):
        column = raw.values[:, number]
        place = turn_column(name)
        if place is not None:
            angles[place] = column
            continue
        shape = known_shape(name) or (bare_viseme(name) if visemes else None)
        if shape is None:
            if plain_name(name) and plain_name(name) not in _SILENT:
                unknown.append(name)
        elif shape in shapes:
            twice.append(name)
        else:
            shapes[shape] = column
    if unknown:
        notices.append(unknown_line(unknown, "shape"))
    if twice:
        notices.append(f"shapes named twice count once: {', '.join(twice[:4])}")
    if not shapes:
        listed = ", ".join(raw.names[:5]) or "none"
        raise FaceFileError(f"it names no shape of a face such as jawOpen or eyeBlinkLeft (its columns: {listed})")
    for name, shares in COMBINED.items():
        # What is the sum of others is said by them, so that nothing moves twice.
        if name in shapes:
            column = shapes.pop(name)
            for part, share in shares.items():
                shapes.setdefault(part, column * share)
    lacking = [name for name in ARKIT if name not in shapes]
    if 0 < len(lacking) < 26:  # a recording of ARKit's with holes, not one of a few shapes on purpose
        known = "tongueOut" if lacking == ["tongueOut"] else ""
        if not known:  # MediaPipe knows no tongue
            more = ", ..." if len(lacking) > 4 else ""
            notices.append(
                f"{len(lacking)} of ARKit's 52 shapes are not in it and rest: {', '.join(lacking[:4])}{more}"
            )
    order = {name: number for number, name in enumerate((*ARKIT, *VISEMES))}
    return dict(sorted(shapes.items(), key=lambda item: order[item[0]])), angles


def _order(times: Floats, said: NDArray[np.bool_], notices: list[str]) -> NDArray[np.intp]:
    """The rows in the order of their times, without those that say no time, no weight, or a time again."""
    timed = np.isfinite(times)
    if not timed.all():
        notices.append(f"{int((~timed).sum())} frames without a time are left out")
    empty = timed & ~said
    if empty.any():
        notices.append(f"{int(empty.sum())} frames without a face are bridged")
    rows = np.flatnonzero(timed & said)
    if len(rows) == 0:
        raise FaceFileError("it has no frame with a time and a weight")
    order = np.argsort(times[rows], kind="stable")
    if (np.diff(order) < 0).any():
        notices.append("its times are not in order; the frames are sorted by them")
    rows = rows[order]
    first = np.concatenate([[True], np.diff(times[rows]) > EVEN])
    if not first.all():
        notices.append(f"{int((~first).sum())} frames have the time of one before them and are left out")
    return rows[first]


def _bridged(column: Floats, times: Floats) -> tuple[Floats | None, int]:
    """A column with its gaps filled along straight lines and how many there were; None where it says nothing."""
    there = np.isfinite(column)
    if not there.any():
        return None, 0
    if there.all():
        return column.astype(np.float64), 0
    return np.interp(times, times[there], column[there]), int((~there).sum())


def _scaled(weights: dict[str, Floats], notices: list[str]) -> None:
    """Weights in unit range; percent are told by their size."""
    largest = max(float(column.max()) for column in weights.values())
    if largest > PERCENT_FROM:
        # One wild value is no percent: many have to be beyond one.
        beyond = np.mean([(column > PERCENT_FROM).mean() for column in weights.values()])
        if largest <= PERCENT_TO and beyond > 0.005:
            notices.append(f"weights go up to {largest:.3g}; they are taken as percent")
            for name, column in weights.items():
                weights[name] = column / 100
    outside = [name for name, column in weights.items() if column.max() > 1 + OVER or column.min() < -OVER]
    if outside:
        more = ", ..." if len(outside) > 4 else ""
        notices.append(f"weights outside of 0 to 1 are cut off there: {', '.join(outside[:4])}{more}")
    for name, column in weights.items():
        weights[name] = np.clip(column, 0.0, 1.0)
