# SPDX-License-Identifier: Apache-2.0
"""Hair as a volume: a part of its own over the skin, from the model's field."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import numpy as np

from portrait_core.avatar import Avatar
from portrait_core.geometry.components import component_labels
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.models.load import load_model
from portrait_core.person import PersonOfParts
from portrait_core.pipeline.characters import make_character
from portrait_core.pipeline.volume_hair import MATERIAL, SUNK, volume_hair
from portrait_core.portrait_model import PortraitModel
from portrait_core.progress import silent
from portrait_core.recipe import Recipe

COARSE = {"topology": "parts", "hair": "volume", "lattice": 96, "texture_size": 128, "faces": 8000, "normal_map": False}


@cache
def model() -> PortraitModel:
    return load_model("starter")


def person(recipe: Recipe) -> PersonOfParts:
    return cast(PersonOfParts, model().person(recipe))


@cache
def avatar(seed: int) -> Avatar:
    return made(seed)


def made(seed: int, **fields: Any) -> Avatar:
    recipe = Recipe(seed=seed, **{**COARSE, **fields})
    return make_character(recipe, person(recipe), silent, "made")


def test_the_hair_is_one_shape_over_the_head() -> None:
    main = avatar(2).main
    (section,) = [each for each in main.sections if each.part == "hair"]
    assert section.name == MATERIAL and section.material.alpha == "opaque"
    begin = sum(each.count for each in main.sections[: main.sections.index(section)])
    faces = main.faces[begin : begin + section.count]
    assert 800 < len(faces) <= 0.4 * 8000
    # Seams cut vertices, not places.
    places = np.unique(main.vertices[faces.ravel()], axis=0, return_inverse=True)[1].reshape(-1, 3)
    pieces = component_labels(places.max() + 1, places[:, :2].ravel(), places[:, 1:].ravel())
    assert len(np.unique(pieces[places.ravel()])) == 1
    head = avatar(2).joint_names.index("head")
    of_hair = np.unique(faces)
    assert (main.data["joints"][of_hair, 0] == head).all() and (main.data["weights"][of_hair, 0] == 1).all()


def test_nothing_of_it_is_kept_beneath_the_skin() -> None:
    recipe = Recipe(seed=2, **COARSE)
    hair = volume_hair(recipe, person(recipe), silent)
    assert hair is not None
    depth = person(recipe).hair_field.beneath(hair.places)[hair.mesh.faces]
    assert float(depth.min(axis=1).max()) <= SUNK
    # The mesh is where the skin of parts is: the hairline meets it.
    skin = made(2, parts=("skin",)).main
    away = MeshQueries(skin.vertices, skin.faces).closest(hair.mesh.vertices).distance
    assert float(np.percentile(away, 5)) < 0.004


def test_its_colours_are_the_person_s() -> None:
    main = avatar(4).main
    section = next(each for each in main.sections if each.part == "hair")
    wanted = person(Recipe(seed=4, **COARSE)).look.palette["hair"] * 255
    texels = section.maps.base_colour.reshape(-1, 3)
    assert np.abs(np.median(texels, axis=0) - wanted).max() < 30


def test_who_asks_for_no_hair_gets_none_and_meshes_stay_as_they_are() -> None:
    assert "hair" not in {each.part for each in made(2, parts=("skin", "eyes")).main.sections}
    mesh = next(each for each in made(2, hair="mesh").main.sections if each.part == "hair")
    assert mesh.name == "hair"


def test_the_same_recipe_gives_the_same_hair() -> None:
    recipe = Recipe(seed=2, **COARSE)
    one, two = (volume_hair(recipe, person(recipe), silent) for _ in range(2))
    assert one is not None and two is not None
    assert np.array_equal(one.mesh.vertices, two.mesh.vertices) and np.array_equal(one.mesh.uvs, two.mesh.uvs)
