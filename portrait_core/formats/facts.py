# SPDX-License-Identifier: Apache-2.0
"""What every file says of itself: recipe, provenance, report, and a digest that tells of changes to the recipe."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from portrait_core import __version__
from portrait_core.avatar import Avatar
from portrait_core.formats.recipe_digest import SCHEME, recipe_digest

GENERATOR = f"Portraitkit {__version__}"
COMMENT_KEY = "portraitkit"
"""The word before the facts in formats that only have comments."""


def facts_of(avatar: Avatar) -> dict[str, Any]:
    """Recipe, provenance, report (where there is one) and digests as plain JSON data.

    Raises ``ValueError`` when the avatar holds something else there, or numbers that are not finite.
    """
    facts: dict[str, Any] = {"recipe": dict(avatar.recipe), "provenance": dict(avatar.provenance)}
    if avatar.report:
        facts["report"] = dict(avatar.report)
    try:
        facts = json.loads(json.dumps(facts, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ValueError(f"recipe, provenance and report must be plain JSON data: {error}") from error
    facts["digests"] = {"recipe": recipe_digest(facts["recipe"]), "scheme": SCHEME}
    return facts


def comment(avatar: Avatar) -> str:
    """The facts in one line of plain ASCII, for formats that only have comments."""
    return f"{COMMENT_KEY} {json.dumps(facts_of(avatar), separators=(',', ':'))}"


def copyright_line(provenance: Mapping[str, Any]) -> str | None:
    """Which model the avatar was made with and under which licence, or None where that is not known."""
    model = provenance.get("model")
    if not isinstance(model, Mapping):
        return None
    facts = cast("Mapping[str, Any]", model)
    name, licence = (str(facts.get(key, "unknown")) for key in ("name", "licence"))
    if provenance.get("photograph"):
        # Whoever made the picture, and whoever is in it, have a say: the model's licence is not the avatar's.
        return f"Made from a photograph, with the model {name} ({licence}); rights in the picture remain"
    return f"Made with the model {name} ({licence})"
