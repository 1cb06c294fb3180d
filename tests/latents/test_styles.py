# SPDX-License-Identifier: Apache-2.0
"""People between and around others, where these are given by styles."""

from __future__ import annotations

import pytest

from portrait_core.errors import UsageError
from portrait_core.latents.variations import attribute_values, blend, vary
from portrait_core.recipe import Recipe
from tests.analytic_model import HEADER

STYLED = HEADER.model_copy(update={"config": {"w_dim": 3}})
A, B = Recipe(model="balls", w=(0.0, 1.0, 2.0)), Recipe(model="balls", w=(1.0, 0.0, 4.0), psi=0.5)


def test_styles_are_blended_on_a_straight_line() -> None:
    first, between, last = blend(A, B, STYLED, [0.0, 0.25, 1.0])
    assert first.w == A.w and last.w == B.w
    assert between.w == (0.25, 0.75, 2.5) and between.psi == 0.875
    one, two = (Recipe(model="balls", ws=(each.w, each.w)) for each in (A, B))
    assert blend(one, two, STYLED, [0.5])[0].ws == ((0.5, 0.5, 3.0),) * 2


def test_a_latent_and_a_style_have_no_line_between() -> None:
    with pytest.raises(UsageError, match="the first is given by w, the second by a latent"):
        blend(A, Recipe(model="balls", seed=1), STYLED, [0.5])
    with pytest.raises(UsageError, match="w: 3 numbers; model balls takes 4"):
        blend(A, B, HEADER.model_copy(update={"config": {"w_dim": 4}}), [0.5])


def test_nothing_leads_from_a_style_back_to_the_latent() -> None:
    assert attribute_values(A, STYLED) == {}
    with pytest.raises(UsageError, match="drawn in the latent z, and it is given by w"):
        vary(A, STYLED, 2)
