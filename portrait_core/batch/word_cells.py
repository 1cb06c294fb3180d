# SPDX-License-Identifier: Apache-2.0
"""Descriptions in words, for all of a batch or as a row of a table gives one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from portrait_core.errors import UsageError
from portrait_core.recipe import Recipe
from portrait_core.recipe_fields import FIELDS, Kind
from portrait_core.weights.header import ModelHeader
from portrait_core.words.description import described
from portrait_core.words.recipes import with_words

COLUMN = "describe"
WORD_COLUMNS: dict[str, Kind] = {COLUMN: "text"}
"""The column that holds descriptions, and the kind of its cells."""


@dataclass(frozen=True)
class WordCells:
    """Puts descriptions into recipes. ``common`` holds where a row has none; ``changes`` says that the people are there
    already, so that comparisons are about them; ``settings`` are attributes that go before those of descriptions."""

    common: str = ""
    changes: bool = False
    settings: Mapping[str, float] = field(default_factory=dict[str, float])

    def put(
        self, said: object, recipe: Mapping[str, Any], header: ModelHeader | None, kept: Collection[str] = ()
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The fields of ``recipe`` with the description ``said``, or the common one, in them; and lines about what of
        it cannot be had. Fields in ``kept`` stay. Attributes of the description go before those of ``recipe``.

        Raises :class:`UsageError` for what is no text, and as :func:`described` and :func:`with_words`.
        """
        if said is not None and not isinstance(said, str):
            raise UsageError(f"{COLUMN}: expected a text, got {type(said).__name__}.")
        text = said or self.common
        if not text.strip() or header is None:
            return dict(recipe), ()
        before = None
        if self.changes:
            from portrait_core.latents.variations import attribute_values

            before = attribute_values(Recipe.model_validate(dict(recipe)), header)
        worded = with_words(recipe, described(text), header, before=before, kept=kept)
        made = {**worded.recipe, "attributes": {**worded.recipe["attributes"], **self.settings}}
        return made, worded.lines

    def over(self, recipe: Recipe, header: ModelHeader, kept: Collection[str] = ()) -> tuple[Recipe, tuple[str, ...]]:
        """A whole recipe with the common description in it, checked, and lines as of :meth:`put`."""
        if not self.common:
            return recipe, ()
        facts = {name: value for name in FIELDS if (value := getattr(recipe, name)) is not None}
        fields, lines = self.put(None, facts, header, kept)
        made = Recipe.model_validate(fields)
        made.check(header)
        return made, lines
