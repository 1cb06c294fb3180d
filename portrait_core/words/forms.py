# SPDX-License-Identifier: Apache-2.0
"""The forms that a word may take: plurals, endings of German adjectives, comparatives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Language = Literal["en", "de"]
LANGUAGES: tuple[Language, ...] = ("en", "de")

_LEAST = 2
"""Letters that a stem has at least."""


@dataclass(frozen=True)
class Form:
    """What a written word may stand for. ``degree``: 0 as it is, 1 a comparative, 2 a superlative."""

    word: str
    degree: int = 0


@lru_cache(maxsize=4096)
def forms_of(word: str, language: Language) -> tuple[Form, ...]:
    """The forms, the word itself first; most of them are no words, so look them up.

    >>> [each.word for each in forms_of("eyes", "en")]
    ['eyes', 'eye', 'ey']
    """
    made = _english(word) if language == "en" else _german(word)
    return tuple(dict.fromkeys([Form(word), *(each for each in made if len(each.word) >= _LEAST)]))


def _english(word: str) -> Iterator[Form]:
    if word.endswith("s") and not word.endswith("ss"):
        yield Form(word[:-1])
        if word.endswith("es"):
            yield Form(word[:-2])
        if word.endswith("ies"):
            yield Form(word[:-3] + "y")
    if word.endswith("ish") and len(word) > 5:
        yield from (Form(each) for each in _stems(word[:-3]))
    for ending, degree in (("er", 1), ("est", 2)):
        if word.endswith(ending):
            yield from (Form(each, degree) for each in _stems(word.removesuffix(ending)))


def _stems(stem: str) -> Iterator[str]:
    """What stands before an English ending: big(g), larg(e), curl(y)."""
    yield stem
    yield stem + "e"
    if stem.endswith("i"):
        yield stem[:-1] + "y"
    if len(stem) > 2 and stem[-1] == stem[-2]:
        yield stem[:-1]


_ENDINGS = ("en", "em", "er", "es", "e", "n", "s")


def _german(word: str) -> Iterator[Form]:
    for ending in _ENDINGS:
        if word.endswith(ending):
            yield from (Form(each) for each in _with_e(word.removesuffix(ending)))
    inflected = [word, *(word.removesuffix(each) for each in _ENDINGS if word.endswith(each))]
    for stem in inflected:
        for ending, degree in (("er", 1), ("ste", 2), ("st", 2), ("este", 2)):
            if stem.endswith(ending) and (degree == 2 or stem != word or _umlaut(stem) != stem):
                bare = stem.removesuffix(ending)
                yield from (Form(each, degree) for each in (*_with_e(bare), *_with_e(_umlaut(bare))))
    if word.endswith("er"):
        # Last, for it may also be an ending: "ein breiter Mund".
        yield from (Form(each, 1) for each in _with_e(word[:-2]))


def _with_e(stem: str) -> tuple[str, ...]:
    """Dunkl(e) belongs to dunkel."""
    return (stem, stem[:-1] + "el") if stem.endswith("l") and len(stem) > 3 else (stem,)


def _umlaut(stem: str) -> str:
    """Aelt(er) belongs to alt, groess(er) to gross."""
    for two, one in (("ae", "a"), ("oe", "o"), ("ue", "u")):
        if two in stem:
            return stem.replace(two, one, 1)
    return stem


def umlauted(stem: str) -> str:
    """The umlaut that a comparative of ``stem`` may have: alt, aelt(er)."""
    vowel = max(stem.rfind("a"), stem.rfind("o"), stem.rfind("u"))
    return f"{stem[: vowel + 1]}e{stem[vowel + 1 :]}" if vowel >= 0 else stem
