# SPDX-License-Identifier: Apache-2.0
"""Misspelt words: the one word of the table that is one letter away, and no common word of the language itself."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from portrait_core.words.ages import number_words
from portrait_core.words.forms import Language
from portrait_core.words.lexicon import lexicon

SHORTEST = 3
"""Letters of words that are corrected; shorter ones have too many neighbours."""

_ENDINGS: dict[Language, tuple[str, ...]] = {
    "en": ("", "s", "es", "er", "ed"),
    "de": ("", "e", "en", "em", "er", "es", "n"),
}


def corrected(word: str, language: Language) -> str | None:
    """The likeliest word of the table that ``word`` was meant to be; None where there is none.

    One letter is missing, too much or wrong, or two have changed places. Words in ``tables/known.txt`` are what they
    are.
    """
    if word in lexicon().known or not (found := near(word, language)):
        return None
    return min(found, key=lambda each: (*_rank(word, each), each))


def near(word: str, language: Language) -> list[str]:
    """The words of the table, in all forms, that are one letter away from ``word``."""
    if len(word) < SHORTEST or not word.isalpha():
        return []
    index = _index(language)
    found = {each for shorter in {word, *_without_one(word)} for each in index.get(shorter, ())}
    return [each for each in found if len(each) >= SHORTEST and distance(word, each) == 1]


def distance(one: str, other: str) -> int:
    """Letters to change, put in, leave out or exchange with their neighbour, to make one word of the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        following = [i, *([0] * len(other))]
        for j, b in enumerate(other, 1):
            following[j] = min(row[j] + 1, following[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                following[j] = min(following[j], before[j - 2] + 1)
        before, row = row, following
    return row[-1]


def _rank(word: str, other: str) -> tuple[int, int, int, int]:
    """Less is likelier: a first letter that is right, letters that changed places or were doubled, one too many or too
    few, a word that says something of a face, one that stands by itself in the table."""
    return (
        int(word[0] != other[0]),
        0 if sorted(word) == sorted(other) else 1 if set(word) == set(other) else 2 if len(word) != len(other) else 3,
        0 if other in _telling() else 1,
        _telling().get(other, 0),
    )


@cache
def _telling() -> dict[str, int]:
    """Words of the table that say something, with the words of the shortest phrase that they stand in."""
    found: dict[str, int] = {}
    for phrases in lexicon().phrases.values():
        for each in phrases.values():
            for words, entry in each:
                if entry.role in ("word", "shade"):
                    for word in words:
                        found[word] = min(found.get(word, 9), len(words))
    return found


def _without_one(word: str) -> Iterable[str]:
    return (word[:k] + word[k + 1 :] for k in range(len(word)))


@cache
def _index(language: Language) -> dict[str, set[str]]:
    """Words of the table by themselves with one letter left out: all that is one step away shares one of these."""
    found: dict[str, set[str]] = {}
    for stem in {*lexicon().vocabulary[language], *number_words(language)}:
        for ending in _ENDINGS[language] if len(stem) > SHORTEST else ("",):
            word = stem + ending
            for key in {word, *_without_one(word)}:
                found.setdefault(key, set()).add(word)
    return found
