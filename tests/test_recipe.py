# SPDX-License-Identifier: Apache-2.0
"""Recipes: what is accepted, what is refused and in which words, and what a seed and an attribute mean."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from portrait_core.errors import UsageError
from portrait_core.recipe import Recipe
from portrait_core.weights.header import Attribute, Latent, ModelHeader

HEADER = ModelHeader(
    name="tiny",
    licence="CC0-1.0",
    config={},
    latent=Latent(
        z_dim=6,
        attributes=(
            Attribute(name="age", index=2),
            Attribute(name="hair_length", index=4, low=-2, high=2),
            Attribute(name="smile", direction=(3, 0, 0, 4, 0, 0)),
        ),
    ),
)


def test_the_defaults() -> None:
    recipe = Recipe(seed=7)
    assert (recipe.model, recipe.psi) == ("starter", 1)
    assert (recipe.faces, recipe.texture_size, recipe.lattice) == (20000, 1024, 256)
    assert recipe.label() == "7"


def test_a_seed_means_the_published_random_numbers() -> None:
    # RandomState(7).randn starts with these numbers, whatever the numpy version
    z = Recipe(seed=7).latent_vector(HEADER)
    assert z.shape == (1, 6)
    assert z.dtype == np.float32
    assert z[0, :3] == pytest.approx([1.6905257, -0.46593737, 0.03282016], abs=1e-6)


def test_attributes_replace_or_move() -> None:
    plain = Recipe(seed=3).latent_vector(HEADER)[0]
    z = Recipe(seed=3, attributes={"age": 1.5, "smile": -1}).latent_vector(HEADER)[0]
    assert z[2] == 1.5
    assert 0.6 * z[0] + 0.8 * z[3] == pytest.approx(-1, abs=1e-6)
    assert 0.8 * z[0] - 0.6 * z[3] == pytest.approx(0.8 * plain[0] - 0.6 * plain[3], abs=1e-6)
    assert z[[1, 4, 5]] == pytest.approx(plain[[1, 4, 5]])


def test_a_latent_of_ones_own() -> None:
    recipe = Recipe(latent=(0.5, 0, 0, 0, 0, 1), attributes={"age": -2})
    assert recipe.latent_vector(HEADER).tolist() == [[0.5, 0, -2, 0, 0, 1]]
    assert recipe.label().startswith("z") and recipe.label() != Recipe(latent=(0.5, 0, 0, 0, 0, 2)).label()


def test_recipes_survive_json() -> None:
    recipe = Recipe(seed=4_294_967_295, psi=0.7, attributes={"age": 1}, pose={"head": (0, 0.3, 0)}, faces=500)
    assert Recipe(**json.loads(json.dumps(recipe.facts()))) == recipe
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


def test_recipes_do_not_change() -> None:
    recipe = Recipe(seed=1)
    with pytest.raises(ValueError, match="frozen"):
        recipe.seed = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"seed": -1}, r"seed -1 is out of range; seeds go from 0 to 4294967295\."),
        ({"seed": 2**32}, "seed 4294967296 is out of range"),
        ({"seed": "seven"}, r"recipe: seed: .*got 'seven'\."),
        ({"seed": 1.5}, r"recipe: seed: .*got 1\.5\."),
        ({"seed": 1, "latent": (0.0,)}, "a seed or a latent, not both"),
        ({"latent": (0.0, math.nan)}, "latent: number 1 is nan"),
        ({"latent": (math.inf, 0.0)}, "latent: number 0 is inf"),
        ({"latent": ("a",)}, r"latent\.0"),
        ({"seed": 1, "w": (0.0,)}, "a seed or a w, not both"),
        ({"w": (0.0,), "ws": ((0.0,),)}, "a w or a ws, not both"),
        ({"w": (0.0, math.nan)}, "w: number 1 is nan"),
        ({"ws": ((0.0, 1.0), (math.inf, 0.0))}, "ws: row 1: number 0 is inf"),
        ({"ws": ((0.0, 1.0), (2.0,))}, "ws: 2 rows; expected one or more, all with as many numbers"),
        ({"ws": ()}, "ws: 0 rows"),
        ({"psi": math.nan}, "psi nan is out of range"),
        ({"psi": 2.5}, "psi 2.5 is out of range; it goes from -2 to 2"),
        ({"attributes": {"age": math.inf}}, "attribute age is inf"),
        ({"pose": {"haed": (0, 0, 0)}}, r"unknown joint 'haed' in the pose\. Did you mean head\?"),
        ({"pose": {"xyz": (0, 0, 0)}}, "unknown joint 'xyz' in the pose. Known joints: head, "),
        ({"pose": {"head": (0, math.nan, 0)}}, "three finite angles"),
        ({"pose": {"head": (0, 0)}}, r"pose\.head"),
        ({"faces": 499}, "faces 499 is out of range; it goes from 500 to 200000"),
        ({"faces": 200_001}, "faces"),
        ({"texture_size": 63}, "texture size 63 is out of range; it goes from 64 to 8192"),
        ({"lattice": 1000}, "lattice 1000 is out of range; it goes from 64 to 768"),
        ({"model": " "}, "name is empty"),
        ({"sead": 1}, "recipe: sead: extra inputs are not permitted"),
    ],
)
def test_mistakes_are_told_in_one_plain_line(facts, words: str) -> None:
    for make in (lambda: Recipe(**facts), lambda: Recipe.model_validate(facts)):
        with pytest.raises(UsageError, match=words) as caught:
            make()
        assert "\n" not in str(caught.value)
        assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (Recipe(attributes={"aeg": 1}), r"unknown attribute 'aeg' of model tiny\. Did you mean age\?"),
        (Recipe(attributes={"zzz": 1}), "Known attributes: age, hair_length, smile"),
        (Recipe(attributes={"hair_length": 2.5}), "attribute hair_length is 2.5; model tiny takes -2 to 2"),
        (Recipe(latent=(0.0,) * 5), "latent: 5 numbers; model tiny takes 6"),
    ],
)
def test_the_model_knows_more(recipe: Recipe, words: str) -> None:
    for ask in (recipe.check, recipe.latent_vector):
        with pytest.raises(UsageError, match=words):
            ask(HEADER)


def test_a_model_without_attributes_says_so() -> None:
    bare = HEADER.model_copy(update={"latent": Latent(z_dim=6)})
    with pytest.raises(UsageError, match="no named attributes"):
        Recipe(attributes={"age": 1}).check(bare)


def test_fields_of_the_asset_and_their_defaults() -> None:
    old = {"model": "starter", "seed": 7, "psi": 1.0, "faces": 20000, "texture_size": 1024, "lattice": 256}
    recipe = Recipe(**old)
    assert (recipe.lods, recipe.lod_maps, recipe.closed, recipe.texture) == ((), "own", True, "auto")
    assert (recipe.normal_map, recipe.occlusion) == (True, False)
    assert (recipe.skeleton, recipe.bone_naming) == ("bust", "smpl")
    full = Recipe(
        lods=(8000, 2000), lod_maps="shared", closed=False, texture="field", normal_map=False, occlusion=True,
        skeleton="smpl24", bone_naming="unity",
    )  # fmt: skip
    assert Recipe(**json.loads(json.dumps(full.facts()))) == full


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"lods": (20000,)}, "20000 must be from 300 to 19999"),
        ({"lods": (8000, 8000)}, "levels of detail 8000, 8000: 8000 must be from 300 to 7999"),
        ({"lods": (2000, 8000)}, "8000 must be from 300 to 1999"),
        ({"lods": (8000, 299)}, "299 must be from 300"),
        ({"faces": 600, "lods": (600,)}, "fewer than 600"),
        ({"lods": ("many",)}, r"recipe: lods\.0"),
        ({"lod_maps": "some"}, "recipe: lod_maps: input should be 'own' or 'shared', got 'some'"),
        ({"texture": "photo"}, "'field', 'views' or 'auto'"),
        ({"skeleton": "dog"}, "'bust', 'smpl24' or 'full', got 'dog'"),
        ({"bone_naming": "maya"}, "'vrm' or 'rpm', got 'maya'"),
        ({"closed": "perhaps"}, "recipe: closed"),
    ],
)
def test_mistakes_in_the_asset(facts, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Recipe(**facts)
