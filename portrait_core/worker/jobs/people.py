# SPDX-License-Identifier: Apache-2.0
"""Recipes of other people: around one, between two, drawn anew."""

from __future__ import annotations

from typing import Any

from portrait_core.engine.engine import Engine
from portrait_core.latents import variations
from portrait_core.protocol import MAX_RECIPES
from portrait_core.recipe import MAX_SEED, Recipe
from portrait_core.weights.header import ModelHeader
from portrait_core.worker.fields import Fields
from portrait_core.worker.watch import Watch


def attributes(fields: Fields, watch: Watch, engine: Engine) -> dict[str, Any]:
    """Where one person stands on every attribute."""
    facts = fields.object("recipe")
    fields.done()
    recipe = engine.take_recipe(facts)
    return {"values": variations.attribute_values(recipe, engine.header(recipe.model))}


def vary(fields: Fields, watch: Watch, engine: Engine) -> dict[str, Any]:
    """People around one."""
    facts = fields.object("recipe")
    count = fields.count("count", low=1, high=MAX_RECIPES)
    strength = fields.number("strength", 0.5, low=0.0, high=1.0)
    seed = fields.count("seed", 0, low=0, high=MAX_SEED)
    locks = fields.texts("locks")
    fields.done()
    recipe = engine.take_recipe(facts)
    header = engine.header(recipe.model)
    return _answer(variations.vary(recipe, header, count, strength=strength, seed=seed, locks=locks), header)


def blend(fields: Fields, watch: Watch, engine: Engine) -> dict[str, Any]:
    """People between two."""
    ends = fields.object("a"), fields.object("b")
    fractions = fields.numbers("fractions", most=MAX_RECIPES, low=0.0, high=1.0)
    fields.done()
    a, b = (engine.take_recipe(facts) for facts in ends)
    header = engine.header(a.model)
    return _answer(variations.blend(a, b, header, fractions), header)


def randomise(fields: Fields, watch: Watch, engine: Engine) -> dict[str, Any]:
    """New people."""
    model = fields.text("model", "starter")
    seed = fields.count("seed", low=0, high=MAX_SEED)
    count = fields.count("count", 1, low=1, high=MAX_RECIPES)
    locks = fields.object("locks", {})
    fields.done()
    # The recipe's own checks tell what is wrong with an attribute.
    wanted = engine.take_recipe({"model": model, "seed": 0, "attributes": locks})
    header = engine.header(model)
    return _answer(variations.randomise(model, header, seed, count, wanted.attributes), header)


def _answer(recipes: list[Recipe], header: ModelHeader) -> dict[str, Any]:
    values = [variations.attribute_values(each, header) for each in recipes]
    return {"recipes": [each.facts() for each in recipes], "values": values}
