# SPDX-License-Identifier: Apache-2.0
"""A seeded misspeller: one letter of one word is doubled, left out, replaced by a neighbour on the keyboard, or has
changed places with the next."""

from __future__ import annotations

import random
import re

KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
NEIGHBOURS = {
    letter: "".join(row[max(0, place - 1) : place] + row[place + 1 : place + 2])
    for row in KEYS
    for place, letter in enumerate(row)
}
SHORTEST = 4
"""Letters of words that are misspelt: of shorter ones another word is made too often."""


def misspelt(text: str, seed: int) -> str:
    """``text`` with a letter wrong in one of its words."""
    chance = random.Random(f"{seed} {text}")
    words = [each for each in re.finditer(r"[a-zA-Z]+", text) if len(each[0]) >= SHORTEST]
    if not words:
        return text
    word = chance.choice(words)
    return text[: word.start()] + _wrong(word[0], chance) + text[word.end() :]


def _wrong(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word))
    kind = chance.choice(("double", "leave", "replace", "exchange"))
    if kind == "double":
        return word[:place] + word[place - 1] + word[place:]
    if kind == "leave":
        return word[:place] + word[place + 1 :]
    if kind == "exchange" and place + 1 < len(word) and word[place] != word[place + 1]:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    near = NEIGHBOURS.get(word[place].lower(), "e")
    return word[:place] + chance.choice(near) + word[place + 1 :]
