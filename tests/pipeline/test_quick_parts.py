# SPDX-License-Identifier: Apache-2.0
"""Pictures of a gallery: the texels that they ask for, and the planes that they make do with."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
import torch

from portrait_core.imaging.colour_space import LINEAR_OF_BYTES
from portrait_core.models.load import load_model
from portrait_core.models.starter import coarse_planes
from portrait_core.models.starter.person import CanonicalPerson
from portrait_core.person import PersonOfParts
from portrait_core.pipeline.characters import Sitting, make_character
from portrait_core.pipeline.quick import quick_picture
from portrait_core.pipeline.skin_texels import SkinTexels, around
from portrait_core.progress import silent
from portrait_core.recipe import Recipe

MAPS = 64


def sitting(seed: int) -> Sitting:
    recipe = Recipe(model="starter", topology="parts", seed=seed, texture_size=MAPS)
    person = cast(PersonOfParts, load_model("starter", "cpu").person(recipe))
    return Sitting.of(recipe, person, silent, "sealed")


def test_texels_that_are_asked_for_are_those_of_the_whole_map() -> None:
    painter = sitting(3).painter
    whole = painter.skin(silent).base_colour.astype(int)
    rng = np.random.default_rng(4)
    layout = painter.skin_texels()[0]
    covered = np.flatnonzero(layout.covered)
    texels, asked = SkinTexels(painter), np.zeros(MAPS * MAPS, bool)
    for _ in range(3):
        row, column = np.divmod(rng.choice(covered, 40), MAPS)
        places = np.stack([(column + 0.5) / MAPS, 1 - (row + 0.5) / MAPS], axis=1).astype(np.float32)
        found = texels.maps(places).base_colour.reshape(-1, 3).astype(int)
        asked[around(places, MAPS)] = True
        known = np.flatnonzero(asked & (layout.sources >= 0))
        difference = np.abs(found[known] - whole.reshape(-1, 3)[known])
        assert difference.max() <= 6 and difference.mean() < 0.5


def test_texels_around_are_those_that_bilinear_look_ups_read() -> None:
    size = 8
    marked = np.zeros(size * size)
    place = np.array([[0.3, 0.62]], np.float32)
    marked[around(place, size)] = 1
    row, column = np.divmod(np.flatnonzero(marked), size)
    x, y = 0.3 * size - 0.5, (1 - 0.62) * size - 0.5
    assert set(column) == {int(x), int(x) + 1} and set(row) == {int(y), int(y) + 1}
    assert around(np.array([[0.0, 0.0], [1.0, 1.0]], np.float32), size).max() < size * size


@pytest.mark.parametrize("seed", [5, 1234])
def test_coarse_planes_give_nearly_the_colours_of_all(seed: int) -> None:
    person = cast(CanonicalPerson, load_model("starter", "cpu").person(Recipe(model="starter", seed=seed)))
    network, identity = person.network, person._parts_identity
    layout = sitting(seed).painter.skin_texels()[0]
    places = layout.covered_places(np.flatnonzero(layout.covered))
    inside = np.clip(places[:, 3:], 0, 1)
    with torch.no_grad():
        near = coarse_planes.coarse_planes(network, identity.style)
    alone = (identity.planes - identity.planes.mean()).square().mean().sqrt()
    assert 0 < float((near - identity.planes).square().mean().sqrt()) < 0.1 * float(alone)
    exact, hasty = (person.skin_materials(places[:, :3], inside, glance=glance)[0] for glance in (False, True))
    levels = [np.searchsorted(LINEAR_OF_BYTES, each) for each in (exact, hasty)]
    off = np.abs(levels[0] - levels[1])
    assert off.mean() < 1 and np.quantile(off, 0.999) <= 6


def test_a_picture_of_the_gallery_is_nearly_the_avatars() -> None:
    recipe = Recipe(model="starter", topology="parts", seed=42)
    model = load_model("starter", "cpu")
    picture = quick_picture(recipe, model, 96, silent, "bust")
    small = recipe.model_copy(update={"texture_size": 512})
    person = cast(PersonOfParts, model.person(recipe))
    whole = make_character(small, person, silent, "forty-two", 96).thumbnail
    assert whole is not None and picture.shape == whole.shape
    assert np.abs(picture.astype(float) - whole).mean() < 3
    again = quick_picture(recipe, load_model("starter", "cpu"), 96, silent, "bust")
    assert np.array_equal(picture, again)
