# SPDX-License-Identifier: Apache-2.0
"""Whose word counts about hair: which style is the photograph's, how it is made is the user's, and none is none."""

from __future__ import annotations

import pytest

from portrait_core.photo.hair_choice import BALD, CROPPED, HairChoice
from portrait_core.photo.likeness import with_hair
from portrait_core.recipe import Recipe


def ranked(*styles: str) -> list[HairChoice]:
    return [HairChoice(style, 0.5, 0.9 - 0.1 * place) for place, style in enumerate(styles)]


@pytest.mark.parametrize("kind", [None, "mesh", "volume"])
def test_the_style_is_the_photographs_however_hair_is_made(kind: str | None) -> None:
    base = {"seed": 1} | ({} if kind is None else {"hair": kind})
    recipe = with_hair(Recipe.model_validate(base), ranked("short02", "bob01"), None, base)
    assert (recipe.hair, recipe.hair_style) == (kind or "mesh", "short02")
    assert with_hair(Recipe.model_validate(base), ranked("short02", "bob01"), "bob01", base).hair_style == "bob01"


@pytest.mark.parametrize("kind", ["mesh", "volume"])
@pytest.mark.parametrize("style", [BALD, CROPPED])
def test_nobody_without_hair_gets_some_by_how_it_is_made(kind: str, style: str) -> None:
    base = {"seed": 1, "hair": kind}
    assert with_hair(Recipe.model_validate(base), ranked(style, "short02"), None, base).hair == "none"


def test_none_that_was_asked_for_is_none() -> None:
    base = {"seed": 1, "hair": "none"}
    recipe = Recipe.model_validate(base)
    assert with_hair(recipe, ranked("short02"), None, base) is recipe
