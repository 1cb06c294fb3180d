# SPDX-License-Identifier: Apache-2.0
"""The German dictionary is complete, has nothing too much, and keeps what is filled in."""

from __future__ import annotations

import ast
import re
from collections import Counter

from tests.addon_package.texts import german, missing, sentences, texts, texts_of, words

PLACES = re.compile(r"\{[a-z]+\}")


def test_every_text_has_its_german() -> None:
    assert missing() == {}


def test_nothing_is_left_over() -> None:
    assert german().keys() - texts().keys() == set()
    assert german("FILLED").keys() - sentences().keys() == set()


def test_no_text_is_in_two_parts() -> None:
    names = ("engine", "operators", "settings", "failures", "filled")
    parts = [getattr(words(f"german_{name}"), name.upper()) for name in names]
    counts = Counter(text for part in parts for text in part)
    assert counts
    assert not {text for text, count in counts.items() if count > 1}


def test_sentences_with_values_are_translated() -> None:
    patterns = words("filled").Patterns(german("FILLED"), german())
    assert patterns.translate("Generating Portrait 7") == "Porträt 7 wird erzeugt"
    assert patterns.translate("There is no file C:\\a b\\c.npz.") == "Es gibt keine Datei C:\\a b\\c.npz."
    # an engine's message, made a sentence for the dialog, with another one inside
    told = "The engine ended: exit status 3; it was started 3 times."
    assert patterns.translate(told) == "Der Motor hat aufgehört: Endestatus 3; er wurde 3-mal gestartet."
    assert patterns.translate("3 MB of 20 MB") == "3 MB von 20 MB"
    assert patterns.translate("The end of it") is None
    assert patterns.translate("Something else") is None


def test_translations_keep_values_and_form() -> None:
    for english, own in {**german(), **german("FILLED")}.items():
        gaps = english.count("{}")
        numbered = sorted(set(re.findall(r"\{\d\}", own)))
        assert own.count("{}") == gaps or numbered == [f"{{{each}}}" for each in range(gaps)], english
        assert sorted(PLACES.findall(english)) == sorted(PLACES.findall(own)), english
        assert english.endswith(".") == own.endswith("."), english
        assert own.strip() == own or english.strip() != english, english


def test_all_kinds_of_texts_are_found() -> None:
    source = '''
"""Documentation is not shown."""
class A:
    """Nor this."""
    bl_label = "Label"
    size: bpy.props.IntProperty(name="Size", description="How big")
    kind: bpy.props.EnumProperty(items=[("a", "First One", "About it"), ("b", "Second One", "")])
    def draw(self, layout):
        layout.label(text="Plain")
        layout.label(text="Data as it is", translate=False)
        layout.operator("x.y", text="Yes" if self.size else "No")
        say(layout, "A sentence that is shown.")
        LOG.warning("A sentence for the log.")
        self.report({"INFO"}, T_("one {count}"))
'''
    found = {text for text, _ in texts_of(ast.parse(source))}
    assert found >= {"Label", "Size", "How big", "First One", "About it", "Second One", "Plain", "Yes", "No"}
    assert "one {count}" in found
    assert "A sentence that is shown." in found
    assert not {text for text in found if "log" in text or "Documentation" in text or "Nor" in text}
