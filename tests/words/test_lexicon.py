# SPDX-License-Identifier: Apache-2.0
"""Every row of the table: it names what the starter has, each of its words is read, and moves the avatar as it says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import cast

import numpy as np
import pytest

from cli import words_page
from portrait_core.errors import UsageError
from portrait_core.face.emotions import EXPRESSIONS
from portrait_core.recipe import Recipe
from portrait_core.weights.header import read_header
from portrait_core.weights.registry import find_model
from portrait_core.words.ages import years_to_deviations
from portrait_core.words.description import SEED, described
from portrait_core.words.lexicon import Entry, lexicon
from portrait_core.words.spelling import corrected, distance
from portrait_core.words.styles import GARMENTS, STYLE_ATTRIBUTES, SURE
from portrait_core.words.tokens import words_of
from portrait_core.words.wishes import Wish
from portrait_core.world.latent import NAMES, STYLES, Attributes, attributes

HEADER = read_header(find_model("starter"))
ENTRIES = [each for each in lexicon().entries if each.role in ("word", "shade")]
LANGUAGES = ("en", "de")


def first_name(topic: str, language: str) -> str:
    """A noun of a topic that means nothing by itself."""
    plain = [each for each in ENTRIES if each.topic == topic and each.names[language] and not each.alone]
    named = plain or [each for each in ENTRIES if each.topic == topic and each.names[language]]
    return named[0].names[language].split(",")[0]


def cases(language: str) -> Iterator[tuple[str, Entry, str, tuple[Wish, ...]]]:
    """Every row beside every noun that it has a meaning for, and each of its phrases beside one of them."""
    for entry in ENTRIES:
        names = filter(None, (each.strip() for each in entry.names[language].split(",")))
        for count, name in enumerate(names):
            beside = list(entry.beside.items())
            for topic, wishes in beside if count == 0 else beside[:1]:
                if wishes is None or any(wish.target == "rgb" for wish in wishes):
                    continue
                if topic in ("alone", "person"):
                    yield name, entry, topic, wishes
                elif any(each.topic == topic and each.names[language] for each in ENTRIES):
                    yield f"{name} {first_name(topic, language)}", entry, topic, wishes


def test_rows_name_what_the_starter_has() -> None:
    known = {each.name: each for each in HEADER.latent.attributes}
    hair, garments = (set(cast("list[str]", HEADER.parts[room])) for room in ("hair", "garments"))
    for entry in ENTRIES:
        for wish in entry.all_wishes():
            if wish.target.startswith("face."):
                assert wish.target.removeprefix("face.") in {*EXPRESSIONS, "neutral"}, wish
                assert 0 <= wish.number <= 1
            elif wish.target == "style":
                assert wish.value in hair
            elif wish.target == "garment":
                assert wish.value in GARMENTS
            elif wish.target not in ("rgb", "hair", "years"):
                assert known[wish.target].low <= wish.number <= known[wish.target].high, wish
    assert {name for pair in GARMENTS.values() for name in pair} <= garments
    assert set(STYLE_ATTRIBUTES) == hair
    assert set(STYLE_ATTRIBUTES.values()) <= known.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_asks_for_what_its_row_says(language: str) -> None:
    """Sign and amount of each wish, through the whole of the reader. A few phrases are longer than their words: `small
    nose` may be of another row that is read first."""
    wrong: list[str] = []
    count = 0
    for text, _, topic, wishes in cases(language):
        if topic == "person":
            continue
        count += 1
        try:
            found = described(text)
        except UsageError:
            wrong.append(text)
            continue
        said = found.attributes | {
            f"face.{each.name}": each.value for each in found.parts if each.field == "expression"
        }
        for wish in wishes:
            if wish.target in ("style", "garment", "hair", "years") or wish.manner == "add":
                continue
            value = said.get(wish.target)
            if not isinstance(value, float) or abs(value - wish.number) > 0.5:
                wrong.append(f"{text}: {wish.target} {value}, expected {wish.value}")
    assert count > {"en": 900, "de": 600}[language]
    assert len(wrong) < 0.03 * count, wrong


@pytest.mark.parametrize("topology", ["parts", "shell"])
def test_what_is_read_makes_a_recipe(topology: str) -> None:
    """Every phrase of the tables, alone and as somebody is spoken of: what can be read can be made."""
    made = 0
    for text in {text for language in LANGUAGES for text, *_ in cases(language)}:
        for spoken in (text, f"a man, {text}"):
            try:
                found = described(spoken)
            except UsageError:
                continue  # says itself that no word can be shown
            Recipe(**{"topology": topology, **found.fields(topology=topology)})
            made += 1
    assert made > 3000


@pytest.mark.parametrize("text", ["a stern man", "a very serious old woman", "eine ernste Frau", "poker-faced, bald"])
def test_a_face_at_rest_is_no_shape_of_it(text: str) -> None:
    found = described(text)
    assert found.says_face and found.expression == {}


def world(text: str, **others: float) -> Attributes:
    """What the starter's world makes of a description, all that it leaves open being as it mostly is."""
    z = np.zeros((1, 66))
    for name, value in (others | described(text).attributes).items():
        if name in NAMES:
            z[0, NAMES.index(name)] = value
        else:
            found = HEADER.latent.find(name)
            assert found is not None
            direction = np.asarray(found.direction)
            direction = direction / np.linalg.norm(direction)
            z[0] += (value - z[0] @ direction) * direction
    return attributes(z)


def light(colour: np.ndarray) -> float:
    return float(colour[0].mean())


def test_colours_of_hair_are_these_colours_at_any_age() -> None:
    for age in ("25", "70"):
        hair = {
            each: world(f"white woman, {age} years old, {each} hair").hair[0]
            for each in (
                "black",
                "dark brown",
                "brown",
                "light brown",
                "dark blond",
                "blond",
                "platinum blond",
                "red",
                "grey",
            )
        }
        order = ("black", "dark brown", "brown", "light brown", "dark blond", "blond", "platinum blond")
        lights = [float(hair[each].mean()) for each in order]
        assert lights == sorted(lights) and lights[-1] - lights[0] > 0.5, lights
        assert hair["red"][0] > 2 * hair["red"][1]
        assert np.ptp(hair["grey"]) < 0.05 < hair["grey"].mean() - 0.4
        assert np.ptp(hair["blond"]) > 0.2


def test_colours_of_eyes_are_these_colours() -> None:
    iris = {
        each: world(f"{each} eyes").iris[0] for each in ("blue", "green", "brown", "dark brown", "light brown", "hazel")
    }
    assert iris["blue"][2] > iris["blue"][1] > iris["blue"][0]
    assert iris["green"][1] == max(iris["green"]) and iris["green"][1] > iris["green"][2] + 0.1
    assert iris["brown"][0] > 1.5 * iris["brown"][2]
    assert iris["dark brown"].mean() < iris["brown"].mean() < iris["light brown"].mean()
    assert iris["hazel"][0] > iris["hazel"][2] and iris["hazel"][1] > 1.5 * iris["brown"][1]


def test_colours_of_cloth_are_as_near_as_the_world_has_them() -> None:
    for text, wanted in (
        *(("red shirt", "c01818"), ("navy suit", "14224a"), ("mustard jumper", "c89a1e"), ("teal top", "14767a")),
        *(
            ("black coat", "241f1f"),
            ("grey jumper", "808080"),
            ("purple dress", "6b2a8c"),
            ("light pink top", "f0b8c8"),
        ),
    ):
        made = world(text).cloth[0]
        want = np.array([int(wanted[k : k + 2], 16) / 255 for k in (0, 2, 4)])
        assert np.abs(made - want).max() < 0.14, (text, made, want)
    assert (
        light(world("dark green shirt").cloth)
        < light(world("green shirt").cloth)
        < light(world("light green shirt").cloth)
    )


def test_skin_age_beard_and_hair_follow_their_words() -> None:
    tones = [float(world(f"{each} skin").tone[0]) for each in ("porcelain", "fair", "tanned", "dark", "ebony")]
    assert tones == sorted(tones) and tones[-1] > 0.7 and tones[0] < 0.1
    assert world("Nigerian man").ancestry[0].argmax() == 0
    assert world("Korean woman").ancestry[0].argmax() == 1
    assert world("Polish woman").ancestry[0].argmax() == 2
    assert float(world("bushy beard").stubble[0]) > 0.95 and float(world("clean-shaven man").stubble[0]) < 0.01
    assert float(world("stubble").stubble[0]) > 0.5
    assert float(world("freckles").freckles[0]) > 0.9
    assert float(world("wrinkled").wrinkles[0]) > 0.4
    for text in ("bald man", "bald woman", "bald young woman, 20 years old", "old man, hair shaved off, bald"):
        assert STYLES[int(world(text).style[0].argmax())] == "bald", text
    for years in (25, 40, 60, 79):
        grown = float(world(f"{years} years old").age[0])
        assert 25 + 130 * (grown - 0.5) == pytest.approx(years, abs=0.6)
    assert years_to_deviations(18) == -3 and years_to_deviations(90) == 3


def test_the_attribute_of_a_style_makes_it_certain() -> None:
    for style, name in STYLE_ATTRIBUTES.items():
        found = HEADER.latent.find(name)
        assert found is not None and found.direction is not None
        z = np.zeros((1, 66))
        direction = np.asarray(found.direction)
        z[0] = SURE * direction / np.linalg.norm(direction)
        assert STYLES[int(attributes(z).style[0].argmax())] == style


def test_whoever_words_do_not_describe_has_nothing_striking() -> None:
    z = np.random.RandomState(SEED).randn(1, 66)[0]
    assert np.abs(z[: len(NAMES)]).max() < 1.35


def test_common_words_are_not_taken_for_misspelt_ones() -> None:
    for word in ("loan", "harsh", "noise", "eve", "grew", "bread", "board", "beads", "listed"):
        assert corrected(word, "en") is None, word
    assert corrected("frekles", "en") == "freckles" and corrected("ginegr", "en") == "ginger"
    assert corrected("Augne".lower(), "de") == "augen"


def test_distance_is_that_of_its_definition() -> None:
    for one, other, wanted in (
        ("hair", "hair", 0),
        ("hiar", "hair", 1),
        ("hai", "hair", 1),
        ("hxir", "hair", 1),
        ("ahri", "hair", 2),
    ):
        assert distance(one, other) == distance(other, one) == wanted


def test_phrases_of_one_language_have_one_meaning() -> None:
    """A phrase that stands in two rows is read as the first; the second would never be."""
    for language in LANGUAGES:
        seen: dict[tuple[str, ...], Entry] = {}
        twice: list[str] = []
        for entry in ENTRIES:
            for name in filter(None, (each.strip() for each in entry.names[language].split(","))):
                words = words_of(name)
                other = seen.setdefault(words, entry)
                if other is not entry and not (other.lack and entry.lack):
                    twice.append(" ".join(words))
        assert not list(islice(twice, 30)), twice


def test_the_page_of_the_documentation_is_made_of_the_table() -> None:
    assert words_page.PAGE.read_text(encoding="utf-8") == words_page.page(), "run `python -m cli.words_page`"
