# SPDX-License-Identifier: Apache-2.0
"""What else has to be so that what was said is seen, and what then cannot be seen all the same.

In the starter's world light eyes, light hair and freckles come with light skin, stubble with a masculine face, and age
brings grey hair. Where words leave such a thing open it is chosen to fit; where they say otherwise, that is told.
"""

from __future__ import annotations

from collections.abc import Mapping

Implied = dict[str, tuple[float, str]]

LIGHT_ANCESTRY = (("ancestry_african", -1.2), ("ancestry_asian", -1.2))

TANNED, DARK = 0.8, 2.0
"""Standard deviations of skin beside which eyes are brown and freckles fade, and from which on skin is dark."""

_LIGHT = (
    # attribute, from which value on, what it is called
    ("eye_blue", -0.5, "light eyes"),
    ("hair_blond", 0.4, "light hair"),
    ("hair_red", 0.9, "red hair"),
    ("freckles", 0.5, "freckles"),
)


def consequences(numbers: Mapping[str, float], said: Mapping[str, str]) -> tuple[Implied, list[str], dict[str, str]]:
    """Attributes that words leave open and that follow, with why; notes; and what cannot be shown, with the reason.

    ``numbers`` are the attributes that words say, ``said`` the words of each.
    """
    implied: Implied = {}
    notes: list[str] = []
    lacking: dict[str, str] = {}
    tone = numbers.get("skin_tone", 0.0)
    foreign = numbers.get("ancestry_african", -1.0) > -0.5 or numbers.get("ancestry_asian", -1.0) > -0.5
    for name, least, called in _LIGHT:
        if numbers.get(name, -9.0) < least:
            continue
        if foreign or tone >= (TANNED if name in ("eye_blue", "freckles") else DARK):
            notes.append(f"{said.get(name, called)}: {called} show little beside such skin or ancestry")
        if foreign or tone >= DARK:
            continue
        for attribute, value in LIGHT_ANCESTRY:
            implied.setdefault(attribute, (value, f"for {called}"))
        implied.setdefault("skin_tone", (-0.5, f"for {called}"))
    if tone <= -1.0 and not foreign:
        for attribute, value in LIGHT_ANCESTRY:
            implied.setdefault(attribute, (value, "for light skin"))
    if tone >= DARK:
        implied.setdefault("ancestry_african", (0.7, "for dark skin"))
    if numbers.get("stubble", 0.0) > 0:
        if "gender" not in numbers:
            implied["gender"] = (1.5, "for a beard")
        elif numbers["gender"] < 0.2:
            lacking[said.get("stubble", "beard")] = "only masculine faces have stubble"
    return {name: each for name, each in implied.items() if name not in numbers}, notes, lacking
