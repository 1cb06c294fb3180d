# SPDX-License-Identifier: Apache-2.0
"""The table of words: phrases of both languages with what they mean beside which noun."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from portrait_core.words.forms import LANGUAGES, Language
from portrait_core.words.tokens import words_of
from portrait_core.words.wishes import LACKING, Wish, wishes_of

Role = Literal[
    "word", "shade", "not", "hardly", "less", "more", "much", "longer", "extremely", "very", "rather", "bit",
    "but", "or", "and", "with", "copula", "stop",
]  # fmt: skip
"""What a phrase does in a sentence. Where a phrase has several, the first of these counts."""

FOLDER = Path(__file__).with_name("tables")
KNOWN = "known.txt"
FILES = ("colours", "hair", "face", "expressions", "clothes", "people", "lacking")

_PLAIN = {"en", "de", "topic", "no", "lack", "note", "fixed", "alone_first", "rgb", "shade"}
"""Keys of rows that are no nouns."""


@dataclass(frozen=True, eq=False)
class Entry:
    """One row of the table.

    Attributes:
        role: what it does in a sentence.
        names: its phrases by language, as written.
        topic: what it is about where it is a noun, such as ``hair``; ``person`` and ``pronoun`` for people.
        beside: what it means beside a noun, by the noun's topic; ``alone`` by itself. None where the starter has
            nothing for it there.
        no: what its absence means; None where that follows from ``alone``.
        lack: why the starter cannot show it; empty where it can.
        note: what is shown instead, where it is not quite the thing.
        fixed: degrees do not change it.
        alone_first: by itself it means the person rather than a noun of the next clause.
        shade: -1 for what darkens the colour behind it, 1 for what lightens it.
    """

    role: Role
    names: Mapping[str, str]
    topic: str = ""
    beside: Mapping[str, tuple[Wish, ...] | None] = field(default_factory=dict[str, "tuple[Wish, ...] | None"])
    no: tuple[Wish, ...] | None = None
    lack: str = ""
    note: str = ""
    fixed: bool = False
    alone_first: bool = False
    shade: float = 0.0

    @property
    def alone(self) -> tuple[Wish, ...]:
        return self.beside.get("alone") or ()

    @property
    def is_colour(self) -> bool:
        """Whether it is a colour that a shade before it may change."""
        named = {wish.target for found in self.beside.values() for wish in found or ()}
        return self.role == "word" and not self.lack and bool(named & {"rgb", "hair_blond", "hair_red", "hair_grey"})

    def all_wishes(self) -> Iterator[Wish]:
        """Whatever it may ask for."""
        for found in (*self.beside.values(), self.no):
            yield from found or ()


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Phrases by their first word, for each language, the longest first; ``vocabulary`` is every word of a phrase."""

    entries: tuple[Entry, ...]
    phrases: Mapping[Language, Mapping[str, list[tuple[tuple[str, ...], Entry]]]]
    vocabulary: Mapping[Language, frozenset[str]]
    known: frozenset[str]
    """Common words that mean nothing here, and that are not taken for misspelt ones."""


@cache
def lexicon() -> Lexicon:
    """The table of this installation."""
    entries = [*(entry for name in FILES for entry in content_of(name)), *_grammar()]
    phrases: dict[Language, dict[str, list[tuple[tuple[str, ...], Entry]]]] = {each: {} for each in LANGUAGES}
    for language in LANGUAGES:
        for entry in entries:
            for name in _split(entry.names.get(language, "")):
                words = words_of(name)
                if words:
                    phrases[language].setdefault(words[0], []).append((words, entry))
        for found in phrases[language].values():
            found.sort(key=lambda each: -len(each[0]))  # stable: of equal ones the first of the table
    vocabulary: dict[Language, frozenset[str]] = {
        language: frozenset(word for found in phrases[language].values() for words, _ in found for word in words)
        for language in LANGUAGES
    }
    lines = (FOLDER / KNOWN).read_text(encoding="utf-8").split("\n")
    known = [word for line in lines if not line.startswith("#") for word in line.split()]
    return Lexicon(tuple(entries), phrases, vocabulary, frozenset(known))


def _split(names: str) -> list[str]:
    return [each.strip() for each in names.split(",") if each.strip()]


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def content_of(name: str) -> Iterator[Entry]:
    """The rows of one of :data:`FILES`, in order."""
    table = _table(name)
    for row in cast("list[dict[str, Any]]", table["words"]):
        yield _entry("word", row, first=name in ("people", "expressions"))
    for row in cast("list[dict[str, Any]]", table.get("shades", [])):
        yield _entry("shade", row)
    for pair in str(table.get("css", "")).split():
        colour, value = pair.split(":")
        wished = {"clothes": (Wish("rgb", value),)}
        names = {"en": ", ".join({colour: 0, _parted(colour): 0}), "de": ""}
        yield Entry("word", names, beside=wished, fixed=True)


def _parted(colour: str) -> str:
    """``slategrey`` as people write it."""
    return re.sub(r"(slate|sea|sky|olive|spring|lawn)(?=[a-z])", r"\1 ", colour)


def _entry(role: Role, row: Mapping[str, Any], *, first: bool = False) -> Entry:
    beside = {
        topic: None if text == LACKING else wishes_of(str(text)) for topic, text in row.items() if topic not in _PLAIN
    }
    if "rgb" in row:
        beside["clothes"] = (Wish("rgb", str(row["rgb"])),)
    return Entry(
        role,
        {language: str(row.get(language, "")) for language in LANGUAGES},
        topic=str(row.get("topic", "")),
        beside=beside,
        no=wishes_of(str(row["no"])) if "no" in row else None,
        lack=str(row.get("lack", "")),
        note=str(row.get("note", "")),
        fixed=bool(row.get("fixed", False)),
        alone_first=bool(row.get("alone_first", first)),
        shade=float(row.get("shade", 0)) if role == "shade" else 0.0,
    )


def _grammar() -> Iterator[Entry]:
    table = _table("grammar")
    roles = cast("tuple[Role, ...]", Role.__args__)  # type: ignore[attr-defined]
    for role in roles:
        names = {language: str(table[language].get(role, "")) for language in LANGUAGES}
        if role == "stop":
            names = {language: ", ".join(text.split()) for language, text in names.items()}
        if any(names.values()):
            yield Entry(role, names)
