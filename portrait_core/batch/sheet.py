# SPDX-License-Identifier: Apache-2.0
"""Tables of text as spreadsheets of all countries write them: what separates the cells, and where the columns' names
stand, is told from the content.

Known are UTF-8 and UTF-16 with and without a mark; commas, semicolons, tabs and bars; a first line ``sep=;``; blank
lines and titles above the names of the columns; names in capitals and with spaces; the column of row numbers that some
programs write before all others.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from portrait_core.errors import UsageError
from portrait_core.files.first_bytes import kind_of

SEPARATORS = ",;\t|"
_TITLES = 20
"""Lines among which the names of the columns are looked for."""

_INSTEAD = {
    "zip": "a spreadsheet or another zip archive, not a table of text; save it as CSV UTF-8",
    "office": "an Excel workbook of the old kind, not a table of text; save it as CSV UTF-8",
    "page": "a web page or XML, not a table of text; save it as CSV UTF-8",
    "xml": "a web page or XML, not a table of text; save it as CSV UTF-8",
    "lfs": "a Git LFS pointer: the table itself is still to be fetched (git lfs pull)",
}
"""What to do about a file of another kind; of those not named here too."""

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe\x00\x00", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class Sheet:
    """A table as text: where its rows begin, and how its cells are separated.

    ``comma_decimal``: the file itself says that ',' is a decimal sign, since it separates cells by another.
    """

    columns: tuple[str, ...]
    separator: str
    comma_decimal: bool
    _rows: Iterator[tuple[int, list[str]]]

    def rows(self) -> Iterator[tuple[int, dict[str, str] | str]]:
        """Each row that is not blank: its line, and its filled cells by column or what is wrong with it. Once only."""
        numbers: int | None = None  # the next of a column without a name that counts the rows
        for line, cells in self._rows:
            if not any(cell.strip() for cell in cells):
                continue
            if any(cell.strip() for cell in cells[len(self.columns) :]):
                yield line, f"{len(cells)} cells; the first line names {len(self.columns)} columns"
                continue
            pairs = {column: cell.strip() for column, cell in zip(self.columns, cells, strict=False) if cell.strip()}
            if "" in pairs:
                number = int(pairs[""]) if self.columns[0] == "" and re.fullmatch(r"[0-9]{1,9}", pairs[""]) else None
                if number is None or number not in ((0, 1) if numbers is None else (numbers,)):
                    yield line, f"{pairs['']!r} stands in a column without a name"
                    continue
                numbers = number + 1
                del pairs[""]
            yield line, pairs


def text_of(path: Path, content: bytes) -> str:
    """The text of a file, by its mark or by where its zeros stand; raises :class:`UsageError` that says what it is."""
    kind = kind_of(content[:1024])
    if kind is not None:
        other = f"{kind.name}, not a table of text; save it as CSV UTF-8"
        packed = f"{kind.name}; unpack it first"
        raise UsageError(f"{path}: {_INSTEAD.get(kind.key, packed if kind.group == 'packed' else other)}.")
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), None) or _without_mark(content)
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        said = encoding.upper().replace("-LE", "").replace("-BE", "")
        told = f"{path}: not {said} ({error.reason} at byte {error.start}). Save it as CSV UTF-8."
        raise UsageError(told) from None


def _without_mark(content: bytes) -> str:
    """Plain letters have a zero beside each in UTF-16, and none in UTF-8."""
    head = content[:4096]
    half = len(head) // 2
    even, odd = head[0 : 2 * half : 2].count(0), head[1 : 2 * half : 2].count(0)
    if half and max(even, odd) > 0.4 * half and min(even, odd) < 0.1 * half:
        return "utf-16-le" if odd > even else "utf-16-be"
    return "utf-8"


def read_sheet(path: Path, text: str, known: Collection[str], *, usual: str = ",") -> Sheet:
    """The table in ``text``.

    ``known`` are columns that there may be, ``usual`` what separates cells where nothing else tells.
    Raises :class:`UsageError` for a file without names of columns, or with one twice.
    """
    said = re.match(r'\s*"?sep=(\\t|.)"?[^\S\n\r]*(\r\n|\r|\n|$)', text, re.IGNORECASE)
    given = "" if said is None else said[1].replace("\\t", "\t")
    begin, skipped = (0, 0) if said is None else (said.end(), len(said[0].splitlines()))
    body = text[begin:]
    exact = set(known)
    separator, place, cells = _names(body, exact, given or usual, [given] if given else [*SEPARATORS])
    columns = tuple(column_name(each, exact) for each in cells)
    if not any(columns):
        raise UsageError(f"{path}: the first line must name the columns, such as seed,age,faces.")
    doubled = sorted(each for each, count in Counter(columns).items() if each and count > 1)
    if doubled:
        raise UsageError(f"{path}: the column {doubled[0][:60]!r} is there twice.")
    rows = ((line + skipped, cells) for line, cells in _records(body, separator) if line > place)
    return Sheet(columns, separator, separator != ",", rows)


def column_name(written: str, known: Collection[str]) -> str:
    """``written`` as columns are called: " Hair length" is ``hair_length``; one of ``known`` stays as it is."""
    plain = written.strip().strip("\ufeff")
    return plain if plain in known else re.sub(r"[\s\-_]+", "_", plain.lower())


def _names(text: str, known: Collection[str], usual: str, separators: list[str]) -> tuple[str, int, list[str]]:
    """The separator, the line and the cells of the names: what makes most known columns, else the first line."""
    best: tuple[int, int, bool] | None = None
    found: tuple[str, int, list[str]] = (usual, 0, [])
    for separator in separators:
        for place, (line, cells) in enumerate(islice(_filled(text, separator), _TITLES)):
            names = {column_name(cell, known) for cell in cells if cell.strip()}
            score = len({name for name in names if name in known or name.startswith("attributes.")})
            # Without a known column the first line names them, in as many cells as any separator makes.
            rank = (score, -place if score else len(cells) if place == 0 else -1, separator == usual)
            if best is None or rank > best:
                best, found = rank, (separator, line, cells)
    return found


def _filled(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    return ((line, cells) for line, cells in _records(text, separator) if any(cell.strip() for cell in cells))


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Records with the number of their last line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UsageError(f"line {reader.line_num} is not CSV: {error}") from None
        yield reader.line_num, cells
