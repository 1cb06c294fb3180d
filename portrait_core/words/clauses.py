# SPDX-License-Identifier: Apache-2.0
"""Which word belongs to which noun, and what degrees, negations and comparisons do to it.

A text is parted into segments by signs and by *and*, *or*, *but*, *with*. Within a segment an adjective belongs to the
noun behind it, else to the one before it (*the eyes are green*); where its segment has no noun for it, to that of a
neighbouring one (*small, dark eyes*; *her hair is long and grey*), or it means the person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from portrait_core.words.lexicon import Entry
from portrait_core.words.reading import Item

FACTORS = {"extremely": 2.0, "very": 1.5, "rather": 0.8, "bit": 0.5}
SUPERLATIVE = 1.7
"""How much more than the plain word a degree says."""

STEPS = {"extremely": 2.0, "much": 2.0, "very": 1.5, "rather": 0.8, "bit": 0.5}
"""The same for comparatives, in standard deviations."""


WORN = ("in", "wearing", "wears", "dressed", "clad", "gekleidet", "bekleidet", "angezogen")
"""Joining words behind which a colour alone is that of clothes."""


@dataclass(eq=False)
class Mention:
    """One word that says something, with what stands to it.

    Attributes:
        item: the word.
        topic: what it belongs to: the topic of a noun, or ``alone``; empty while that is open.
        noun: how that noun was written.
        factor: how much of the usual it says.
        step: for a comparison, standard deviations towards it (negative: away from it); else 0.
        negated: whether it is said not to be.
        shade: -1 darker, 1 lighter, from a word before a colour.
        before: the words of degree and negation, as written.
    """

    item: Item
    entry: Entry
    topic: str = ""
    noun: str = ""
    factor: float = 1.0
    step: float = 0.0
    negated: bool = False
    shade: float = 0.0
    before: list[str] = field(default_factory=list[str])
    copula: bool = False
    """Whether a copula stands between it and the word before."""
    silent: bool = False
    """Whether it only says what another word belongs to, though the starter has no such thing by itself."""

    @property
    def is_noun(self) -> bool:
        return bool(self.entry.topic) and self.entry.topic not in ("pronoun", "years")

    @property
    def shown(self) -> str:
        return " ".join(
            dict.fromkeys(" ".join(each for each in (*self.before, self.item.shown, self.noun) if each).split(" "))
        )

    def accepts(self, topic: str) -> bool:
        """Whether it means something beside a noun of this topic."""
        if topic == "person":
            return "person" in self.entry.beside or "alone" in self.entry.beside
        return topic in self.entry.beside


@dataclass(eq=False)
class Segment:
    """What stands between two signs or joining words; ``join`` is what stands before it, ``joined`` as written."""

    join: str
    joined: str = ""
    mentions: list[Mention] = field(default_factory=list[Mention])

    @property
    def nouns(self) -> list[Mention]:
        return [each for each in self.mentions if each.is_noun]

    @property
    def predicative(self) -> bool:
        """Whether its last adjective stands behind its noun."""
        return bool(self.nouns) and not self.mentions[-1].is_noun


def mentions_of(items: Sequence[Item]) -> tuple[list[Mention], list[str]]:
    """The mentions of a text with their topics, and the words that nothing was understood of."""
    segments, unknown = _segments(items)
    for place, segment in enumerate(segments):
        for index, mention in enumerate(segment.mentions):
            if mention.is_noun:
                mention.topic = "alone"
            else:
                _bind(mention, index, segments, place)
    for segment in segments:
        _take_in(segment)
    return [each for segment in segments for each in segment.mentions], unknown


def _segments(items: Sequence[Item]) -> tuple[list[Segment], list[str]]:
    segments = [Segment("start")]
    unknown: list[str] = []
    state = _State()
    for item in items:
        role = item.role
        if item.sign == ":":
            continue  # "Eyes: green" is as good as "eyes green"
        if role in ("sign", "and", "or", "but", "with"):
            state.trail(segments[-1])
            join = "stop" if item.sign in (".", "!", "?", ";", "\n") else "comma" if item.sign else role
            state.at_join(join)
            segments.append(Segment(join, item.shown.lower()))
        elif role == "unknown":
            unknown.append(item.shown)
        elif item.is_word and item.entry is not None:
            segments[-1].mentions.append(state.mention(item, item.entry))
        else:
            state.take(role, item.shown)
    state.trail(segments[-1])
    for segment in segments:
        _shade(segment)
    return [each for each in segments if each.mentions], unknown


class _State:
    """Degrees, negations and comparisons that wait for the word that they belong to."""

    def __init__(self) -> None:
        self.negated = self.copula = False
        self.degree = self.compared = ""
        self.shown: list[str] = []

    def take(self, role: str, shown: str) -> None:
        if role in ("not", "hardly"):
            self.negated = True
        elif role in ("more", "less", "longer"):
            self.compared = role
        elif role == "much" or role in FACTORS:
            self.degree = role
        elif role == "copula":
            self.copula = True
            return
        else:
            return
        self.shown.append(shown)

    def trail(self, segment: Segment) -> None:
        """A degree at the end belongs to the word before it: smiling slightly."""
        if self.degree in FACTORS and segment.mentions and not segment.mentions[-1].step:
            last = segment.mentions[-1]
            last.factor, self.degree = FACTORS[self.degree], ""
            last.before = [*last.before, *self.shown[-1:]]

    def at_join(self, join: str) -> None:
        if join not in ("or", "and"):
            self.negated = False
        if join == "and" and self.degree == "":
            self.negated = False
        self.degree = self.compared = ""
        self.copula = False
        if not self.negated:
            self.shown = []

    def mention(self, item: Item, entry: Entry) -> Mention:
        mention = Mention(item, entry, negated=self.negated, before=self.shown, copula=self.copula)
        comparative = item.degree == 1 or self.compared in ("more", "less")
        if self.compared == "longer":
            mention.negated = True
        elif comparative and not (item.degree == 1 and entry.fixed and not entry.topic):
            step = STEPS.get(self.degree, 1.0)
            away = self.compared == "less" or (self.negated and self.compared != "more")
            mention.step, mention.negated = -step if away else step, False
        elif self.negated and self.degree in FACTORS:
            mention.factor = 1.0
        else:
            mention.factor = FACTORS.get(self.degree, SUPERLATIVE if item.degree == 2 else 1.0)
        self.degree = self.compared = ""
        self.copula = False
        self.shown = [each for each in self.shown if self.negated][:1]
        return mention


def _shade(segment: Segment) -> None:
    """A shade right before a colour changes that colour, and is no colour of its own."""
    kept: list[Mention] = []
    for mention in segment.mentions:
        before = kept[-1] if kept else None
        if before is not None and before.entry.role == "shade" and mention.entry.is_colour and not mention.copula:
            kept.pop()
            mention.shade = before.entry.shade * min(1.5, before.factor)
            mention.before = [*before.before, before.item.shown, *mention.before]
            mention.negated = mention.negated or before.negated
        kept.append(mention)
    segment.mentions = kept


def _bind(mention: Mention, index: int, segments: Sequence[Segment], place: int) -> None:
    segment = segments[place]
    behind = segment.mentions[index + 1 :]
    for count, noun in enumerate(behind):
        if any(each.copula for each in behind[: count + 1]):
            break
        if noun.is_noun and mention.accepts(noun.entry.topic):
            _belong(mention, noun)
            return
    thing = next((each for each in behind if not (each.entry.is_colour and not each.copula)), None)
    if thing and thing.entry.lack and not thing.copula and not (mention.entry.lack or mention.entry.topic):
        _belong(mention, thing)  # with what stands between, as in "thick black moustache"
        return
    for noun in reversed(segment.mentions[:index]):
        if noun.is_noun and mention.accepts(noun.entry.topic):
            _belong(mention, noun)
            return
    if any(each.is_noun and each.entry.topic not in ("person", "clothes") for each in segment.mentions):
        fitting = mention.entry.alone or mention.entry.lack or mention.entry.topic
        mention.topic = "alone" if fitting else ""
        if not fitting and any(each.is_noun for each in behind[:2]):
            # A known word beside a known noun, and nothing that both mean together.
            noun = next(each for each in behind if each.is_noun)
            mention.topic, mention.noun = "nothing", noun.item.shown
        return
    _bind_beyond(mention, segments, place)


def _bind_beyond(mention: Mention, segments: Sequence[Segment], place: int) -> None:
    """Bind a mention whose own segment has no noun for it."""
    segment = segments[place]
    alone = bool(mention.entry.beside.get("alone")) or bool(mention.entry.lack) or bool(mention.entry.topic)
    if mention.entry.alone_first and alone:
        mention.topic = "alone"
        return
    following = _noun_behind(mention, segments, place)
    if following is None and segment.joined in WORN and mention.entry.is_colour and mention.accepts("clothes"):
        mention.topic, mention.noun = "clothes", ""
        return
    last = _noun_before(segments, place)
    before = segments[place - 1] if place else None
    chained = before is not None and before.predicative and segment.join in ("and", "comma", "but", "or")
    fits = chained and last is not None and mention.accepts(last.entry.topic)
    if fits and last is not None and (last.entry.topic != "person" or following is None):
        _belong(mention, last)
        return
    if following is not None:
        _belong(mention, following)
    elif alone:
        mention.topic = "alone"
    elif last is not None and mention.accepts(last.entry.topic) and last.entry.topic != "person":
        _belong(mention, last)
    elif "person" in mention.entry.beside:
        mention.topic = "person"


def _noun_before(segments: Sequence[Segment], place: int) -> Mention | None:
    for segment in reversed(segments[: place + 1]):
        nouns = [each for each in segment.nouns if not each.entry.lack]
        if nouns:
            return nouns[-1]
        if segment.join == "stop":
            return None
    return None


def _noun_behind(mention: Mention, segments: Sequence[Segment], place: int) -> Mention | None:
    for segment in segments[place + 1 :]:
        if segment.join not in ("comma", "and", "or"):
            return None
        if not segment.nouns:
            continue
        first = segment.nouns[0]
        until = segment.mentions[: segment.mentions.index(first) + 1]
        taken = any(each.entry.is_colour for each in until[:-1]) and mention.entry.is_colour
        if (
            any(each.copula for each in until)
            or (len(until) == 1 and first.entry.topic not in first.entry.beside)
            or taken
            or first.entry.topic == "person"
        ):
            return None
        return first if mention.accepts(first.entry.topic) else None
    return None


def _belong(mention: Mention, noun: Mention) -> None:
    topic = noun.entry.topic
    if noun.entry.lack and mention.accepts(topic):
        noun.silent = True
        mention.topic, mention.noun = topic, noun.item.shown
    elif noun.entry.lack:
        mention.topic, mention.noun = "lack", noun.item.shown
        noun.before = [*noun.before, mention.item.shown]
    elif topic == "person":
        mention.topic = "person" if "person" in mention.entry.beside else "alone"
    else:
        mention.topic, mention.noun = topic, noun.item.shown


def _take_in(segment: Segment) -> None:
    """Negation: ``no long hair`` says nothing of having hair; ``no thick beard`` says that there is no beard."""
    for place, noun in enumerate(segment.mentions):
        if not noun.is_noun or not noun.negated:
            continue
        beside = [each for each in segment.mentions[:place] if each.noun == noun.item.shown and each.negated]
        if not beside:
            continue
        if noun.entry.alone or noun.entry.lack:
            segment.mentions = [each for each in segment.mentions if each not in beside]
        else:
            noun.negated = False
