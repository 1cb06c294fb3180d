# SPDX-License-Identifier: Apache-2.0
"""Recordings as JSON: frames that name their shapes, names once with rows of numbers, or a list for each shape.

Among them are ARKit recorders, MediaPipe's face landmarker, Audio2Face, BEAT and VOCA-like exports; the layout is found
by what is there, not by who wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

import numpy as np

from .clock import is_frame_name, is_time_name
from .faults import FaceFileError
from .head_turns import turn_column
from .numbers import number_of
from .shape_names import known_shape, plain_name
from .table import RawTable, rows_to_raw

Tree = Mapping[str, Any]

_NAMES = (
    *("names", "facsnames", "shapenames", "blendshapenames", "targetnames", "columns", "morphnames", "keys"),
    *("blendshapes", "shapes", "categories", "labels", "expressions"),
)
_ROWS = ("weightmat", "weights", "frames", "data", "values", "rows", "matrix", "coefficients", "blendshapes", "arkit")
_FRAMES = ("frames", "data", "samples", "recording", "results", "keyframes", "records", "faceblendshapes", "items")
_SHAPES = (
    *("blendshapes", "faceblendshapes", "shapes", "weights", "coefficients", "arkit", "values", "categories"),
    *("blendshapeweights", "expressions", "morphs", "scores", "facs"),
)
_RATES = ("fps", "framerate", "rate", "exportfps", "samplingrate", "samplerate", "framespersecond")
_LABELS = ("categoryName", "category_name", "name", "key", "shape", "blendShape", "label", "displayName", "id")
_VALUES = ("score", "value", "weight", "coefficient")


def tree_of(text: str) -> Any:
    """The data in ``text``: JSON, or an object a line. Raises :class:`FaceFileError` where it is neither."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) > 1 and lines[0].lstrip().startswith("{"):
            try:
                return [json.loads(line) for line in lines]
            except (ValueError, RecursionError):
                pass
        raise FaceFileError(f"it is damaged JSON ({str(error)[:120]})") from error


def read_tree(tree: Any) -> RawTable:
    """The recording in JSON data.

    Raises :class:`FaceFileError` where there is none.
    """
    found = _read(tree, None)
    if found is None:
        raise FaceFileError("no frames with weights of shapes were found in it")
    return found


def _read(tree: Any, rate: float | None, depth: int = 0) -> RawTable | None:
    if depth > 4:
        return None
    if isinstance(tree, list):
        return _of_frames(cast("list[Any]", tree), rate, (), [], "")
    if not isinstance(tree, dict):
        return None
    table = cast("dict[str, Any]", tree)
    rate = _rate(table) or rate
    names = _names(table)
    clock, clock_name = _global_clock(table)
    for rows in _fields(table, _ROWS):
        if isinstance(rows, list) and rows and names:
            items = cast("list[Any]", rows)
            if isinstance(items[0], list):
                return _of_rows(items, names, rate, clock, clock_name)
            if isinstance(items[0], dict):
                found = _of_frames(items, rate, names, clock, clock_name)
                if found is not None:
                    return found
    columns = _of_columns(table, rate, clock, clock_name)
    if columns is not None:
        return columns
    for frames in _fields(table, _FRAMES):
        if isinstance(frames, list):
            found = _of_frames(cast("list[Any]", frames), rate, names, clock, clock_name)
            if found is not None:
                return found
    for inner in table.values():
        if isinstance(inner, dict | list):
            found = _read(inner, rate, depth + 1)
            if found is not None:
                return found
    # One still: a single frame.
    return _of_frames([table], rate, (), [], "")


def _of_rows(
    rows: list[Any], names: tuple[str, ...], rate: float | None, clock: list[object], clock_name: str
) -> RawTable:
    width = len(names)
    short = sum(not isinstance(row, list) or len(cast("list[Any]", row)) != width for row in rows)
    values = np.full((len(rows), width), np.nan)
    for number, row in enumerate(rows):
        if isinstance(row, list):
            own = [number_of(each) for each in cast("list[Any]", row)[:width]]
            values[number, : len(own)] = own
    notices = (f"{short} of {len(rows)} rows have not the {width} numbers of their names",) if short else ()
    if len(clock) != len(rows):
        clock, clock_name = [], ""
    return RawTable("names and rows", names, values, tuple(clock), clock_name, rate, notices=notices)


def _of_columns(table: Tree, rate: float | None, clock: list[object], clock_name: str) -> RawTable | None:
    """A list of numbers for each shape, in the object itself or in one inside it."""
    for inner in (table, *_fields(table, _SHAPES)):
        if not isinstance(inner, dict):
            continue
        lists = {
            name: cast("list[Any]", value)
            for name, value in cast("dict[str, Any]", inner).items()
            if isinstance(value, list) and (known_shape(name) or turn_column(name)) and value
        }
        count = max((len(each) for each in lists.values()), default=0)
        if not lists or not any(known_shape(name) for name in lists):
            continue
        values = np.full((count, len(lists)), np.nan)
        for number, column in enumerate(lists.values()):
            values[: len(column), number] = [number_of(each) for each in column]
        if len(clock) != count:
            clock, clock_name = [], ""
        return RawTable("columns of shapes", tuple(lists), values, tuple(clock), clock_name, rate)
    return None


def _of_frames(
    frames: list[Any], rate: float | None, names: tuple[str, ...], clock: list[object], clock_name: str
) -> RawTable | None:
    rows: list[Mapping[str, float]] = []
    cells: list[object] = []
    own_name = ""
    for frame in frames:
        rows.append(dict(_weights(frame, names)))
        cell: object = None
        if isinstance(frame, dict):
            cell, name = _time(cast("dict[str, Any]", frame))
            own_name = own_name or name
        cells.append(cell)
    if not any(known_shape(name) for row in rows[:200] for name in row):
        return None
    if not own_name and len(clock) == len(rows):
        cells, own_name = clock, clock_name
    media = any("categoryName" in str(frame)[:2000] for frame in frames[:1]) or any("_neutral" in row for row in rows)
    return rows_to_raw("MediaPipe" if media else "frames of shapes", rows, cells, own_name, rate=rate)


def _weights(frame: Any, names: tuple[str, ...], depth: int = 0) -> Iterator[tuple[str, float]]:
    """The names and numbers of a frame, whether it is an object of them, a list of pairs, or numbers alone."""
    if depth > 4:
        return
    if isinstance(frame, list):
        items = cast("list[Any]", frame)
        if names and len(items) == len(names) and all(isinstance(each, int | float) for each in items):
            yield from zip(names, map(number_of, items), strict=True)
            return
        for each in items[:1] if items and isinstance(items[0], dict) and "categories" in items[0] else items:
            if isinstance(each, dict):
                pair = cast("dict[str, Any]", each)
                label = next((pair[key] for key in _LABELS if isinstance(pair.get(key), str) and pair[key]), None)
                value = next((pair[key] for key in _VALUES if key in pair), None)
                if label is not None and value is not None:
                    yield label, number_of(value)
                else:
                    yield from _weights(pair, names, depth + 1)  # a face of several; the first is taken
            elif isinstance(each, list) and len(cast("list[Any]", each)) == 2:
                pair_of = cast("list[Any]", each)
                yield str(pair_of[0]), number_of(pair_of[1])
        return
    if not isinstance(frame, dict):
        return
    table = cast("dict[str, Any]", frame)
    found = False
    for inner in _fields(table, _SHAPES):
        if isinstance(inner, dict | list):
            for pair in _weights(inner, names, depth + 1):
                found = True
                yield pair
            if found:
                break
    for name, value in table.items():
        # Beside the shapes, or instead of them: turns of head and eyes, and shapes in the frame itself.
        if isinstance(value, dict | list):
            continue
        shape = known_shape(name) is not None or isinstance(value, float)
        if turn_column(name) or (shape and not found and not _about_time(name)):
            yield name, number_of(value)


def _about_time(name: str) -> bool:
    return is_time_name(name) or is_frame_name(name) or plain_name(name) in _RATES


def _time(frame: Tree) -> tuple[object, str]:
    for known in (is_time_name, is_frame_name):
        for name, value in frame.items():
            if known(name) and isinstance(value, int | float | str) and not isinstance(value, bool):
                return value, name
    return None, ""


def _global_clock(table: Tree) -> tuple[list[object], str]:
    for name, value in table.items():
        if isinstance(value, list) and is_time_name(name):
            return cast("list[object]", value), name
    return [], ""


def _names(table: Tree) -> tuple[str, ...]:
    for value in _fields(table, _NAMES):
        if isinstance(value, list) and value and all(isinstance(each, str) for each in cast("list[Any]", value)):
            listed = tuple(cast("list[str]", value))
            if any(known_shape(each) for each in listed):
                return listed
    return ()


def _fields(table: Tree, wanted: tuple[str, ...]) -> Iterator[Any]:
    """The values of ``table`` under the names ``wanted``, in the order of these, however they are written."""
    by_plain = {plain_name(name): value for name, value in table.items()}
    for name in wanted:
        if name in by_plain:
            yield by_plain[name]


def _rate(table: Tree) -> float | None:
    for value in _fields(table, _RATES):
        rate = number_of(value)
        if 0 < rate <= 1000:
            return rate
    return None
