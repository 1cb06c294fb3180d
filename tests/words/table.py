# SPDX-License-Identifier: Apache-2.0
"""The table of descriptions with what they ask for, and how far a description is off its row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from portrait_core.errors import UsageError
from portrait_core.words.description import described

LEAST, MUCH, LITTLE, NOTHING = 0.1, 1.7, 1.2, 0.3
"""Standard deviations: what counts as moved, as moved far, the most that is a little, and what is about nothing."""


@dataclass(frozen=True)
class Row:
    """A text, and what it is expected to ask for."""

    text: str
    expected: tuple[str, ...]


def rows(name: str = "descriptions.txt") -> list[Row]:
    """The rows of a table beside this file; lines of ``#`` are notes."""
    lines = Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    parted = [line.rpartition(" | ") for line in lines if line and not line.startswith("#")]
    return [Row(text, tuple(expected.split())) for text, _, expected in parted]


def missed(row: Row, text: str | None = None) -> list[str]:
    """What a row expects and ``text``, or its own, does not ask for."""
    try:
        found = described(row.text if text is None else text)
    except UsageError:
        return list(row.expected)
    attributes = found.attributes
    faces = {each.name: each.value for each in found.parts if each.field == "expression"}
    fields = {each.field: each.value for each in found.parts}
    lacking = " ".join([words for words, _ in found.lacking])

    def holds(wish: str) -> bool:
        if wish.startswith("!"):
            return wish[1:] in lacking
        if wish.startswith("?"):
            return wish[1:] in found.unknown
        if wish.startswith("-"):
            return wish[1:] not in attributes
        if wish.startswith(("style=", "garment=")):
            name, _, value = wish.partition("=")
            return fields.get("hair_style" if name == "style" else name) == value
        match = re.fullmatch(r"(?:(face)\.)?([a-z_]+?)(\+\+|--|\+|-|\^|_|0)", wish)
        assert match, wish
        values = faces if match[1] else attributes
        if match[2] not in values:
            return False
        value = float(values[match[2]])
        return {
            "+": value >= LEAST,
            "-": value <= -LEAST,
            "++": value >= MUCH,
            "--": value <= -MUCH,
            "^": LEAST <= value <= LITTLE,
            "_": -LITTLE <= value <= -LEAST,
            "0": abs(value) <= NOTHING,
        }[match[3]]

    return [wish for wish in row.expected if not holds(wish)]
