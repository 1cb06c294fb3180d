# SPDX-License-Identifier: Apache-2.0
"""What a word asks for: attributes, styles and shapes, as the lexicon writes them: ``age=1.5 face.smile~0.4``."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

Manner = Literal["set", "weak", "hint", "add"]
_MANNERS: dict[str, Manner] = {"=": "set", "~": "weak", "?": "hint", "+": "add"}
_WISH = re.compile(r"([a-z_]+(?:\.[a-z_]+)?)([=~?+])(-?[0-9a-z_.]+)")

LACKING = "lack"
"""What the lexicon writes where the starter has nothing for a word beside that noun."""


@dataclass(frozen=True)
class Wish:
    """One thing asked for.

    Attributes:
        target: an attribute's name; ``face.`` and a short name of an expression; ``style``, ``garment`` or ``hair``;
            ``years``; ``rgb``.
        value: a number, or the name of a style, garment, kind of hair or colour.
        manner: ``set`` says it, ``weak`` gives way to what is said elsewhere, ``hint`` (a pronoun's) to that as well;
            ``add`` goes on top of what is said elsewhere.
    """

    target: str
    value: float | str
    manner: Manner = "set"

    @property
    def number(self) -> float:
        return self.value if isinstance(self.value, float) else 0.0

    def scaled(self, factor: float) -> Wish:
        return replace(self, value=self.value * factor) if isinstance(self.value, float) else self


def wishes_of(text: str) -> tuple[Wish, ...]:
    """The wishes of a cell; raises ``ValueError`` for one that is written wrongly."""
    found: list[Wish] = []
    for part in text.split():
        match = _WISH.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} in {text!r} is no wish")
        target, sign, value = match.groups()
        worded = target in ("style", "garment", "hair", "rgb")
        found.append(Wish(target, value if worded else float(value), _MANNERS[sign]))
    return tuple(found)
