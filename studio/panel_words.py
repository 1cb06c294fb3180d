# SPDX-License-Identifier: Apache-2.0
"""Somebody in words: a new person of a description, or changes to the one who is shown."""

from __future__ import annotations

from typing import Any

from portrait_core.latents.variations import attribute_values
from portrait_core.words.description import Description, described
from portrait_core.words.recipes import with_words
from studio.attribute_groups import label_of
from studio.heard import by_hand
from studio.tab import Tab, escaped

NEW, CHANGE = "Somebody new", "Change this one"


class WordsPart:
    """The line for a description, its buttons, and what was understood of it."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        gui = tab.client.gui
        self.text = gui.add_text(
            "In words", "", hint="a woman of about sixty, grey hair, smiling; or to change somebody: older, wider nose"
        )
        self.do = gui.add_button_group("", (NEW, CHANGE))
        self.told = gui.add_markdown("", visible=False)
        self.do.on_click(by_hand(self._describe))

    def _describe(self) -> None:
        tab = self._tab
        try:
            description = described(str(self.text.value))
            before: dict[str, float] | None = None
            facts: dict[str, Any] = tab.new_recipe(tab.recipe.model)
            if self.do.value == CHANGE:
                facts = tab.recipe.facts()
                before = attribute_values(tab.recipe, tab.header)
            worded = with_words(facts, description, tab.header, before=before)
        except Exception as error:
            self.told.visible = False
            tab.fail(error)
            return
        if tab.take(dict(worded.recipe)):
            self.told.content = told(description, worded.lines)
            self.told.visible = True


def told(description: Description, lines: tuple[str, ...]) -> str:
    """What was understood, by names of attributes and styles, and what was not, as Markdown."""
    names: dict[str, str] = {}
    for part in description.parts:
        if not part.implied:
            value = f"{part.value:+.1f}" if isinstance(part.value, float) else str(part.value).replace("_", " ")
            names[label_of(part.name or part.field)] = value
    understood = ", ".join(f"{name} {value}" for name, value in names.items())
    return "\n\n".join(_row(line) for line in (f"Understood: {understood}", *lines))


def _row(line: str) -> str:
    head, colon, rest = line[:1].upper() + line[1:], "", ""
    if ": " in head:
        head, colon, rest = head.partition(": ")
        head = f"**{escaped(head)}**"
    else:
        head = escaped(head)
    return f"{head}{colon}{escaped(rest)}"
