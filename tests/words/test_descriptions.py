# SPDX-License-Identifier: Apache-2.0
"""Whole descriptions: the table of them, the same misspelt, and rules that one of them shows best."""

from __future__ import annotations

import subprocess
import sys

import pytest

from portrait_core.errors import UsageError
from portrait_core.words.description import LONGEST, Description, described
from portrait_core.words.recipes import lines_about
from portrait_core.words.slips import cost
from tests.words.misspelt import misspelt
from tests.words.table import missed, rows

ROWS = [*rows(), *rows("fresh.txt"), *rows("fresh2.txt"), *rows("fresh3.txt"), *rows("fresh4.txt"), *rows("fresh5.txt")]


def attributes(text: str) -> dict[str, float]:
    return described(text).attributes


def test_of_the_table_at_least_95_in_100_are_read_as_they_are_meant() -> None:
    assert len(ROWS) >= 200
    wrong = {row.text: found for row in ROWS if (found := missed(row))}
    assert len(wrong) <= 0.05 * len(ROWS), wrong


@pytest.mark.parametrize("seed", [0])
def test_of_the_table_with_a_letter_wrong_at_least_85_in_100(seed: int) -> None:
    texts = {misspelt(row.text, seed): row for row in ROWS}
    assert sum(text != row.text for text, row in texts.items()) > 0.95 * len(ROWS)
    wrong = {text: found for text, row in texts.items() if (found := missed(row, text))}
    assert len(wrong) <= 0.15 * len(ROWS), wrong


def test_of_what_was_typed_in_a_hurry_at_least_85_in_100() -> None:
    typed = [row for name in ("", "2", "3", "4", "5") for row in rows(f"typing{name}.txt")]
    wrong = {row.text: found for row in typed if (found := missed(row))}
    assert len(wrong) <= 0.15 * len(typed), wrong


def test_the_table_of_expectations_can_fail() -> None:
    (row,) = [each for each in ROWS if each.text == "blue eyes"]
    assert missed(row, "brown eyes") == ["eye_blue+"]
    assert missed(row, "xyz") == list(row.expected)


@pytest.mark.parametrize(
    "text", ["", "   ", "xyzzy qwrt", "the of and", "12345", "\U0001f600", "no glasses", "glasses"]
)
def test_a_text_without_a_word_that_can_be_shown_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="description"):
        described(text)


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(UsageError, match=str(LONGEST)):
        described("old " * LONGEST)


def test_adjectives_belong_to_their_own_nouns() -> None:
    found = attributes("thick dark brows and thin red lips")
    assert found["brow_thickness"] > 1 and found["brow_darkness"] > 1
    assert found["lip_fullness"] < -1 and found["lip_colour"] > 1
    assert "hair_blond" not in found and "weight" not in found
    assert attributes("thin lips")["lip_fullness"] < 0 < attributes("full lips")["lip_fullness"]


@pytest.mark.parametrize("text", ["a man with a thick black moustache", "ein Mann mit dicker schwarzer Brille"])
def test_adjectives_of_what_is_not_there_go_with_it(text: str) -> None:
    found = described(text)
    assert found.attributes == {"gender": 1.5} and len(found.lacking) == 1


@pytest.mark.parametrize(
    "text", ["small, dark eyes", "eyes: small, dark", "the eyes are small and dark", "dark small eyes"]
)
def test_the_order_of_words_does_not_matter(text: str) -> None:
    assert attributes(text) == {"eye_size": -1.6, "eye_blue": -2.0, "eye_lightness": -1.5}


def test_degrees_are_in_order() -> None:
    said = [
        attributes(f"{degree} wide nose")["nose_width"] for degree in ("slightly", "rather", "", "very", "extremely")
    ]
    assert said == sorted(said) and len(set(said)) == 5
    assert said[0] > 0 and said[-1] <= 3


def test_negation_ends_where_the_sentence_goes_on() -> None:
    found = attributes("no beard, brown eyes")
    assert found["stubble"] < 0 and found["eye_blue"] < 0
    assert attributes("without freckles or a beard") == {"freckles": -2.0, "stubble": -2.0}
    assert described("not smiling but freckled").attributes["freckles"] > 0
    assert "hair_bald" not in attributes("no long hair")


def test_comparisons_are_about_who_is_there() -> None:
    older = described("much older, less freckles")
    assert older.attributes_over({"age": -1.5, "freckles": 1.0}) == {"age": 0.5, "freckles": 0.0}
    assert older.attributes == {"age": 2.0, "freckles": -1.0}
    assert described("older").attributes_over({"age": 2.8}) == {"age": 3.0}


@pytest.mark.parametrize(
    ("text", "age"),
    [
        *(("about sixty", 0.91), ("60 years old", 0.91), ("in her sixties", 1.13), ("a 60-year-old", 0.91)),
        *(("aged 45", 0.4), ("mid-forties", 0.4), ("Mitte vierzig", 0.4), ("fünfundvierzig Jahre alt", 0.4)),
        *(("in his early 50s", 0.63), ("woman, 52, blond", 0.63), ("between 50 and 54", 0.63), ("50-54", 0.63)),
        *(("19 years old", -3.0), ("95 years old", 3.0), ("ein 30-Jähriger", -0.1), ("um die sechzig", 0.91)),
    ],
)
def test_ages_in_words_and_digits(text: str, age: float) -> None:
    assert attributes(text)["age"] == pytest.approx(age, abs=0.02)


@pytest.mark.parametrize(
    "text", ["6 feet tall, bald", "180 cm, bald", "5'11\", bald", "80 kg, bald", "bald, route 66 and room 12 a"]
)
def test_other_numbers_are_no_ages(text: str) -> None:
    assert "age" not in attributes(text)


def test_what_is_not_understood_or_not_there_is_told() -> None:
    found = described("an old man with horn-rimmed glasses, a zorble, and a green beard")
    assert found.unknown == ("zorble",)
    assert [words for words, _ in found.lacking] == ["horn rimmed glasses", "green beard"]
    told = "\n".join(lines_about(found))
    assert "not understood: zorble" in told and "glasses (nothing is worn on the face)" in told
    assert "nearest is stubble" in told


def test_misspelt_words_are_told_and_other_words_are_left_alone() -> None:
    (part,) = described("frecklse").parts[:1]
    assert part.words == "frecklse (freckles)"
    for text, word in (("a loan officer, bald", "loan"), ("bald, from Rome", "Rome"), ("bald, called Harry", "Harry")):
        assert described(text).unknown == (word,) or "hair_grey" not in attributes(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        *(("brwon hait", "brown hair"), ("a bearf", "a beard"), ("old ladu", "old lady"), ("beaadr", "beard")),
        *(("thriities", "thirties"), ("chubbiet", "chubbier"), ("hellbrayne Haare", "hellbraune Haare")),
        *(("dunkkelblaues Hemd", "dunkelblaues Hemd"), ("shrt blond hair", "short blond hair")),
        ("Nigerian amn", "Nigerian man"),
    ],
)
def test_slips_of_fingers(text: str, meant: str) -> None:
    assert attributes(text) == attributes(meant) != {}


def test_slips_that_are_easily_made_cost_less() -> None:
    assert cost("beard", "beard") == 0
    assert cost("bearf", "beard") < cost("bearx", "beard")
    assert cost("baerd", "beard") < cost("bard", "beard") < cost("bearfx", "beard")


def test_umlauts_may_be_written_in_any_way() -> None:
    one, other, third = (
        described(each) for each in ("grüne Augen, weiß", "gruene Augen, weiss", "GRU\u0308NE AUGEN, WEISS")
    )
    assert one.attributes == other.attributes == third.attributes


def test_german_compounds_and_endings() -> None:
    assert attributes("dunkelrotes Hemd") == attributes("dark red shirt")
    assert attributes("blauäugiger Mann")["eye_blue"] == attributes("blue-eyed man")["eye_blue"]
    assert attributes("ein breiter Mund") == attributes("wide mouth")
    assert described("ein breiterer Mund").parts[0].relative


def test_light_eyes_bring_light_skin_unless_words_say_otherwise() -> None:
    assert attributes("green eyes")["ancestry_african"] < 0
    african = described("Nigerian woman with green eyes")
    assert african.attributes["ancestry_african"] > 1 and "light eyes show little" in " ".join(african.notes)
    assert [words for words, why in described("a woman with a beard").lacking if "masculine" in why] == ["beard"]


def test_the_same_words_mean_the_same_anywhere() -> None:
    text = "a woman of about sixty, long grey hair, green eyes, wavy fringe, smiling, dark red shirt"
    program = f"from portrait_core.words.description import described; print(described({text!r}).facts())"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "5"}
    )
    assert done.stdout == f"{described(text).facts()}\n"


def test_the_room_needs_nothing_heavy() -> None:
    program = (
        "import sys; import portrait_core.words.description as d; d.described('old man');"
        "print([each for each in ('numpy', 'torch', 'pydantic', 'PIL', 'scipy') if each in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_facts_are_plain_data() -> None:
    import json

    found: Description = described("older woman, bald, glasses, blork")
    assert json.loads(json.dumps(found.facts())) == found.facts()
