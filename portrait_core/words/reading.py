# SPDX-License-Identifier: Apache-2.0
"""From tokens to items: phrases of the lexicon in any form, ages, misspelt words, compounds, and what is unknown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from portrait_core.words.ages import age_at
from portrait_core.words.fitting import fitting
from portrait_core.words.forms import LANGUAGES, Form, Language, forms_of
from portrait_core.words.lexicon import Entry, lexicon
from portrait_core.words.spelling import corrected
from portrait_core.words.tokens import Token, tokens_of
from portrait_core.words.wishes import Wish

SHORTEST_PART = 3
"""Letters of the parts of a compound."""
SHORTEST_MENDED = 5
"""Letters of a part that is misspelt."""

DEGREES = ("extremely", "very", "rather", "bit", "more", "much", "less", "hardly")
"""Roles that mean something only before a word."""


@dataclass(frozen=True)
class Item:
    """One phrase of a text.

    Attributes:
        shown: as it was written, with what it was taken for where it was misspelt.
        entry: its row; None for a sign or what is not known.
        sign: the sign, where it is one.
        degree: 1 for a comparative, 2 for a superlative.
        others: further rows that have the same phrase.
    """

    shown: str
    entry: Entry | None = None
    sign: str = ""
    degree: int = 0
    others: tuple[Entry, ...] = ()

    @property
    def role(self) -> str:
        return "sign" if self.sign else self.entry.role if self.entry else "unknown"

    @property
    def is_word(self) -> bool:
        return self.role in ("word", "shade")


_MEASURE = Entry("word", {}, lack="a bust has no height and no weight in numbers")


_SIZED = ("gross", "tall", "high", "hoch", "schwer", "heavy")
"""What stands behind a measure and says what is measured."""


def language_of(tokens: Sequence[Token]) -> Language:
    """German where more of the words are German than English ones."""
    table = lexicon().vocabulary
    count = {
        language: sum(any(form.word in table[language] for form in forms_of(each.word, language)) for each in tokens)
        for language in LANGUAGES
    }
    umlauts = any(set("äöüßÄÖÜ") & set(each.shown) for each in tokens)
    return "de" if count["de"] + umlauts > count["en"] else "en"


def items_of(text: str, language: Language | None = None) -> list[Item]:
    """The items of a text; ``language`` is told from it where it is not given."""
    tokens = tokens_of(text)
    spoken = language or language_of(tokens)
    tokens = _mended(tokens, spoken)
    words = [each.word for each in tokens]
    items: list[Item] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        age = age_at(words, at, spoken, alone=_alone(tokens, at))
        if age is not None:
            shown = _shown(tokens[at : at + age.length])
            items.append(Item(shown, _MEASURE if age.years is None else _aged(age.years)))
            at += age.length + (
                age.years is None and at + age.length < len(tokens) and words[at + age.length] in _SIZED
            )
        elif token.word[0].isdigit() and not token.word.isdigit():
            items.append(Item(token.shown, _MEASURE))  # feet and inches, metres
            at += 1 + (at + 1 < len(tokens) and words[at + 1] in _SIZED)
        elif token.is_sign:
            items.append(Item(token.shown, sign=token.word))
            at += 1
        else:
            item, length = _matched(tokens, at, spoken)
            items.append(item)
            at += length
    return [_chosen(items, place) for place in range(len(items))]


def _aged(years: float) -> Entry:
    note = "" if 20 <= years <= 80 else "the starter shows ages from twenty to eighty"
    wished = {"alone": (Wish("years", float(years)),)}
    return Entry("word", {}, topic="years", beside=wished, note=note, fixed=True)


def _alone(tokens: Sequence[Token], at: int) -> bool:
    before = at == 0 or tokens[at - 1].is_sign
    return before and (at + 1 == len(tokens) or tokens[at + 1].is_sign) and len(tokens[at].word) == 2


def _shown(tokens: Sequence[Token]) -> str:
    text = " ".join(dict.fromkeys(each.shown for each in tokens))
    return re.sub(r"(?<=\d) s\b", "s", text)


def _matched(tokens: Sequence[Token], at: int, language: Language) -> tuple[Item, int]:
    """The longest phrase that begins at a token, in the text's language, else in the other one."""
    if language == "de" and _is_she(tokens, at):
        return Item(tokens[at].shown, lexicon().phrases["de"]["ihre"][0][1]), 1
    for spoken in _first(language):
        found = _phrases_at(tokens, at, spoken)
        if spoken != language:
            found = [each for each in found if each[1].role in ("word", "shade")]
        if found:
            length, entry, degree = found[0]
            others = tuple(each[1] for each in found[1:] if each[0] == length and each[1] is not entry)
            if degree and entry.role not in ("word", "shade"):
                degree = 0
            if spoken == "de" and tokens[at].shown[0].isupper():
                entry = _with_gender(entry, tokens, at)
            return Item(_shown(tokens[at : at + length]), entry, degree=degree, others=others), length
    if language == "de" and tokens[at].shown[0].isupper() and tokens[at].word.endswith(_FEMALE):
        return Item(tokens[at].shown, _SOME_WOMAN), 1
    return Item(tokens[at].shown), 1


_FEMALE = ("erin", "eurin", "oerin", "istin", "entin")
"""Ends of German nouns that mean women, whatever else they mean."""
_SOME_WOMAN = Entry("word", {}, topic="person", beside={"alone": (Wish("gender", -1.5, "weak"),)})


def _with_gender(entry: Entry, tokens: Sequence[Token], at: int) -> Entry:
    """The row of a German noun, such as Rentnerin or Japaner, with the gender of its ending, where the row itself says
    none; before another noun it is no noun: Berliner Schauspielerin."""
    word = tokens[at].word
    noun = at + 1 == len(tokens) or not tokens[at + 1].shown[0].isupper()
    descent = any(wish.target.startswith("ancestry") for wish in entry.alone)
    value = -1.5 if word.endswith("in") else 1.5 if descent and noun and word.endswith(("er", "ese")) else 0.0
    if not value or not entry.alone or any(wish.target == "gender" for wish in entry.alone):
        return entry
    return replace(entry, beside={**entry.beside, "alone": (*entry.alone, Wish("gender", value, "weak"))})


def _is_she(tokens: Sequence[Token], at: int) -> bool:
    """Whether a German *sie* is one woman: it begins a sentence, and its verb is of the third person."""
    begins = at == 0 or tokens[at - 1].shown in ".!?\n"
    verb = tokens[at + 1].word if at + 1 < len(tokens) else ""
    return tokens[at].word == "sie" and begins and verb.endswith(("t", "hatte", "trug", "kam", "sah"))


def _phrases_at(tokens: Sequence[Token], at: int, language: Language) -> list[tuple[int, Entry, int]]:
    """Phrases that begin at a token: how many words, the row, and the degree of the last word; the longest first, words
    as they stand before other forms."""
    phrases = lexicon().phrases[language]
    found: list[tuple[tuple[int, int], int, Entry, int]] = []
    for rank, form in enumerate(forms_of(tokens[at].word, language)):
        for words, entry in phrases.get(form.word, ()):
            rest = tokens[at + 1 : at + len(words)]
            if len(rest) != len(words) - 1:
                continue
            degree = form.degree
            for token, wanted in zip(rest, words[1:], strict=True):
                fitting = _form(token, wanted, language)
                if fitting is None:
                    break
                degree = max(degree, fitting.degree)
            else:
                found.append(((-len(words), rank), len(words), entry, degree))
    found.sort(key=lambda each: each[0])
    return [each[1:] for each in found]


def _form(token: Token, wanted: str, language: Language) -> Form | None:
    return next((each for each in forms_of(token.word, language) if each.word == wanted), None)


def _mended(tokens: Sequence[Token], language: Language) -> list[Token]:
    """Compounds in their parts, and misspelt words as the words of the table they were meant to be."""
    words = [each.word for each in tokens]
    capitals = sum(each.shown[:1].isupper() for each in tokens) * 2 > len(tokens)
    found: list[Token] = []
    for place, token in enumerate(tokens):
        if (
            token.is_sign
            or token.word[0].isdigit()
            or _known(token.word)
            or age_at(words, place, language, alone=False)
        ):
            found.append(token)
            continue
        parts = _parts(token.word, language)
        if parts:
            found += [Token(each, token.shown) for each in parts]
            continue
        # A capital within an English sentence begins a name.
        first = place == 0 or tokens[place - 1].shown in ".!?\n"
        is_name = language == "en" and token.shown[:1].isupper() and not first and not capitals
        meant = corrected(token.word, language, fitting(tokens, place, language))
        if meant is None and (mended := _mended_parts(token.word, language)):
            found += [Token(each, f"{token.shown} ({''.join(mended)})") for each in mended]
            continue
        if is_name and meant is not None and not _descent(meant, language):
            meant = None
        found.append(token if meant is None else replace(token, word=meant, shown=f"{token.shown} ({meant})"))
    return found


def _mended_parts(word: str, language: Language) -> tuple[str, ...]:
    """The parts of a compound one of which is misspelt: hellbrayne. Nothing where there are none, or none is whole."""
    for spoken in _first(language):
        for cut in range(len(word) - SHORTEST_MENDED, SHORTEST_PART - 1, -1):
            head, tail = word[:cut], word[cut:]
            if _says(head, spoken) and (meant := corrected(tail, spoken)) and _says_in_a_form(meant, spoken):
                return head, meant
        for cut in range(SHORTEST_MENDED, len(word) - SHORTEST_PART + 1):
            head, tail = word[:cut], word[cut:]
            if _says_in_a_form(tail, spoken) and (meant := corrected(head, spoken)) and _says(meant, spoken):
                return meant, tail
    return ()


def _says_in_a_form(word: str, language: Language) -> bool:
    return any(_says(form.word, language) for form in forms_of(word, language))


def _descent(word: str, language: Language) -> bool:
    """Whether a word says where somebody comes from, which has a capital."""
    found = lexicon().phrases[language].get(word, ())
    return any(wish.target.startswith("ancestry") for _, entry in found for wish in entry.alone)


def _known(word: str) -> bool:
    table = lexicon().vocabulary
    return any(
        form.word in table[language] and (form.word == word or len(word) > SHORTEST_PART)  # amn is no form of am
        for language in LANGUAGES
        for form in forms_of(word, language)
    )


def _parts(word: str, language: Language) -> tuple[str, ...] | None:
    """Dunkelrot in dunkel and rot: words of the table that say something, both."""
    for spoken in _first(language):
        for cut in range(len(word) - SHORTEST_PART, SHORTEST_PART - 1, -1):
            head, tail = word[:cut], word[cut:]
            if not _says(head, spoken) or not _says_in_a_form(tail, spoken):
                continue
            return head, tail
    return None


def _first(language: Language) -> list[Language]:
    return [language, *(each for each in LANGUAGES if each != language)]


def _says(word: str, language: Language) -> bool:
    return any(
        len(words) == 1 and entry.role in ("word", "shade") and not entry.lack
        for words, entry in lexicon().phrases[language].get(word, ())
    )


def _chosen(items: Sequence[Item], place: int) -> Item:
    """An item whose phrase has several rows, with the one that fits: a word of degree only before another word."""
    item = items[place]
    if not item.others or item.entry is None:
        return item
    following = next((each for each in items[place + 1 :] if each.role not in ("stop",)), None)
    before_word = following is not None and following.is_word and following.entry is not None and (
        not following.entry.topic or bool(following.entry.alone)
    )  # fmt: skip
    if before_word and item.entry.topic == "person":
        # "junge Frau": an adjective, not a boy.
        plain = [each for each in item.others if each.role == "word" and not each.topic]
        if plain:
            return replace(item, entry=plain[0])
    degrees = [each for each in (item.entry, *item.others) if each.role in DEGREES]
    # Also at the end: "smiling slightly".
    ends = (following is None or following.sign != "" or following.role in ("and", "but")) and place > 0
    if degrees and (before_word or (ends and items[place - 1].is_word)):
        return replace(item, entry=degrees[0])
    plain = [each for each in (item.entry, *item.others) if each.role not in DEGREES]
    return replace(item, entry=plain[0]) if plain else item
