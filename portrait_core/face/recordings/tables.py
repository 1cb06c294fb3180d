# SPDX-License-Identifier: Apache-2.0
"""Recordings as tables of text: Live Link Face, MediaPipe's results a row each, and plain columns of shapes."""

from __future__ import annotations

import numpy as np

from .clock import is_frame_name, is_time_name
from .delimited import TextTable, read_table
from .faults import FaceFileError
from .numbers import number_of
from .shape_names import plain_name
from .table import RawTable, rows_to_raw

_NAME_COLUMNS = ("categoryname", "category", "blendshape", "shape", "shapename", "displayname", "name", "label")
_VALUE_COLUMNS = ("score", "value", "weight", "coefficient", "wert", "gewicht")


def read_text_table(text: str) -> RawTable:
    """The table of a recording in ``text``.

    Raises :class:`FaceFileError` where there is none.
    """
    table = read_table(text)
    clock = _clock_column(table)
    long = _long_columns(table)
    if long is not None:
        return _pivoted(table, clock, *long)
    names = tuple(name for number, name in enumerate(table.head) if number != clock)
    columns = [table.numbers(number) for number in range(len(table.head)) if number != clock]
    values = np.array(columns, np.float64).T.reshape(len(table.rows), len(columns))
    plain = {plain_name(name) for name in table.head}
    program = "table of shapes"
    if "blendshapecount" in plain or {"headyaw", "lefteyeyaw", "jawopen"} <= plain:
        program = "Live Link Face"
        count = next((number for number, name in enumerate(names) if plain_name(name) == "blendshapecount"), None)
        if count is not None:
            values[values[:, count] == 0] = np.nan  # a frame in which no face was seen
    elif "neutral" in plain:
        program = "MediaPipe"
    notices = (f"{table.short} rows are cut short",) if table.short else ()
    name = "" if clock is None else table.head[clock]
    cells = () if clock is None else tuple(row[clock] for row in table.rows)
    return RawTable(program, names, values, cells, name, comma=table.comma, notices=notices)


def _clock_column(table: TextTable) -> int | None:
    for known in (is_time_name, is_frame_name):
        for number, name in enumerate(table.head):
            if known(name):
                return number
    # Spreadsheets often leave the column of time without a name.
    return 0 if table.head and not table.head[0].strip() else None


def _long_columns(table: TextTable) -> tuple[int, int] | None:
    """The columns of names and of values, where each row is one shape of one frame."""
    plain = [plain_name(name) for name in table.head]
    value = next((plain.index(each) for each in _VALUE_COLUMNS if each in plain), None)
    found = [plain.index(each) for each in _NAME_COLUMNS if each in plain]
    if value is None or not found:
        return None
    name = found[0]
    return (name, value) if np.isnan(number_of(table.rows[0][name])) else None


def _pivoted(table: TextTable, clock: int | None, name: int, value: int) -> RawTable:
    """Rows of one shape each as frames: those of one time, or where there is no time, until a name comes again."""
    frames: list[dict[str, float]] = []
    cells: list[object] = []
    for row in table.rows:
        cell = None if clock is None else row[clock]
        new = not frames or (row[name] in frames[-1] if clock is None else cell != cells[-1])
        if new:
            frames.append({})
            cells.append(cell)
        frames[-1][row[name]] = number_of(row[value], comma=table.comma)
    if len(frames) == 0:
        raise FaceFileError("it has no frames")
    head = "" if clock is None else table.head[clock]
    return rows_to_raw("MediaPipe", list(frames), cells, head)
