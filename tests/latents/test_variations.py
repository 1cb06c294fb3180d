# SPDX-License-Identifier: Apache-2.0
"""People around one and between two: as probable as drawn ones, and what is locked or equal stays."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.errors import UsageError
from portrait_core.latents.variations import attribute_values, blend, randomise, vary
from portrait_core.recipe import Recipe
from portrait_core.weights.header import Attribute, Latent, ModelHeader, Training

DIM = 48
SLANTED = tuple(float(k % 3 - 1) for k in range(DIM))


def header(*attributes: Attribute) -> ModelHeader:
    return ModelHeader(
        name="m",
        licence="CC0-1.0",
        config={},
        latent=Latent(z_dim=DIM, attributes=attributes),
        training=Training(data="none", data_licence="CC0-1.0"),
    )


PLAIN = header()
NAMED = header(Attribute(name="age", index=0), Attribute(name="smile", direction=SLANTED))


def z_of(recipe: Recipe, model: ModelHeader = PLAIN) -> np.ndarray:
    return recipe.latent_vector(model)[0].astype(float)


def turn(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))


def test_a_blend_goes_along_the_great_circle() -> None:
    """Equal fractions are equal turns, and nobody between is nearer to the average person than the two are."""
    a, b = Recipe(model="m", seed=1), Recipe(model="m", seed=2)
    fractions = np.linspace(0, 1, 9)
    between = [z_of(each) for each in blend(a, b, PLAIN, list(fractions))]
    first, last = z_of(a), z_of(b)
    np.testing.assert_allclose(between[0], first, atol=1e-4)
    np.testing.assert_allclose(between[-1], last, atol=1e-4)
    lengths = np.linalg.norm(between, axis=1)
    assert lengths.min() > 0.99 * min(np.linalg.norm(first), np.linalg.norm(last))
    whole = turn(first, last)
    assert whole > 1.0  # a chord would be far shorter in the middle
    # In the plane of the two, on the circle that unequal lengths make an ellipse of.
    for fraction, z in zip(fractions, between, strict=True):
        expected = (np.sin((1 - fraction) * whole) * first + np.sin(fraction * whole) * last) / np.sin(whole)
        np.testing.assert_allclose(z, expected, atol=1e-4)


def test_what_both_have_stays_and_the_rest_goes_straight() -> None:
    a = Recipe(model="m", seed=1, psi=0.5, attributes={"age": 1.5, "smile": -1}, pose={"head": (0.0, 0.4, 0.0)})
    b = Recipe(model="m", seed=2, psi=1.0, attributes={"age": 1.5}, pose={"neck": (0.2, 0.0, 0.0)}, faces=1234)
    (quarter,) = blend(a, b, NAMED, [0.25])
    ends = [attribute_values(each, NAMED) for each in (a, b)]
    found = attribute_values(quarter, NAMED)
    for name in ("age", "smile"):
        assert found[name] == pytest.approx(0.75 * ends[0][name] + 0.25 * ends[1][name], abs=1e-3)
    assert quarter.psi == pytest.approx(0.625) and quarter.faces == a.faces
    assert quarter.pose["head"] == pytest.approx((0, 0.3, 0)) and quarter.pose["neck"] == pytest.approx((0.05, 0, 0))
    assert set(quarter.attributes) == {"age"}


def test_expressions_go_straight_and_those_of_one_fade() -> None:
    a = Recipe(model="m", seed=1, topology="parts", expression={"jawOpen": 0.4, "mouthSmileLeft": 1.0})
    b = Recipe(model="m", seed=2, topology="parts", expression={"jawOpen": 0.8, "eyeBlinkLeft": 0.5})
    faced = NAMED.model_copy(update={"parts": {"version": 2}})
    first, quarter, last = blend(a, b, faced, [0.0, 0.25, 1.0])
    assert first.expression == a.expression
    expected = {"eyeBlinkLeft": 0.125, "jawOpen": 0.5, "mouthSmileLeft": 0.75}
    assert dict(quarter.expression) == pytest.approx(expected)
    assert dict(last.expression) == {"eyeBlinkLeft": 0.5, "jawOpen": 0.8}
    # A shell has none, and would be refused with one.
    (shell,) = blend(Recipe(model="m", seed=1), b, faced, [0.5])
    assert shell.expression == {}
    assert all(each.expression == a.expression for each in vary(a, faced, 3))


def test_variations_are_as_probable_as_drawn_people() -> None:
    one = Recipe(model="m", seed=3)
    (same,) = vary(one, PLAIN, 1, strength=0.0)
    np.testing.assert_allclose(z_of(same), z_of(one), atol=1e-4)
    turns = []
    for strength in (0.2, 0.5, 1.0):
        people = [z_of(each) for each in vary(one, PLAIN, 60, strength=strength, seed=5)]
        # The mean square of what was drawn is one; a mixture that adds up shares would have less.
        own = np.mean(z_of(one) ** 2)
        expected = np.cos(np.pi * strength / 2) ** 2 * own + np.sin(np.pi * strength / 2) ** 2
        assert np.mean(np.square(people)) == pytest.approx(expected, rel=0.06)
        turns.append(np.mean([turn(z, z_of(one)) for z in people]))
    np.testing.assert_allclose(turns, [0.1 * np.pi, 0.25 * np.pi, 0.5 * np.pi], atol=0.06)
    again = vary(one, PLAIN, 2, strength=0.5, seed=5)
    assert again == vary(one, PLAIN, 3, strength=0.5, seed=5)[:2] and again != vary(one, PLAIN, 2, strength=0.5, seed=6)


def test_locked_attributes_stay() -> None:
    one = Recipe(model="m", seed=3, attributes={"smile": 2})
    for each in vary(one, NAMED, 5, strength=1.0, locks=["age", "smile"]):
        assert attribute_values(each, NAMED) == pytest.approx(attribute_values(one, NAMED), abs=1e-3)
        assert set(each.attributes) == {"smile"}
    free = [attribute_values(each, NAMED)["smile"] for each in vary(one, NAMED, 5, strength=1.0)]
    assert np.std(free) > 0.3
    assert all(each.attributes == {"age": 1.0} for each in randomise("m", NAMED, 4, 5, {"age": 1.0}))
    assert len({each.seed for each in randomise("m", NAMED, 4, 5, {})}) == 5


def test_mistakes() -> None:
    one = Recipe(model="m", seed=3)
    for strength in (-0.1, 1.1):
        with pytest.raises(UsageError, match="strength"):
            vary(one, PLAIN, 1, strength=strength)
    for fraction in (-0.1, 1.1):
        with pytest.raises(UsageError, match="fraction"):
            blend(one, one, PLAIN, [fraction])
    with pytest.raises(UsageError, match="different models"):
        blend(one, Recipe(model="n", seed=3), PLAIN, [0.5])
    with pytest.raises(UsageError, match=r"unknown attribute 'smle'.*smile"):
        vary(one, NAMED, 1, locks=["smle"])
    for seed in (-1, 2**32):
        with pytest.raises(UsageError, match="seed"):
            randomise("m", PLAIN, seed, 1, {})
        with pytest.raises(UsageError, match="seed"):
            vary(one, PLAIN, 1, seed=seed)
