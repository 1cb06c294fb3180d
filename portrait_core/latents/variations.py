# SPDX-License-Identifier: Apache-2.0
"""Recipes of people like somebody, between two, or drawn anew; no networks, only numbers of the latent space."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import UsageError, suggestion
from portrait_core.recipe import MAX_SEED, Recipe, say_new
from portrait_core.weights.header import Attribute, ModelHeader

Floats = NDArray[np.float64]

DIGITS = 5
"""Decimals of a latent's numbers: far below what changes a vertex, and recipes stay short."""


def attribute_values(recipe: Recipe, header: ModelHeader) -> dict[str, float]:
    """Where the person of ``recipe`` stands on every attribute of the model, set or drawn.

    Nothing for somebody given by w or ws: attributes are places in z, and nothing leads back there.
    """
    if _style_space(recipe):
        return {}
    z = recipe.latent_vector(header)[0].astype(np.float64)
    return {each.name: round(_value(each, z), DIGITS) for each in header.latent.attributes}


def vary(
    recipe: Recipe,
    header: ModelHeader,
    count: int,
    *,
    strength: float = 0.5,
    seed: int = 0,
    locks: Collection[str] = (),
) -> list[Recipe]:
    """``count`` people around the one of ``recipe``: 0 keeps, 1 draws somebody new; ``locks`` name what stays.

    Everything but the person stays as in ``recipe``, its pose and its expression too.

    The latent stays as probable as a drawn one: old and new are mixed so that the variance is kept. Raises
    :class:`UsageError` for attributes that the model does not have, a strength outside 0 to 1, and somebody given by w
    or ws: only of z is it known how people are drawn.
    """
    if space := _style_space(recipe):
        raise UsageError(f"people like this one are drawn in the latent z, and it is given by {space}; use a seed.")
    locked = [_attribute(name, header) for name in locks]
    if not 0.0 <= strength <= 1.0:
        raise UsageError(f"strength {strength:g} is out of range; it goes from 0 (the same) to 1 (somebody new).")
    z = recipe.latent_vector(header)[0].astype(np.float64)
    kept = {each.name: _value(each, z) for each in locked}
    angle = 0.5 * np.pi * strength
    found: list[Recipe] = []
    for noise in _drawn(seed, count, len(z)):
        moved = np.cos(angle) * z + np.sin(angle) * noise
        found.append(_recipe(recipe, header, moved, kept, set(recipe.attributes) & set(kept)))
    return found


def blend(a: Recipe, b: Recipe, header: ModelHeader, fractions: Sequence[float]) -> list[Recipe]:
    """People between ``a`` (0) and ``b`` (1), everything but the person as in ``a``.

    Latents go along the great circle between them, so that people between are as marked as those at the ends;
    attributes, psi, pose and expression go straight, so that what is equal in both stays; a shell, which has no
    expression, gets none. Styles w and ws go straight as well: the
    mapping has spread them so that straight lines lead through plausible people. Raises :class:`UsageError` for
    fractions outside 0 to 1, for recipes of different models, and for a latent and a style, which have no line between.
    """
    if a.model != b.model:
        raise UsageError(f"the two are of different models, {a.model} and {b.model}; blend needs one model.")
    spaces = _style_space(a), _style_space(b)
    if any(spaces):
        if spaces[0] != spaces[1]:
            one, two = (space or "a latent" for space in spaces)
            raise UsageError(f"the first is given by {one}, the second by {two}; blend needs both in the same space.")
        return _blended_styles(a, b, header, spaces[0], fractions)
    first, last = (each.latent_vector(header)[0].astype(np.float64) for each in (a, b))
    ends = [{each.name: _value(each, z) for each in header.latent.attributes} for z in (first, last)]
    found: list[Recipe] = []
    for fraction in fractions:
        _check_fraction(fraction)
        values = {name: (1 - fraction) * low + fraction * ends[1][name] for name, low in ends[0].items()}
        between = _between(a, b, fraction)
        shown = set(a.attributes) & set(b.attributes)
        found.append(_recipe(between, header, _great_circle(first, last, fraction), values, shown))
    return found


def _blended_styles(a: Recipe, b: Recipe, header: ModelHeader, space: str, fractions: Sequence[float]) -> list[Recipe]:
    for each in (a, b):
        each.check(header)
    first, last = (np.asarray(getattr(each, space), np.float64) for each in (a, b))
    if first.shape != last.shape:
        raise UsageError(f"{space}: the two have shapes {first.shape} and {last.shape}; a model takes one.")
    found: list[Recipe] = []
    for fraction in fractions:
        _check_fraction(fraction)
        styles = np.round((1 - fraction) * first + fraction * last, DIGITS).tolist()
        found.append(Recipe(**(_between(a, b, fraction).facts() | {space: styles})))
    return found


def _between(a: Recipe, b: Recipe, fraction: float) -> Recipe:
    """``a`` with psi, pose and expression on the way to those of ``b``."""
    psi = (1 - fraction) * a.psi + fraction * b.psi
    update: dict[str, Any] = {"psi": psi, "pose": _blended_pose(a, b, fraction)}
    if a.topology == "parts":
        update["expression"] = _blended_expression(a, b, fraction)
    return a.model_copy(update=update)


def _check_fraction(fraction: float) -> None:
    if not 0.0 <= fraction <= 1.0:
        raise UsageError(f"fraction {fraction:g} is out of range; it goes from 0 (the first) to 1 (the second).")


def _style_space(recipe: Recipe) -> str:
    """``w`` or ``ws`` where the recipe gives its person so, else nothing."""
    return "w" if recipe.w is not None else "ws" if recipe.ws is not None else ""


def randomise(model: str, header: ModelHeader, seed: int, count: int, locks: Mapping[str, float]) -> list[Recipe]:
    """``count`` people drawn by ``seed``, with the attributes of ``locks`` set. Raises as :meth:`Recipe.check`."""
    if not 0 <= seed <= MAX_SEED:
        raise UsageError(f"seed {seed} is out of range; seeds go from 0 to {MAX_SEED}.")
    seeds = np.random.RandomState(seed).randint(0, 2**31 - 1, size=count)
    said: dict[str, Any] = {}
    say_new(said, header)
    found = [Recipe(model=model, seed=int(each), attributes=dict(locks), **said) for each in seeds]
    for each in found:
        each.check(header)
    return found


def _recipe(
    like: Recipe, header: ModelHeader, z: Floats, values: Mapping[str, float], shown: Collection[str]
) -> Recipe:
    """``like`` with the person at ``z``, moved to ``values`` of attributes; ``shown`` are also named in the recipe."""
    if values:
        # All at once: directions need not be at right angles to each other.
        rows = np.stack([_direction(_attribute(name, header), len(z)) for name in values])
        z = z + np.linalg.lstsq(rows, np.array(list(values.values())) - rows @ z, rcond=None)[0]
    named = {name: round(values[name], DIGITS) for name in like.attributes if name in shown}
    facts: dict[str, Any] = like.facts() | {"latent": np.round(z, DIGITS).tolist(), "attributes": named}
    facts.pop("seed", None)
    return Recipe(**facts)


def _attribute(name: str, header: ModelHeader) -> Attribute:
    attribute = header.latent.find(name)
    if attribute is None:
        known = [each.name for each in header.latent.attributes]
        raise UsageError(
            f"unknown attribute {name!r} of model {header.name}. {suggestion(name, known, what='known attributes')}"
        )
    return attribute


def _value(attribute: Attribute, z: Floats) -> float:
    return float(_direction(attribute, len(z)) @ z)


def _direction(attribute: Attribute, size: int) -> Floats:
    if attribute.index is not None:
        return np.asarray(np.eye(1, size, attribute.index)[0], np.float64)
    direction = np.asarray(attribute.direction, np.float64)
    return np.asarray(direction / np.linalg.norm(direction), np.float64)


def _drawn(seed: int, count: int, size: int) -> list[Floats]:
    if not 0 <= seed <= MAX_SEED:
        raise UsageError(f"seed {seed} is out of range; seeds go from 0 to {MAX_SEED}.")
    numbers = np.random.RandomState(seed)
    return [numbers.randn(size) for _ in range(count)]


def _great_circle(a: Floats, b: Floats, fraction: float) -> Floats:
    lengths = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    straight = (1 - fraction) * a + fraction * b
    if min(lengths) < 1e-9:
        return straight
    cosine = float(np.clip(a @ b / (lengths[0] * lengths[1]), -1.0, 1.0))
    angle = float(np.arccos(cosine))
    if angle < 1e-4 or angle > np.pi - 1e-4:
        return straight
    return (np.sin((1 - fraction) * angle) * a + np.sin(fraction * angle) * b) / np.sin(angle)


def _blended_expression(a: Recipe, b: Recipe, fraction: float) -> dict[str, float]:
    """Weights of all shapes that one of the two pulls; a shape that one does not name rests there."""
    mixed = {
        name: round((1 - fraction) * a.expression.get(name, 0.0) + fraction * b.expression.get(name, 0.0), DIGITS)
        for name in {**a.expression, **b.expression}
    }
    return {name: weight for name, weight in mixed.items() if weight}


def _blended_pose(a: Recipe, b: Recipe, fraction: float) -> dict[str, tuple[float, float, float]]:
    rest = (0.0, 0.0, 0.0)
    found: dict[str, tuple[float, float, float]] = {}
    for joint in {**a.pose, **b.pose}:
        low, high = a.pose.get(joint, rest), b.pose.get(joint, rest)
        x, y, z = ((1 - fraction) * m + fraction * n for m, n in zip(low, high, strict=True))
        found[joint] = (x, y, z)
    return found
