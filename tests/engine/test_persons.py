# SPDX-License-Identifier: Apache-2.0
"""The people that the engine keeps: the same one for what says the same, and no more than a few."""

from __future__ import annotations

import pytest

from portrait_core.engine.persons import KeptPersons
from portrait_core.errors import UsageError
from portrait_core.pipeline import make_avatar
from portrait_core.pipeline.quick import quick_picture
from portrait_core.recipe import Recipe
from tests.analytic_model import HEADER, AnalyticModel, AnalyticPerson


class CountingModel(AnalyticModel):
    """Counts the people that are made."""

    def __init__(self) -> None:
        super().__init__(HEADER)
        self.made = 0

    def person(self, recipe: Recipe) -> AnalyticPerson:
        person = super().person(recipe)
        self.made += 1
        return person


def test_what_is_no_part_of_the_person_keeps_it() -> None:
    kept = KeptPersons(CountingModel(), 3)
    first = kept.person(Recipe())
    for facts in ({"seed": 0}, {"faces": 500}, {"pose": {"head": (0.1, 0, 0)}}, {"texture_size": 64}):
        assert kept.person(Recipe(**facts)) is first
    others = ({"seed": 1}, {"psi": 0.5}, {"attributes": {"size": 1}}, {"latent": (0.0,) * 4})
    for facts in others:
        kept.forget()
        before = kept.person(Recipe())
        assert kept.person(Recipe(**facts)) is not before


def test_the_last_few_are_kept() -> None:
    model = CountingModel()
    kept = KeptPersons(model, 3)
    for seed in range(4):
        kept.person(Recipe(seed=seed))
    for seed in range(3, 0, -1):
        kept.person(Recipe(seed=seed))
    assert model.made == 4
    kept.person(Recipe(seed=0))  # the one that had to go
    assert model.made == 5


def test_mistakes_are_not_kept() -> None:
    kept = KeptPersons(CountingModel(), 3)
    for _ in range(2):
        with pytest.raises(UsageError, match="sise"):
            kept.person(Recipe(attributes={"sise": 1.0}))


def test_a_preview_and_its_avatar_are_of_one_person() -> None:
    model = CountingModel()
    kept = KeptPersons(model, 3)
    recipe = Recipe(model="balls", seed=5, faces=500, texture_size=64, lattice=64, normal_map=False)
    quick_picture(recipe, kept, 64)
    make_avatar(recipe, kept)
    assert model.made == 1
