# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences with values in them that somebody may read: kept as template and values, translated first, then filled."""

from __future__ import annotations

from collections.abc import Callable, Mapping


class Text:
    """``Text("{name} is damaged.", name=path.name)``: the template is what dictionaries know.

    A value may be a text itself; it is translated and filled the same way. Without values the template is shown as it
    is, braces and all.
    """

    __slots__ = ("template", "values")

    def __init__(self, template: str, /, **values: object) -> None:
        self.template = template
        self.values: Mapping[str, object] = values

    def put(self, translate: Callable[[str], str]) -> str:
        """The text in the language that ``translate`` takes templates into."""
        own = translate(self.template) if self.template else ""
        if not self.values:
            return own
        filled = {
            name: value.put(translate) if isinstance(value, Text) else str(value) for name, value in self.values.items()
        }
        return own.format_map(filled)

    def __str__(self) -> str:
        """In English."""
        return self.put(lambda template: template)

    def __repr__(self) -> str:
        return f"Text({str(self)!r})"

    def __bool__(self) -> bool:
        return bool(self.template)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and (self.template, self.values) == (other.template, other.values)

    def __hash__(self) -> int:
        return hash(self.template)


def as_it_is(words: object) -> Text:
    """Somebody else's words, or a name: in no dictionary of ours."""
    return Text("{words}", words=words)


def text_of(words: Text | str) -> Text:
    """A plain sentence as a text."""
    return words if isinstance(words, Text) else Text(words)
