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
from portrait_core.pipeline.skin_texels import SkinTexels
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
    texels, asked = SkinTexels(painter), np.zeros(MAPS * MAPS, bool)
    for _ in range(3):
        read = np.zeros(MAPS * MAPS, bool)
        read[rng.choice(np.flatnonzero(layout.sources >= 0), 40)] = True
        found = texels.maps(read).base_colour.reshape(-1, 3).astype(int)
        asked |= read
        difference = np.abs(found[asked] - whole.reshape(-1, 3)[asked])
        assert difference.max() <= 6 and difference.mean() < 0.5


def test_teeth_alone_are_shown_and_those_behind_lips_are_not() -> None:
    """Of one who wears no skin everything shows."""
    model = load_model("starter", "cpu")
    recipe = Recipe(model="starter", topology="parts", seed=42, parts=("teeth",))
    teeth = quick_picture(recipe, model, 64, silent, "head")
    nothing = np.ptp(teeth.reshape(-1, 3).astype(int), axis=0)
    assert (nothing > 40).any()


@pytest.mark.parametrize("seed", [5, 1234])
def test_coarse_planes_give_nearly_the_colours_of_all(seed: int) -> None:
    person = cast(CanonicalPerson, load_model("starter", "cpu").person(Recipe(model="starter", seed=seed)))
    network = person.network
    with torch.no_grad():
        identity = network.with_planes(network.parts_identity(torch.as_tensor(person.styles)[None]))
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
