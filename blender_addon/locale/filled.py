# SPDX-License-Identifier: GPL-3.0-or-later
"""Translates sentences that were filled in already: “anna.glb is damaged” by the pattern “{} is damaged”."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache


class Patterns:
    """Sentences with gaps, and the plain words of the same language, for what stands in the gaps."""

    def __init__(self, filled: Mapping[str, str], plain: Mapping[str, str]) -> None:
        self._plain = plain
        # the longest first: “{} failed: {}” also fits what a more exact pattern tells better
        ordered = sorted(filled.items(), key=lambda pair: -len(pair[0].replace("{}", "")))
        self._patterns = [(_pattern(english), own) for english, own in ordered]
        self.translate = lru_cache(512)(self._translate)

    def _translate(self, text: str) -> str | None:
        """The translation; None where no pattern fits."""
        for pattern, own in self._patterns:
            found = pattern.fullmatch(text)
            if found is None:
                continue
            made = own.format(*(self._gap(each) for each in found.groups()))
            if text[:1].isupper():
                made = made[:1].upper() + made[1:]
            return made + "." if text.endswith(".") and not made.endswith((".", "!", "?", "…")) else made
        return None

    def _gap(self, text: str) -> str:
        # one word is a name or a number and stays as it is
        if " " not in text:
            return text
        return self._plain.get(text) or self.translate(text) or text


def _pattern(english: str) -> re.Pattern[str]:
    parts = [re.escape(part) for part in english.split("{}")]
    first = english[:1]
    if first.isalpha() and first.islower():  # an engine's message becomes a sentence when it is shown
        parts[0] = f"[{first}{first.upper()}]" + parts[0][1:]
    # a few letters such as “{} of {}” stand in any sentence: only between numbers are they ours
    gap = "(.+?)" if len(english.replace("{}", "").replace(" ", "")) > 4 else r"(\d.*?)"
    return re.compile(gap.join(parts) + r"\.?", re.DOTALL)
