# SPDX-License-Identifier: Apache-2.0
"""How likely one word was typed where another was meant: slips of fingers cost less than other letters."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

_ROWS = ("qwertzuiop", "qwertyuiop", "asdfghjkl", "yxcvbnm", "zxcvbnm")
"""Keys side by side, of German and of English keyboards."""
_VOWELS = frozenset("aeiouy")

EXCHANGED, DOUBLED, NEIGHBOUR, OTHER_DOUBLED, MISSING, VOWEL, EXTRA, OTHER = 0.4, 0.4, 0.55, 0.6, 0.55, 0.7, 0.6, 1.0
"""What slips cost: two letters that changed places, one of a pair too many or too few, the key beside, the same
letters of which another is doubled, a letter left out, another vowel, a letter too many, and any other one instead."""


def _pairs() -> frozenset[tuple[str, str]]:
    beside = [(a, b) for row in _ROWS for a, b in pairwise(row)]
    return frozenset([*beside, *((b, a) for a, b in beside)])


_NEIGHBOURS = _pairs()
_NEVER = 99.0


def fingers_only(written: str, meant: str) -> bool:
    """Whether both words have their letters but for slips of fingers: none left out, put in or replaced, except for
    doubled ones and the key beside. Other words of the language are rarely that near: *giving* is no *grieving*."""
    return _least(written, meant, _NEVER) < _NEVER


@lru_cache(maxsize=65536)
def cost(written: str, meant: str) -> float:
    """What the slips cost that make ``written`` of ``meant``; 0 for the same word."""
    found = _least(written, meant, 0.0)
    if found <= OTHER and len(written) == len(meant) and set(written) == set(meant):
        return min(found, OTHER_DOUBLED)  # harre for haare: one is doubled, but not the right one
    return found


def _least(written: str, meant: str, more: float) -> float:
    """The cheapest way from one word to the other; ``more`` is added for whatever is no slip of fingers."""
    before: list[float] = []
    row = [0.0]
    for j in range(1, len(meant) + 1):
        row.append(row[-1] + _left_out(meant, j, more))
    for i, a in enumerate(written, 1):
        following = [row[0] + _put_in(written, i, more)]
        for j, b in enumerate(meant, 1):
            least = min(
                row[j] + _put_in(written, i, more),
                following[j - 1] + _left_out(meant, j, more),
                row[j - 1] + _instead(a, b, more),
            )
            if i > 1 and j > 1 and a != b and a == meant[j - 2] and written[i - 2] == b:
                least = min(least, before[j - 2] + EXCHANGED)
            following.append(least)
        before, row = row, following
    return row[-1]


def _instead(a: str, b: str, more: float) -> float:
    if a == b:
        return 0.0
    if (a, b) in _NEIGHBOURS:
        return NEIGHBOUR
    return more + (VOWEL if a in _VOWELS and b in _VOWELS else OTHER)


def _put_in(word: str, place: int, more: float) -> float:
    """A letter of the written word that does not belong there; ``place`` counts from 1."""
    return DOUBLED if place > 1 and word[place - 1] == word[place - 2] else EXTRA + more


def _left_out(word: str, place: int, more: float) -> float:
    """A letter of the word that was meant, and is missing."""
    return DOUBLED if place > 1 and word[place - 1] == word[place - 2] else MISSING + more
