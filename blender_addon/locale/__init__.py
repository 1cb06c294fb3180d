# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on's words in other languages.

Blender translates labels, descriptions and plain `text="..."` by itself once the words are registered here. Texts
put together at run time, reports, and labels with `translate=False` go through `T_`, which translates the template and
fills in the values afterwards:

    from ..locale import T_
    self.report({"INFO"}, T_("{count} avatars made", count=3))
"""

from __future__ import annotations

import bpy

from ..core.text import Text
from .german import GERMAN

LANGUAGES: dict[str, dict[str, str]] = {"de": GERMAN}
# Blender looks a word up under a context: operators' labels under "Operator", everything else under "*".
CONTEXTS = ("*", "Operator")
# Blender 4.2 to 4.4 call a language "de_DE", later ones "de": a dictionary is offered under both.
CODES = {"de": ("de", "de_DE")}


def T_(words: Text | str, /, **values: object) -> str:
    """The words in the user's language, if the interface is translated at all, with the values filled in."""
    text = words if isinstance(words, Text) else Text(words, **values)
    return text.put(bpy.app.translations.pgettext_iface)


def words() -> dict[str, dict[tuple[str, str], str]]:
    """Blender's form of the dictionaries: locale -> (context, English) -> translation."""
    return {
        code: {(context, english): own for english, own in language.items() for context in CONTEXTS}
        for name, language in LANGUAGES.items()
        for code in CODES[name]
    }


def register() -> None:
    """Offer the words to Blender."""
    try:
        bpy.app.translations.register(__package__, words())
    except ValueError:  # already there: left over by a registration that Blender broke off
        bpy.app.translations.unregister(__package__)
        bpy.app.translations.register(__package__, words())


def unregister() -> None:
    """Take them back."""
    bpy.app.translations.unregister(__package__)
