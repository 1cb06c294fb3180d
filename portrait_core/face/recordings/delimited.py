# SPDX-License-Identifier: Apache-2.0
"""Tables of text: whatever stands between the cells, whatever the decimal sign, with a head or without."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

from .faults import FaceFileError
from .numbers import number_of


@dataclass(frozen=True)
class TextTable:
    """``head`` with the names of the columns, ``rows`` of as many cells; ``comma``: decimal commas."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    comma: bool
    short: int = 0
    """How many rows had fewer cells than the head and were filled up."""

    def numbers(self, column: int) -> list[float]:
        """The column's numbers, NaN for what is none."""
        return [number_of(row[column], comma=self.comma) for row in self.rows]


def is_delimited(text: str) -> bool:
    """Whether the first lines look like a table with a head."""
    lines = _content(text)
    return len(lines) > 1 and _delimiter(lines) is not None


def read_table(text: str, *, head: bool = True) -> TextTable:
    """The table in ``text``; blank lines, lines of comment (#) and Excel's ``sep=`` are passed over.

    Without ``head`` the first row is one as the others. Raises :class:`FaceFileError` where there is no row.
    """
    lines = _content(text)
    delimiter = _delimiter(lines) if lines else None
    if delimiter is None:
        delimiter = ","
    if delimiter == " ":
        cells = [line.split() for line in lines]
    else:
        cells = [
            [cell.strip() for cell in row] for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter)
        ]
    cells = [row for row in cells if any(row)]
    if len(cells) < (2 if head else 1):
        raise FaceFileError("it has no rows of numbers")
    names = tuple(cells[0]) if head else tuple(map(str, range(len(cells[0]))))
    rows = cells[1:] if head else cells
    width = len(names)
    while width > 1 and not names[width - 1] and all(len(row) < width or not row[width - 1] for row in rows):
        width -= 1  # a delimiter at the end of each line
    short = sum(len(row) < width for row in rows)
    comma = delimiter != "," and any("," in cell for row in rows[:200] for cell in row)
    filled = tuple(tuple((row + [""] * width)[:width]) for row in rows)
    return TextTable(names[:width], filled, comma, short)


def _content(text: str) -> list[str]:
    lines = [line for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")]
    return lines[1:] if lines and re.fullmatch(r'"?sep=.{1,2}', lines[0].strip(), re.IGNORECASE) else lines


def _delimiter(lines: list[str]) -> str | None:
    """What stands between cells: first what is never part of a number, then the comma, then blanks."""
    some = lines[:20]
    for delimiter in (";", "\t", "|", ","):
        if all(delimiter in line for line in some):
            return delimiter
    return " " if all(len(line.split()) > 1 for line in some) else None
