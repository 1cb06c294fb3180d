# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on's words in other languages.

Blender translates labels, descriptions and plain `text="..."` by itself once the words are registered here. Texts
put together at run time, reports, and labels with `translate=False` go through `T_`, which also knows sentences with
values in them:

    from ..locale import T_
    self.report({"INFO"}, T_(f"{count} avatars made"))
"""

from __future__ import annotations

import bpy

from .filled import Patterns
from .german import FILLED as GERMAN_FILLED
from .german import GERMAN

LANGUAGES: dict[str, dict[str, str]] = {"de": GERMAN}
PATTERNS: dict[str, Patterns] = {"de": Patterns(GERMAN_FILLED, GERMAN)}
# Blender looks a word up under a context: operators' labels under "Operator", everything else under "*".
CONTEXTS = ("*", "Operator")
# Blender 4.2 to 4.4 call a language "de_DE", later ones "de": a dictionary is offered under both.
CODES = {"de": ("de", "de_DE")}


def T_(text: str) -> str:
    """The text in the user's language, if the interface is translated at all."""
    own = bpy.app.translations.pgettext_iface(text)
    if own != text or not bpy.context.preferences.view.use_translate_interface:
        return own
    patterns = PATTERNS.get(bpy.app.translations.locale.partition("_")[0])
    return (patterns.translate(text) if patterns is not None else None) or text


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
