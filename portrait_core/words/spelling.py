# SPDX-License-Identifier: Apache-2.0
"""Misspelt words: the one word of the table that is one letter away, and no common word of the language itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache

from portrait_core.words.ages import number_words
from portrait_core.words.forms import Language, forms_of, umlauted
from portrait_core.words.lexicon import lexicon
from portrait_core.words.slips import cost, fingers_only
from portrait_core.words.tokens import words_of

SHORTEST = 3
"""Letters of words that are corrected; shorter ones have too many neighbours."""
LONG = 8
"""Letters of words whose order may be lost."""
ENOUGH = 5
"""Letters of words in which two slips are looked for."""
_LACKING = 0.2
"""What a word costs more that only says what cannot be shown."""
_INFLECTED = 0.1
"""What a form costs more that is neither the word itself nor a comparative."""
_FITTING = 0.1
"""What a word costs less that goes with its neighbours: it only decides between words that are about as likely."""

_ENDINGS: dict[Language, tuple[str, ...]] = {
    "en": ("", "s", "es", "er", "ed"),
    "de": ("", "e", "en", "em", "er", "es", "n"),
}


def corrected(word: str, language: Language, fits: Callable[[str], bool] | None = None) -> str | None:
    """The likeliest word of the table that ``word`` was meant to be; None where there is none.

    One letter is missing, too much or wrong, or two have changed places; in a word of five letters or more two such
    slips, where they are slips of fingers (:mod:`portrait_core.words.slips`); in a long word also one is wrong and the
    others have lost their order. ``fits`` says of a word whether it goes with those around it. Words in
    ``tables/known.txt`` are what they are.
    """
    if word in lexicon().known or not word.isalpha():
        return None
    found = near(word, language) or twice(word, language) or _shuffled(word, language)
    if not found:
        return None
    return min(found, key=lambda each: (*_rank(word, each, language, fits), each))


def near(word: str, language: Language) -> list[str]:
    """The words of the table, in all forms, that are one letter away from ``word``."""
    if len(word) < SHORTEST or not word.isalpha():
        return []
    index = _index(language)
    found = {each for shorter in {word, *_without_one(word)} for each in index.get(shorter, ())}
    return [each for each in found if len(each) >= SHORTEST and distance(word, each) == 1]


def twice(word: str, language: Language) -> list[str]:
    """The words of the table that say something of which ``word`` may be made by two slips of fingers."""
    if len(word) < ENOUGH:
        return []
    letters, found = set(word), list[str]()
    for length in range(max(ENOUGH, len(word) - 2), len(word) + 3):
        for each in _by_length(language).get((word[0], length), ()):
            # Each slip brings one letter at most that the other word has not; most words are told apart by that.
            near_enough = len(letters.difference(each)) <= 2 and len(set(each) - letters) <= 2
            if near_enough and fingers_only(word, each) and distance(word, each) == 2:
                found.append(each)
    return found


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


def _rank(word: str, other: str, language: Language, fits: Callable[[str], bool] | None) -> tuple[int, int, float, int]:
    """Less is likelier: a first letter that is right, a word that says something of a face, slips that are easily made
    in a word that goes with its neighbours and can be shown, one that stands by itself in the table."""
    telling = _telling(language)
    form = next((each for each in forms_of(other, language) if each.word in telling), None)
    lacks, length = telling[form.word] if form else (False, 0)
    likely = cost(word, other) + _LACKING * lacks - (_FITTING if fits is not None and fits(other) else 0.0)
    likely += _INFLECTED if form and form.word != other and not form.degree else 0.0
    return int(word[0] != other[0]), 0 if form else 1, round(likely, 2), length


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


@cache
def _by_length(language: Language) -> dict[tuple[str, int], list[str]]:
    """Words that say something or count, in all forms, by their first letter and length."""
    found: dict[tuple[str, int], list[str]] = {}
    grammar = {
        word
        for entry in lexicon().entries
        if entry.role not in ("word", "shade", "stop")
        for word in words_of(entry.names[language])
    }
    for stem in sorted({*_telling(language), *grammar, *number_words(language)}):
        for each in _forms(stem, language):
            if language == "de" or each == stem or not each.endswith(("es", "ed")):  # few are words: intenses, quiteed
                found.setdefault((each[0], len(each)), []).append(each)
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
        for word in _forms(stem, language):
            for key in {word, *_without_one(word)}:
                found.setdefault(key, set()).add(word)
    return found


def _forms(stem: str, language: Language) -> Iterable[str]:
    """A word with its endings: curly, curlier."""
    yield from (stem + ending for ending in (_ENDINGS[language] if len(stem) > SHORTEST else ("",)))
    if language == "en" and stem.endswith("y") and len(stem) > SHORTEST:
        yield from (stem[:-1] + ending for ending in ("ies", "ier", "iest"))
