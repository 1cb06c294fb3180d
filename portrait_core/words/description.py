# SPDX-License-Identifier: Apache-2.0
"""A text about a person as what it asks for, with the words that each part of it came from.

>>> described("an old man with green eyes").attributes["gender"]
1.5
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from portrait_core.errors import UsageError
from portrait_core.face.expressions import expression_of
from portrait_core.words.ages import years_to_deviations
from portrait_core.words.clauses import Mention, mentions_of
from portrait_core.words.colours import SHADES, cloth_attributes, shaded
from portrait_core.words.consequences import consequences
from portrait_core.words.reading import items_of
from portrait_core.words.styles import STYLE_ATTRIBUTES, SURE, garment_for, style_for
from portrait_core.words.wishes import Manner, Wish

SEED = 17637
"""Who somebody is where words do not say it: a seed whose person has nothing striking (no attribute beyond 1.3)."""

LONGEST = 4000
"""Characters of a text."""

MOST = 3.0
NEGATED = -0.4
"""What *not wide* is of *wide*."""

AT_REST = "neutral"
"""What the tables call a face that does nothing: it stands in no expression, and ends one that was there."""

_STRENGTH: dict[Manner, int] = {"set": 3, "weak": 2, "hint": 1, "add": 3}


@dataclass(frozen=True)
class Part:
    """One thing that was understood.

    Attributes:
        field: ``attributes``, ``expression``, ``hair_style``, ``garment`` or ``hair``, as in recipes.
        name: the attribute, or the short name of an expression; else empty.
        value: the number, or the style.
        words: what it came from, as written.
        relative: whether the number is added to what is there.
        implied: whether no word says it, but something else needs it to be seen.
    """

    field: str
    name: str
    value: float | str
    words: str
    relative: bool = False
    implied: bool = False

    def facts(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {key: value for key, value in vars(self).items() if value is not False and value != ""}


@dataclass(frozen=True)
class Description:
    """What a text asks for.

    Attributes:
        text: as it was given.
        parts: all that was understood, in the order of the text.
        lacking: what was understood and cannot be shown, with the reason.
        unknown: the words that were not understood.
        notes: what is shown in the place of something else.
    """

    text: str
    parts: tuple[Part, ...]
    lacking: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def attributes(self) -> dict[str, float]:
        """The attributes, in standard deviations; comparisons count from 0."""
        return self.attributes_over({})

    def attributes_over(self, base: Mapping[str, float]) -> dict[str, float]:
        """The attributes of somebody who stands at ``base`` before: comparisons are added to it."""
        found: dict[str, float] = {}
        for part in self.parts:
            if part.field == "attributes" and isinstance(part.value, float):
                start = found.get(part.name, base.get(part.name, 0.0)) if part.relative else 0.0
                found[part.name] = round(max(-_most(part.name), min(_most(part.name), start + part.value)), 2)
        return found

    @property
    def expression(self) -> dict[str, float]:
        """Weights of the face's shapes."""
        return expression_of(
            {
                each.name: each.value
                for each in self.parts
                if each.field == "expression" and each.name != AT_REST and isinstance(each.value, float)
            }
        )

    @property
    def says_face(self) -> bool:
        """Whether it says what the face does, a face at rest as well."""
        return any(each.field == "expression" for each in self.parts)

    def fields(self, base: Mapping[str, float] | None = None, topology: str = "parts") -> dict[str, Any]:
        """The fields of a recipe that the text speaks of. Shells have none for hair, which becomes an attribute."""
        attributes = self.attributes_over(base or {})
        fields: dict[str, Any] = {
            each.field: each.value for each in self.parts if each.field in ("hair_style", "garment", "hair")
        }
        if topology != "parts":
            style = STYLE_ATTRIBUTES.get(str(fields.get("hair_style", "")))
            attributes |= {style: SURE} if style else {}
            return {"attributes": attributes}
        if self.says_face:
            fields["expression"] = self.expression
        return {**fields, "attributes": attributes}

    def facts(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "text": self.text,
            "understood": [each.facts() for each in self.parts],
            "cannot_show": [{"words": words, "why": why} for words, why in self.lacking],
            "not_understood": list(self.unknown),
            "notes": list(self.notes),
        }


@lru_cache(maxsize=256)
def described(text: str) -> Description:
    """What a text asks for.

    Raises :class:`UsageError` for a text that is too long or says nothing that could be understood and shown.
    """
    if len(text) > LONGEST:
        raise UsageError(f"the description has {len(text)} characters; {LONGEST} are read at most.")
    mentions, unknown = mentions_of(items_of(text))
    told = _Told()
    for mention in mentions:
        told.take(mention)
    unknown = list(dict.fromkeys((*unknown, *told.unknown)))
    parts = told.parts()
    if not parts:
        lacking = "; ".join(f"{words}: {why}" for words, why in told.lacking.items())
        said = f"nothing of it can be shown ({lacking})" if lacking else "no word of it is understood"
        raise UsageError(
            f"description {text.strip()[:80]!r}: {said}. Say how somebody looks, such as: a woman of about sixty, grey "
            "hair, green eyes, smiling."
        )
    return Description(text, tuple(parts), tuple(told.lacking.items()), tuple(unknown), tuple(told.notes))


def _most(name: str) -> float:
    return 6.0 if name.startswith("hair_") and name in {*STYLE_ATTRIBUTES.values(), "hair_bald", "hair_long"} else MOST


@dataclass
class _Told:
    """What mentions have said so far."""

    found: dict[tuple[str, str], tuple[float, Part]] = field(default_factory=dict[tuple[str, str], tuple[float, Part]])
    added: list[Part] = field(default_factory=list[Part])
    lacking: dict[str, str] = field(default_factory=dict[str, str])
    unknown: list[str] = field(default_factory=list[str])
    notes: dict[str, None] = field(default_factory=dict[str, None])

    def take(self, mention: Mention) -> None:
        entry, words = mention.entry, mention.shown
        if mention.topic == "lack" or mention.silent:
            return
        if mention.topic == "nothing":
            self.lacking.setdefault(words, "the starter has no such thing")
            return
        if entry.lack:
            if not mention.negated:
                self.lacking.setdefault(words, entry.lack)
            return
        wishes = entry.beside.get(mention.topic or "alone", ())
        if mention.topic == "person" and not wishes:
            wishes = entry.alone
        if wishes is None:
            self.lacking.setdefault(words, "the starter has no such thing")
            return
        if mention.negated and entry.no is not None and mention.topic == "alone":
            wishes = entry.no
        elif not wishes:
            if not entry.topic:
                self.unknown.append(words)
            return
        if entry.note and not mention.negated:
            self.notes[f"{words}: {entry.note}"] = None
        for wish in wishes:
            self._wish(wish, mention, words, replaced=wishes is entry.no)
        if mention.shade and mention.topic in SHADES and not mention.negated:
            name, amount = SHADES[mention.topic]
            self._shift(name, amount * mention.shade, words)

    def _wish(self, wish: Wish, mention: Mention, words: str, *, replaced: bool) -> None:
        if wish.target == "rgb":
            if not mention.negated:
                for name, value in cloth_attributes(shaded(str(wish.value), mention.shade)).items():
                    self._put("attributes", name, value, 3, words)
        elif wish.target in ("style", "garment", "hair"):
            if not mention.negated:
                name = "hair_style" if wish.target == "style" else wish.target
                self._put(name, "", str(wish.value), _STRENGTH[wish.manner], words)
        elif wish.target == "years":
            self._put("attributes", "age", years_to_deviations(wish.number), 4, words)
        elif wish.target.startswith("face."):
            factor = 0.0 if mention.negated and not replaced else min(mention.factor, 1.3)
            value = min(1.0, wish.number * factor) if not mention.step else 0.5 * mention.step
            self._put("expression", wish.target.removeprefix("face."), max(0.0, round(value, 2)), 3, words)
        else:
            self._attribute(wish, mention, words, replaced=replaced)

    def _attribute(self, wish: Wish, mention: Mention, words: str, *, replaced: bool) -> None:
        if mention.step:
            told = mention.entry.beside.get(mention.topic or "alone") or mention.entry.alone
            # Fewer wrinkles: where a word has nothing but what gives way elsewhere, that is what is compared.
            if wish.number and (wish.manner == "set" or all(each.manner == "weak" for each in told)):
                direction = 1.0 if wish.number > 0 else -1.0
                self.added.append(
                    Part("attributes", wish.target, round(direction * mention.step, 2), words, relative=True)
                )
            return
        factor = 1.0 if mention.entry.fixed or replaced else mention.factor
        if mention.negated and not replaced:
            if wish.manner != "set" or mention.entry.is_colour:
                return
            factor = NEGATED
        # What a noun says of itself gives way to its adjectives: a bushy beard.
        noun = mention.topic == "alone" and mention.is_noun and mention.entry.topic != "person" and not replaced
        value = round(max(-_most(wish.target), min(_most(wish.target), wish.number * factor)), 2)
        if wish.manner == "add":
            if ("attributes", wish.target) in self.found:
                self._shift(wish.target, value, words)
                return
            value = round(value * 1.8, 2)
        self._put("attributes", wish.target, value, min(_STRENGTH[wish.manner], 2.5 if noun else 3), words)

    def _put(self, where: str, name: str, value: float | str, strength: float, words: str) -> None:
        before = self.found.get((where, name))
        if before is None or strength >= before[0]:
            self.found.pop((where, name), None)
            self.found[where, name] = strength, Part(where, name, value, words)

    def _shift(self, name: str, amount: float, words: str) -> None:
        before = self.found.get(("attributes", name))
        start = before[1].value if before is not None and isinstance(before[1].value, float) else 0.0
        value = round(max(-MOST, min(MOST, start + amount)), 2)
        shown = words if before is None or before[1].words in words else f"{before[1].words}, {words}"
        self.found["attributes", name] = before[0] if before else 3, Part("attributes", name, value, shown)

    def parts(self) -> list[Part]:
        """All that was understood, with what follows from it."""
        parts = [part for _, part in self.found.values()]
        numbers = {
            each.name: each.value for each in parts if isinstance(each.value, float) and each.field == "attributes"
        }
        gender = numbers.get("gender", 1.5 if numbers.get("stubble", 0.0) > 0 else 0.0)
        if not any(each.field == "hair_style" for each in parts):
            style = style_for(numbers, gender)
            source = next((each for each in parts if each.name in ("hair_length", "hair_curl")), None)
            if style is not None and source is not None and not any(each.field == "hair" for each in parts):
                parts.append(Part("hair_style", "", style, source.words))
        parts = [
            Part(each.field, "", garment_for(str(each.value), gender), each.words) if each.field == "garment" else each
            for each in parts
        ]
        parts += self.added
        implied, notes, lacking = consequences(
            {**numbers, **{each.name: 0.0 for each in self.added}}, parts_said(parts)
        )
        for note in notes:
            self.notes[note] = None
        self.lacking |= lacking
        parts += [Part("attributes", name, value, why, implied=True) for name, (value, why) in implied.items()]
        return parts


def parts_said(parts: list[Part]) -> dict[str, str]:
    """The words of each attribute that words say."""
    return {each.name: each.words for each in parts if each.field == "attributes"}
