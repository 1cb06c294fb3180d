# SPDX-License-Identifier: Apache-2.0
"""The German dictionary is complete, has nothing too much, and every sentence is translated before it is filled."""

from __future__ import annotations

import ast
import re
from collections import Counter
from string import Formatter

from tests.addon_package.texts import ADDON, german, missing, put_together, put_together_in, texts, texts_of, words


def test_every_text_has_its_german() -> None:
    assert missing() == {}


def test_nothing_is_left_over() -> None:
    assert german().keys() - texts().keys() == set()


def test_no_sentence_is_filled_before_it_is_translated() -> None:
    """A finished sentence cannot be looked up: “Generating Portrait 7” is in no dictionary."""
    assert put_together() == {}


def test_no_text_is_in_two_parts() -> None:
    names = [path.stem.removeprefix("german_") for path in (ADDON / "locale").glob("german_*.py")]
    parts = [getattr(words(f"german_{name}"), name.upper()) for name in names]
    counts = Counter(text for part in parts for text in part)
    assert counts.keys() == german().keys()
    assert not {text for text, count in counts.items() if count > 1}


def places(template: str) -> list[str]:
    """The names of a template's places, in alphabetical order."""
    if not re.search(r"\{\w+\}", template):
        return []  # shown as it is, such as an example of JSON
    return sorted(name for _, name, _, _ in Formatter().parse(template) if name is not None)


def test_translations_keep_values_and_form() -> None:
    for english, own in german().items():
        assert places(english) == places(own), english
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
        LOG.warning(f"A sentence for the log of {self}.")
        self.report({"INFO"}, T_("one {count}"))
        self.report({"INFO"}, f"{self.size} pieces were found")
        raise Failure("usage", Text("no {thing}", thing=1), "try again")
'''
    found = {text for text, _ in texts_of(ast.parse(source))}
    assert found >= {"Label", "Size", "How big", "First One", "About it", "Second One", "Plain", "Yes", "No"}
    assert found >= {"one {count}", "no {thing}", "try again", "A sentence that is shown."}
    assert not {text for text in found if "log" in text or "Documentation" in text or "Nor" in text}
    assert [text for text, _ in put_together_in(ast.parse(source))] == ["{} pieces were found"]
