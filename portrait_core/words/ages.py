# SPDX-License-Identifier: Apache-2.0
"""Numbers that say how old somebody is, in digits and in words, and what an age is in standard deviations.

The starter's world grows from 0.40 to 0.92 on MakeHuman's scale of ages, on which 25 years are 0.5 and 90 years 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

from portrait_core.words.forms import Language
from portrait_core.words.tokens import plain

YOUNGEST, OLDEST = 20, 80
"""Years that the starter can show."""

_UNITS = {
    "en": "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen",
    "de": "ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
    "achtzehn neunzehn",
}
_TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreissig vierzig fünfzig sechzig siebzig achtzig neunzig",
}
_PARTS = {"early": 2, "mid": 5, "middle": 5, "late": 8, "anfang": 2, "mitte": 5, "ende": 8}
_BEFORE = {
    *(
        "age",
        "aged",
        "about",
        "around",
        "approximately",
        "approx",
        "circa",
        "ca",
        "roughly",
        "nearly",
        "almost",
        "over",
    ),
    *("under", "past", "least", "is", "turning", "just", "hes", "shes", "he", "she", "maybe", "perhaps", "probably"),
    *("um", "etwa", "ungefaehr", "knapp", "fast", "ueber", "unter", "gut", "rund", "alter", "alters", "bis", "ist"),
    *("im", "i", "am", "like", "looks", "bin", "wie", "sie", "er", "wirkt", "turned", "turns"),
    *("between", "zwischen", "to", "and", "und", "pushing", "approaching", "c", "vielleicht", "the", "die", "of"),
}
_YEARS = {
    *("year", "years", "yr", "yrs", "yo", "y", "jahre", "jahren", "jahr", "jaehrig", "jaehrige", "jaehriger"),
    *("jaehriges", "jaehrigen", "jaehrigem", "something", "ish", "odd", "aged", "old"),
}
_MEASURES = {
    *("cm", "m", "metre", "metres", "meter", "meters", "foot", "feet", "ft", "inch", "inches", "in", "kg", "lbs", "lb"),
    *("pounds", "stone", "kilo", "kilos", "zentimeter", "pfund", "percent", "o", "days"),
}
_TAIL = ("jaehrige", "jaehriger", "jaehriges", "jaehrigen", "jaehrigem", "jaehrig")


@dataclass(frozen=True)
class Age:
    """``years`` as told by ``length`` words; None where the number is a measure and no age."""

    years: float | None
    length: int


def age_at(words: Sequence[str], at: int, language: Language, *, alone: bool) -> Age | None:
    """What the number at ``words[at]`` says, or None where there is none that means an age.

    ``words`` holds signs as well. ``alone`` says that nothing else stands between the signs around it: then two digits
    are an age by themselves, as in ``woman, 45, blond``.
    """
    part, begin = 0.0, at
    while at + 1 < len(words) and words[at] in _PARTS and (words[at + 1] not in _PARTS):
        part = float(_PARTS[words[at]])
        at += 1
        if words[at] in ("to", "der", "in", "the", "ihre", "seine") and at + 1 < len(words):
            at += 1
    number = _number(words, at, language)
    if number is None or (part and number.years is None):
        return None
    after = words[at + number.length] if at + number.length < len(words) else ""
    before = words[begin - 1] if begin else ""
    years, length = number.years or 0.0, at - begin + number.length
    if number.decade:
        return Age(years + (part or 5.0), length) if 10 <= years < 120 else Age(None, length)
    if part:
        return Age(years + part, length)
    if after in _MEASURES and not (after in ("in", "m") and before in _BEFORE):
        return Age(None, length + 1)
    joined = int(after in ("to", "bis", "or", "oder", "and", "und", "\u2013"))
    second = _number(words, at + number.length + joined, language)
    if second is not None and second.years and 10 <= years < second.years < 110:
        last = at + number.length + joined + second.length
        middle = (years + second.years) / 2 + (5.0 if second.decade else 0.0)
        return Age(middle, last - begin + _told(words, last))
    told = _told(words, at + number.length)
    clear = before in _BEFORE or alone or number.word
    if not 1 <= years < 120 or not (told or number.tail or (clear and years >= 10)):
        return None
    shift = 5.0 if before in ("over", "ueber", "past") else -3.0 if before in ("under", "unter") else 0.0
    return Age(years + shift, length + told)


@dataclass(frozen=True)
class _Number:
    years: float | None
    length: int
    decade: bool = False
    tail: bool = False
    word: bool = False


def _told(words: Sequence[str], at: int) -> int:
    """How many words behind a number say that it counts years."""
    count = 0
    while at + count < len(words) and (words[at + count] in _YEARS or (count and words[at + count] in ("alt", "old"))):
        count += 1
    return count


def _number(words: Sequence[str], at: int, language: Language) -> _Number | None:
    if at >= len(words):
        return None
    word = words[at]
    if word.isdigit():
        decade = at + 1 < len(words) and words[at + 1] in ("s", "er", "ern", "ies") and int(word[-3:]) % 10 == 0
        return _Number(float(int(word[-4:])), 2 if decade else 1, decade=decade)
    tens, units = _worded(language)
    tail = next((each for each in _TAIL if word.endswith(each) and len(word) > len(each)), "")
    bare = word.removesuffix(tail)
    if language == "en" and word.endswith("ish") and word[:-3] in tens:
        return _Number(tens[word[:-3]], 1, word=True)
    if language == "en" and word.endswith(("ies", "ys")):
        ten = word.removesuffix("ies").removesuffix("ys") + "y"
        if ten in tens:
            return _Number(tens[ten], 1, decade=True)
    if language == "en" and word in tens:
        following = units.get(words[at + 1], 0) if at + 1 < len(words) else 0
        return (
            _Number(tens[word] + following, 2, word=True) if 0 < following < 10 else _Number(tens[word], 1, word=True)
        )
    found = tens.get(bare) or units.get(bare) or _german(bare, tens, units)
    if found is None and language == "de":
        decade = re.fullmatch(r"(anfang|mitte|mitt|ende)?(.*?)(er|ern|erin|iger|igerin)?", bare)
        if decade and decade[2] in tens and (decade[1] or decade[3]):
            return _Number(tens[decade[2]] + {"anfang": 2.0, "ende": 8.0}.get(decade[1] or "", 5.0), 1, tail=True)
    if found is None:
        return None
    return _Number(float(found), 1, tail=bool(tail), word=True)


def number_words(language: Language) -> set[str]:
    """Words from twenty on that count years, and their plurals."""
    tens, _ = _worded(language)
    return {*tens, *(word[:-1] + "ies" for word in tens if word.endswith("y"))}


@cache
def _worded(language: Language) -> tuple[dict[str, float], dict[str, float]]:
    tens = {plain(word): 20.0 + 10 * k for k, word in enumerate(_TENS[language].split())}
    return tens, {plain(word): 1.0 + k for k, word in enumerate(_UNITS[language].split())}


def _german(word: str, tens: dict[str, float], units: dict[str, float]) -> float | None:
    """Fuenfunddreissig."""
    unit, und, ten = word.partition("und")
    return tens[ten] + units[unit] if und and ten in tens and unit in units else None


def years_to_deviations(years: float) -> float:
    """The starter's attribute ``age`` for ``years``, from -3 to 3."""
    grown = 0.5 + (years - 25) / 130 if years >= 25 else 0.1875 + (years - 10) / 48
    share = max(0.0, (grown - 0.40) / 0.52) ** (1 / 1.7)
    if not 0.0013 < share < 0.9987:
        return -3.0 if share < 0.5 else 3.0
    return round(NormalDist().inv_cdf(share), 2)
