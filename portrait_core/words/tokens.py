# SPDX-License-Identifier: Apache-2.0
"""A text in words: without capitals, accents and apostrophes, umlauts as two letters, so that spelling habits agree."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_PIECE = re.compile(
    r"\d['\u2019\u2032]\s?\d{0,2}(?:[\"\u201d\u2033]|'')?"  # feet and inches
    r"|\d+[.,]\d+\s?(?:m|meter|metres|meters)\b"
    r"|\d+|[^\W\d_]+(?:['\u2018\u2019\u02bc][^\W\d_]+)*"
    r"|(?<=\s)-(?=\s)|[,;:.!?()\[\]{}\n/&\u2013\u2014|\u2022]"
)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'"})
_ENDINGS = ("'s", "'re", "'ve", "'d", "'ll", "'m")


@dataclass(frozen=True)
class Token:
    """One word, number or sign. ``word`` is its plain form, ``shown`` as it was written."""

    word: str
    shown: str

    @property
    def is_sign(self) -> bool:
        return not self.word[0].isalnum()


def plain(text: str) -> str:
    """Small letters without accents; umlauts and sharp s in two letters, as people write them without such keys."""
    small = unicodedata.normalize("NFC", text).casefold().translate(_QUOTES).translate(_UMLAUTS)
    return "".join(each for each in unicodedata.normalize("NFKD", small) if not unicodedata.combining(each))


def tokens_of(text: str) -> list[Token]:
    """The tokens of a text; hyphens part words, and ``isn't`` is two."""
    found: list[Token] = []
    for shown in _PIECE.findall(unicodedata.normalize("NFC", text)):
        word = plain(shown)
        if word.endswith("n't") and len(word) > 4:
            found += [Token(word[:-3], shown), Token("not", shown)]
            continue
        ending = next((each for each in _ENDINGS if word.endswith(each)), "")
        found.append(Token(word.removesuffix(ending).replace("'", ""), shown))
    return [each for each in found if each.word]


def words_of(text: str) -> tuple[str, ...]:
    """The plain words of a phrase."""
    return tuple(each.word for each in tokens_of(text) if not each.is_sign)
