# SPDX-License-Identifier: Apache-2.0
"""A description in words, as a recipe: answered beside the jobs, for it needs no network."""

from __future__ import annotations

from typing import Any

from portrait_core.engine.engine import Engine
from portrait_core.latents.variations import attribute_values
from portrait_core.recipe import MAX_SEED, Recipe, say_new
from portrait_core.words.description import described
from portrait_core.words.recipes import with_words
from portrait_core.worker.fields import Fields


def describe(fields: Fields, engine: Engine) -> dict[str, Any]:
    """The recipe of a new person, or of that of ``recipe`` changed, and what was understood of the words.

    Raises :class:`UsageError` for a text of which nothing is understood.
    """
    text = fields.text("text")
    model = fields.text("model", "starter")
    changed = fields.object("recipe") if fields.given("recipe") else None
    seed = fields.count("seed", low=0, high=MAX_SEED) if fields.given("seed") else None
    fields.done()
    description = described(text)
    before: dict[str, float] | None = None
    if changed is not None:
        recipe = engine.take_recipe(changed)
        header = engine.header(recipe.model)
        before = attribute_values(recipe, header)
        facts = recipe.facts()
    else:
        header = engine.header(model)
        facts: dict[str, Any] = {"model": header.name}
        say_new(facts, header)
    if seed is not None:
        facts = {name: value for name, value in facts.items() if name not in ("latent", "w", "ws")} | {"seed": seed}
    worded = with_words(facts, description, header, before=before)
    made = Recipe.model_validate(worded.recipe)
    made.check(header)
    return {
        **description.facts(),
        "recipe": made.facts(),
        "expression": description.expression,
        "compares": any(each.relative for each in description.parts),
        "lines": list(worded.lines),
    }
