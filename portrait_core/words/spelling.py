# SPDX-License-Identifier: Apache-2.0
"""Misspelt words: the one word of the table that is one letter away, and no common word of the language itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

from portrait_core.words.ages import number_words
from portrait_core.words.forms import Language, umlauted
from portrait_core.words.lexicon import lexicon

SHORTEST = 3
"""Letters of words that are corrected; shorter ones have too many neighbours."""
LONG = 8
"""Letters of words that may be further off."""

_ENDINGS: dict[Language, tuple[str, ...]] = {
    "en": ("", "s", "es", "er", "ed"),
    "de": ("", "e", "en", "em", "er", "es", "n"),
}


def corrected(word: str, language: Language) -> str | None:
    """The likeliest word of the table that ``word`` was meant to be; None where there is none.

    One letter is missing, too much or wrong, or two have changed places; in a long word also one is wrong and the
    others have lost their order. Words in ``tables/known.txt`` are what they are.
    """
    if word in lexicon().known or not (found := near(word, language) or _shuffled(word, language)):
        return None
    telling = _telling(language)
    return min(found, key=lambda each: (*_rank(word, each, telling), each))


def near(word: str, language: Language) -> list[str]:
    """The words of the table, in all forms, that are one letter away from ``word``."""
    if len(word) < SHORTEST or not word.isalpha():
        return []
    index = _index(language)
    found = {each for shorter in {word, *_without_one(word)} for each in index.get(shorter, ())}
    return [each for each in found if len(each) >= SHORTEST and distance(word, each) == 1]


def _shuffled(word: str, language: Language) -> list[str]:
    """The long words of the table with the letters of ``word`` but one, two steps away: *ponytale*."""
    if len(word) < LONG or not word.isalpha():
        return []
    letters = Counter(word)
    return [
        each
        for each in _long_words(language).get((word[0], len(word)), ())
        if (letters - Counter(each)).total() <= 1 and distance(word, each) == 2
    ]


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


def _rank(word: str, other: str, telling: Mapping[str, tuple[bool, int]]) -> tuple[int, int, int, bool, int]:
    """Less is likelier: a first letter that is right, a word that says something of a face, letters that changed places
    or were doubled, one too many or too few, a word of what can be shown, one that stands by itself in the table."""
    lacks, length = telling.get(other, (False, 0))
    return (
        int(word[0] != other[0]),
        0 if other in telling else 1,
        0 if sorted(word) == sorted(other) else 1 if set(word) == set(other) else 2 if len(word) != len(other) else 3,
        lacks,
        length,
    )


@cache
def _telling(language: Language) -> dict[str, tuple[bool, int]]:
    """Words of a language that say something: whether it is what cannot be shown, and the words of the shortest phrase
    that they stand in."""
    found: dict[str, tuple[bool, int]] = {}
    for each in lexicon().phrases[language].values():
        for words, entry in each:
            if entry.role in ("word", "shade"):
                for word in words:
                    found[word] = min(found.get(word, (True, 9)), (bool(entry.lack), len(words)))
    return found


@cache
def _long_words(language: Language) -> dict[tuple[str, int], list[str]]:
    """Long words that say something, by their first letter and length."""
    found: dict[tuple[str, int], list[str]] = {}
    for word in sorted(_telling(language)):
        if len(word) >= LONG:
            found.setdefault((word[0], len(word)), []).append(word)
    return found


def _without_one(word: str) -> Iterable[str]:
    return (word[:k] + word[k + 1 :] for k in range(len(word)))


@cache
def _index(language: Language) -> dict[str, set[str]]:
    """Words of the table by themselves with one letter left out: all that is one step away shares one of these."""
    found: dict[str, set[str]] = {}
    stems = {*lexicon().vocabulary[language], *number_words(language)}
    if language == "de":  # aelter, groesser
        stems |= {umlauted(each) + "er" for each in stems if len(each) < 6 and umlauted(each) != each}
    for stem in stems:
        for ending in _ENDINGS[language] if len(stem) > SHORTEST else ("",):
            word = stem + ending
            for key in {word, *_without_one(word)}:
                found.setdefault(key, set()).add(word)
    return found
