# SPDX-License-Identifier: Apache-2.0
"""Whether a word goes with those around it: an adjective with the noun behind it, a noun with the adjective before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from portrait_core.words.forms import Language, forms_of
from portrait_core.words.lexicon import Entry, lexicon
from portrait_core.words.tokens import Token


def fitting(tokens: Sequence[Token], at: int, language: Language) -> Callable[[str], bool]:
    """Whether a word would go with the noun behind it, or as a noun with the adjective before it."""

    def entries(word: str) -> Iterator[Entry]:
        for form in forms_of(word, language):
            for words, entry in lexicon().phrases[language].get(form.word, ()):
                if len(words) == 1 and entry.role in ("word", "shade"):
                    yield entry

    behind: set[str] = set()
    for each in tokens[at + 1 : at + 4]:
        if each.is_sign:
            break
        behind |= {entry.topic for entry in entries(each.word)} - {""}
    before = tokens[at - 1].word if at and not tokens[at - 1].is_sign else ""
    described = (
        {topic for entry in entries(before) for topic, wishes in entry.beside.items() if wishes} if before else ()
    )

    def fits(word: str) -> bool:
        return any(
            (entry.topic in described if entry.topic else any(entry.beside.get(topic) for topic in behind))
            for entry in entries(word)
        )

    return fits
