# SPDX-License-Identifier: Apache-2.0
"""The border of a person's neckline lies on the world's closed form, and the cloth beside it stays in order."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from portrait_core.models.load import load_model
from portrait_core.parts.character import Figure, prepared
from portrait_core.parts.garment import SHIRT
from portrait_core.parts.neck_border import EVENED_BY, EYES, NeckBorder, height_over_neckline, modelled_places
from portrait_core.person import PersonOfParts
from portrait_core.recipe import Recipe
from portrait_core.world.appearance import neckline as world_neckline
from portrait_core.world.canonical_body import EYE_MIDDLE

OFF_BEFORE = (9003, 9031, 9059)
"""Seeds whose borders were more than a millimetre off, or had teeth, where places of the grid were only mixed."""


def person(seed: int) -> PersonOfParts:
    return cast(PersonOfParts, load_model("starter", "cpu").person(Recipe(model="starter", seed=seed)))


@pytest.fixture(scope="module")
def border() -> NeckBorder:
    template = person(1).parts_template
    found = prepared(template).border(template.garments[SHIRT])
    assert found is not None
    return found


def mixed(border: NeckBorder, look: Any) -> np.ndarray:
    """(M, 3) the border's vertices and those further in, before they slide."""
    whole = np.zeros((len(border.neckline.vertices), 3))
    for depth, shape, share in border.neckline.shares(look):
        whole[border.along[:, 0]] += share * border.places[depth, shape]
        whole[border.inner] += share * border.inner_places[depth, shape]
    return whole


def test_the_closed_form_is_the_worlds() -> None:
    rng = np.random.default_rng(5)
    places = rng.uniform((-0.2, -0.35, -0.25), (0.2, -0.1, 0.05), (400, 3))
    for depth, shape in ((0.006, 0.0), (0.03, 0.4), (0.05, 1.0)):
        look = cast(Any, SimpleNamespace(neck_depth=np.float64(depth), neck_shape=np.float64(shape)))
        assert height_over_neckline(places, depth, shape) == pytest.approx(world_neckline(places, look), abs=1e-8)
    assert pytest.approx(EYE_MIDDLE, abs=1e-6) == EYES


@pytest.mark.parametrize("seed", OFF_BEFORE)
def test_a_border_lies_on_the_closed_form_and_has_a_vertex_at_its_corners(border: NeckBorder, seed: int) -> None:
    look = person(seed).look
    depth, shape = border.neckline.held(look)
    before = mixed(border, look)
    after = border.slide(look).of(before)
    line, was = after[border.along[:, 0]], before[border.along[:, 0]]
    assert np.abs(height_over_neckline(line, depth, shape)).max() < 0.0001
    assert np.abs(height_over_neckline(was, depth, shape)).max() > 0.0002
    behind = np.abs(line[line[:, 2] < -0.12][:, 0])
    assert np.abs(behind - 0.055).min() < 0.0003
    assert np.linalg.norm(line - was, axis=1).max() < 0.006
    # No edge turns back on itself.
    one, two = np.roll(was, -1, axis=0) - was, np.roll(line, -1, axis=0) - line
    assert (np.einsum("bi,bi->b", one, two) > 0).all()


@pytest.mark.parametrize("seed", (7, *OFF_BEFORE))
def test_on_a_person_the_border_is_evened_by_little_and_keeps_its_point(border: NeckBorder, seed: int) -> None:
    own = person(seed)
    garment = own.parts_template.garments[SHIRT]
    kept = replace(border)
    object.__setattr__(kept, "evened", lambda places: places)
    body = Figure(own.parts_template, own.look).body
    plain, even = (garment.places(body, own.parts_template.rest, each) for each in (kept, border))
    order = border.neckline.vertices[border.along[:, 0]]
    moved = np.linalg.norm(even[order] - plain[order], axis=1)
    assert 0.0001 < moved.max() <= EVENED_BY + 1e-9
    assert moved[np.abs(plain[order, 0]).argmin()] < 0.0001

    def bends(places: np.ndarray) -> float:
        """How far vertices stand out between those beside them, metres, root of the mean square."""
        line = places[order]
        between = (np.roll(line, 1, axis=0) + np.roll(line, -1, axis=0)) / 2
        return float(np.sqrt(((line - between) ** 2).sum(axis=1).mean()))

    assert bends(even) < bends(plain)


def test_the_hem_goes_along_and_the_rest_stays(border: NeckBorder) -> None:
    template = person(1).parts_template
    garment = template.garments[SHIRT]
    figure = Figure(template, person(OFF_BEFORE[0]).look)
    slid, plain = (garment.places(figure.body, template.rest, each) for each in (border, None))
    moved = slid - plain
    own = garment.neckline.vertices[border.along] if garment.neckline is not None else border.along
    assert np.linalg.norm(moved[own[:, 0]], axis=1).max() > 0.0005
    assert moved[own[:, 1]] == pytest.approx(moved[own[:, 0]], abs=2e-4)
    rest = np.setdiff1d(np.arange(len(slid)), own)
    assert np.abs(moved[rest]).max() < 1e-9


def test_subdivision_is_taken_back_where_it_is_asked() -> None:
    template = person(1).parts_template
    skin = template.skin
    whole = np.random.default_rng(2).normal(size=(len(skin.vertices), 3))
    wanted = np.unique(skin.vertices[skin.quads[40:60]])
    found = modelled_places(skin, wanted, np.asarray(skin.fine.matrix @ whole))
    assert found == pytest.approx(whole[np.searchsorted(skin.vertices, wanted)], abs=1e-8)
