# SPDX-License-Identifier: Apache-2.0
"""Sentences with values: the template is translated, then filled; what stands in its places is left alone."""

from __future__ import annotations

from blender_addon.core.failure import WORDS, Failure, engine_failure
from blender_addon.core.remedies import ADVICE, places
from blender_addon.core.text import Text, as_it_is
from portrait_core.protocol import ERROR_CODES, REMEDIES
from tests.addon_package.texts import german


def in_german(text: Text) -> str:
    return text.put(lambda template: german().get(template, template))


def test_a_template_is_translated_and_filled() -> None:
    assert in_german(Text("Generating {name}", name="Portrait 7")) == "Portrait 7 wird erzeugt"
    told = Text("{reason} It was started {count} times.", reason=Text("The engine ended: {how}.", how=3), count=2)
    assert in_german(told) == "Der Motor hat aufgehört: 3. Er wurde 2-mal gestartet."
    assert str(told) == "The engine ended: 3. It was started 2 times."


def test_what_stands_in_a_place_is_nobody_s_template() -> None:
    """Names of files and other programs' words may look like sentences of ours, or hold braces."""
    for name in ("12 s left", "Generating {name}", "{}", "{0}", "Cancelled"):
        assert in_german(Text("Generating {name}", name=name)) == f"{name} wird erzeugt"
        assert in_german(as_it_is(name)) == name
    assert in_german(Text('Attributes as JSON, such as {"age": 1.5}')).endswith('{"age": 1.5}')


def test_every_code_has_words() -> None:
    assert set(ERROR_CODES) <= WORDS.keys()
    for code in WORDS:
        told = Failure(code)
        assert told.title and told.advice and told.message and told.title != str(told.advice)
        assert {told.title, told.advice.template} <= german().keys()


def test_every_remedy_of_the_protocol_has_words() -> None:
    assert ADVICE.keys() == REMEDIES.keys()
    for code, needed in REMEDIES.items():
        assert places(ADVICE[code]) <= set(needed), code


def test_a_remedy_is_said_in_the_words_of_the_panels() -> None:
    event = {"code": "usage", "message": "device cuda is not available here", "advice": "Change the settings."}
    told = engine_failure({**event, "remedy": {"do": "choose_device", "device": "cpu"}})
    assert str(told.message) == "Device cuda is not available here."
    assert str(told.advice) == "Choose the device cpu in the add-on's preferences."
    assert in_german(told.advice) == "In den Einstellungen des Add-ons das Gerät cpu wählen."
    assert "--" not in str(told.sentence)
    told = engine_failure({**event, "remedy": {"do": "set_field", "field": "texture", "value": "field"}})
    assert str(told.advice) == "Set “Colours From” to “Solid” in the Create panel."
    assert in_german(told.advice) == "Im Feld „Erzeugen“ „Farben aus“ auf „Körper“ stellen."


def test_remedies_that_are_not_understood_are_passed_over() -> None:
    """Of a newer engine, or without what the sentence needs: the code's own advice is said."""
    usual = Failure("usage").advice
    for remedy in ({"do": "dance"}, {"do": "choose_device"}, {"do": "choose_mesh", "names": []}, "cpu", None, {}):
        told = engine_failure({"code": "usage", "message": "no", "advice": "x", "remedy": remedy})
        assert told.advice == usual, remedy


def test_a_code_that_is_not_known_keeps_the_engine_s_advice() -> None:
    told = engine_failure({"code": "tired", "message": "The engine sleeps", "advice": "Let it sleep."})
    assert (str(told.message), str(told.advice)) == ("The engine sleeps.", "Let it sleep.")
