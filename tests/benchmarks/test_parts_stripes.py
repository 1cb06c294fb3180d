# SPDX-License-Identifier: Apache-2.0
"""The measure of stripes sees stripes, and misses them where there are none."""

from __future__ import annotations

from typing import cast

import pytest

from benchmarks.parts_stripes import LEAST, SIZE, measured, stripes_of
from portrait_core.models.load import load_model
from portrait_core.parts.cloth_colours import cloth_colours
from portrait_core.person import PersonOfParts
from portrait_core.recipe import Recipe
from portrait_core.weights.registry import shipped_folder
from tests.parts.worn_meshes import garment, look


def test_stripes_on_a_sheet_have_the_share_of_their_colour_that_the_formula_gives_them() -> None:
    one, person = garment(), look(stripes=1.0)
    found = measured(one, person, cloth_colours(one, person, SIZE), one.heights)
    assert found["wanted"] > 60
    assert 0.7 * found["wanted"] < found["contrast"] < 0.95 * found["wanted"]
    assert found["follows"] > 0.95


@pytest.mark.parametrize("amount", [0.0, 0.36])
def test_plain_and_nearly_plain_cloth_fails(amount: float) -> None:
    one, person = garment(), look(stripes=amount)
    found = measured(one, person, cloth_colours(one, person, SIZE), one.heights)
    assert found["contrast"] < LEAST["contrast"]


def test_stripes_elsewhere_are_not_taken_for_them() -> None:
    one, person = garment(), look(stripes=1.0)
    moved = cloth_colours(one, person, SIZE, lambda: one.heights * 1.37)
    assert measured(one, person, moved, one.heights)["follows"] < LEAST["follows"]


@pytest.mark.skipif(not (shipped_folder() / "starter.safetensors").is_file(), reason="no starter weights here")
@pytest.mark.parametrize("seed", [4, 9007, 9049])
def test_striped_persons_have_stripes_that_can_be_told(seed: int) -> None:
    """Those whose two colours are nearest to each other, and one whose stripes only just come in."""
    recipe = Recipe(model="starter", seed=seed, topology="parts")
    person = cast(PersonOfParts, load_model("starter", "cpu").person(recipe))
    found = stripes_of(person, recipe)
    for name, limit in LEAST.items():
        assert found[name] > limit, found
