# SPDX-License-Identifier: Apache-2.0
"""What a cell of a table says, by the kind of its column: numbers as people and spreadsheets write them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from portrait_core.batch.face_cells import FACE_COLUMNS
from portrait_core.batch.pose_cells import HINT_COLUMNS
from portrait_core.batch.word_cells import WORD_COLUMNS
from portrait_core.errors import UsageError
from portrait_core.face.expressions import parse_expression
from portrait_core.recipe_fields import FIELDS, Kind

_TRUE = {"true", "yes", "on", "1", *("wahr", "ja", "vrai", "oui", "verdadero", "verdadeiro", "vero", "waar", "prawda")}
_FALSE = {"false", "no", "off", "0", *("falsch", "nein", "faux", "non", "falso", "onwaar", "fałsz")}
"""Also as Excel and LibreOffice write them in other languages."""

_MINUS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d", "-"))
_GROUPS = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f'\u2019](?=\d{3}(\D|$))")
"""Spaces and apostrophes between the thousands: they are no decimal sign anywhere."""

_ROUNDED = re.compile(r"[+-]?\d[.,]\d{5}e\+?(\d+)", re.IGNORECASE)
_SHOWN = 5
"""Digits behind the first that a spreadsheet shows of a number with an exponent; the others are lost."""


OTHERS: dict[str, Kind] = {"name": "text", **HINT_COLUMNS, **FACE_COLUMNS, **WORD_COLUMNS}
"""Columns of tables that are no recipe fields."""


@dataclass(frozen=True)
class Unread:
    """A cell of a column that is no recipe field: no number, so either the column is unknown or the cell is wrong."""

    text: str


def read_cell(column: str, text: str, *, comma_decimal: bool) -> object:
    """The value of a cell; columns that are no fields are attributes, numbers (:class:`Unread` where it is none).

    ``comma_decimal``: the table separates its cells by another sign, so ',' is a decimal sign. Raises
    :class:`UsageError`.
    """
    row = FIELDS.get(column)
    kind = row.kind if row else OTHERS.get(column, "number")
    try:
        if kind not in ("text", "choice") and text[:1] in "[{":
            return json.loads(text)
        return _READ[kind](column, text, comma_decimal)
    except UsageError:
        raise
    except (ValueError, RecursionError):
        if row is None and column not in OTHERS:
            return Unread(text)
        raise UsageError(f"{column}: cannot read {text[:60]!r}.") from None


def _text(_column: str, text: str, _comma: bool) -> str:
    return text


def _flag(column: str, text: str, _comma: bool) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise UsageError(f"{column}: expected true or false, got {text[:40]!r}.")
    return text.lower() in _TRUE


def _count(column: str, text: str, comma: bool) -> int:
    # Spreadsheets write 20000.0; a seed that a float cannot hold stays a text of digits.
    plain = _GROUPS.sub("", text.translate(_MINUS))
    if plain.lstrip("+-").isdigit():
        return int(plain)
    sign = "." if comma else ","
    if re.fullmatch(rf"[+-]?[1-9]\d{{0,2}}(\{sign}\d{{3}})+", plain):
        whole = plain.replace(sign, "")
        raise UsageError(f"{column}: {text[:40]!r} may be {whole}; write it without a sign between the thousands.")
    rounded = _ROUNDED.fullmatch(plain)
    if rounded and len(rounded[1]) < 4 and int(rounded[1]) > _SHOWN:
        raise UsageError(f"{column}: {text[:40]!r} has lost its last digits; show the column as whole numbers.")
    number = _float(column, plain, comma)
    if not number.is_integer():
        raise UsageError(f"{column}: expected a whole number, got {text[:40]!r}.")
    return int(number)


def _number(column: str, text: str, comma: bool) -> float:
    return _float(column, _GROUPS.sub("", text.translate(_MINUS)), comma)


def _float(column: str, text: str, comma: bool) -> float:
    if "," not in text:
        return float(text)
    if "." in text:  # the last of two signs is the decimal one, the other stands between the thousands
        decimal, other = (",", ".") if text.rindex(",") > text.rindex(".") else (".", ",")
        whole = text.partition(decimal)[0]
        if text.count(decimal) > 1 or not re.fullmatch(rf"[+-]?\d{{1,3}}(\{other}\d{{3}})+", whole):
            raise ValueError(text)
        return float(text.replace(other, "").replace(decimal, "."))
    if not comma and re.fullmatch(r"[+-]?[1-9]\d{0,2}(,\d{3})+", text):
        plain = text.replace(",", "")
        raise UsageError(f"{column}: {text[:40]!r} may be {plain} or {text.replace(',', '.')}; write it without ','.")
    return float(text.replace(",", "."))


def _counts(_column: str, text: str, _comma: bool) -> list[int]:
    return [int(part) for part in text.replace(";", ",").split(",")]


def _words(_column: str, text: str, _comma: bool) -> list[str]:
    return [part.strip().lower() for part in text.replace(";", ",").split(",") if part.strip()]


def _vector(column: str, text: str, comma: bool) -> list[float]:
    return [_number(column, part, comma) for part in text.split(";")]


def _rows(column: str, text: str, comma: bool) -> list[list[float]]:
    return [_vector(column, row, comma) for row in text.split("|")]


def _values(_column: str, text: str, _comma: bool) -> object:
    return json.loads(text)


_READ: dict[Kind, Callable[[str, str, bool], object]] = {
    "text": _text,
    "choice": _text,
    "words": _words,
    "flag": _flag,
    "count": _count,
    "number": _number,
    "counts": _counts,
    "vector": _vector,
    "rows": _rows,
    "values": _values,
    "weights": lambda _column, text, _comma: parse_expression(text),
    "turns": _text,  # read with what the row says about a file
}
"""What a cell of each kind holds, where it is not JSON."""
