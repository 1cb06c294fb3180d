# SPDX-License-Identifier: Apache-2.0
"""What follows a slider is what a full generation of the changed recipe makes, vertex by vertex."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from portrait_core.avatar import Avatar
from portrait_core.engine.engine import Engine
from portrait_core.errors import UsageError
from portrait_core.parts.kept_rows import KeptRows
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.parts.template import PartsTemplate
from portrait_core.person import PersonOfParts
from portrait_core.pipeline import make_avatar, part_maps
from portrait_core.pipeline.characters import bare_character
from portrait_core.pipeline.live import live_parts, warm_drafts
from portrait_core.progress import silent
from portrait_core.recipe import Recipe
from textures.lattice_bake import LatticeLayout

SMALL = {"topology": "parts", "texture_size": 64, "faces": 15_000, "normal_map": False}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


def parts_of(avatar: Avatar) -> dict[str, NDArray[np.float32]]:
    """The vertices of each section of a fully made avatar, by its name: those that its faces name."""
    found: dict[str, NDArray[np.float32]] = {}
    first = 0
    for section in avatar.main.sections:
        own = avatar.main.faces[first : first + section.count]
        found[section.part] = avatar.main.vertices[np.unique(own)]
        first += section.count
    return found


def live(engine: Engine, recipe: Recipe, worn: Recipe | None = None) -> dict[str, PartMesh]:
    model = engine.model(recipe.model)
    like = None if worn is None else (worn, model.person(worn))
    return {each.name: each for each in live_parts(recipe, model.person(recipe), like)}


@pytest.mark.parametrize(
    "changes",
    [
        {"attributes": {"nose_length": 2.5, "weight": 1.5}},
        {"attributes": {"age": 2.0, "gender": -2.0}, "face": "both"},
        {"attributes": {"jaw_width": -3.0}, "expression": {"jawOpen": 0.6}},
    ],
)
def test_it_is_what_full_generation_makes(engine: Engine, changes: dict[str, object]) -> None:
    recipe = engine.take_recipe({"seed": 7, **SMALL, **changes})
    made = parts_of(make_avatar(recipe, engine.model(recipe.model), name="slow"))
    found = live(engine, recipe)
    assert set(found) == set(made) and "skin" in found
    for name, places in made.items():
        mesh = found[name]
        assert np.array_equal(mesh.vertices[np.unique(mesh.faces)], places), name


def test_what_is_worn_stays_while_it_moves(engine: Engine) -> None:
    """A woman in the hair, clothes, brows and lashes of a man: the vertices are his, her places are those of an avatar
    that was asked for them."""
    before = engine.take_recipe({"seed": 7, **SMALL})
    after = engine.take_recipe({"seed": 7, **SMALL, "attributes": {"gender": -3.0, "hair_long": 5.0}})
    his, hers = live(engine, before), live(engine, after)
    assert len(his["hair"].vertices) != len(hers["hair"].vertices)
    moved = live(engine, after, before)
    assert {name: len(each.vertices) for name, each in moved.items()} == {
        name: len(each.vertices) for name, each in his.items()
    }
    for name in ("skin", "eye_left", "teeth"):
        assert np.array_equal(moved[name].vertices, hers[name].vertices), name
    model = engine.model("starter")
    template = cast("PersonOfParts", model.person(before)).parts_template
    hair = next(
        name for name, each in template.hair.items() if len(each.topologies[0].welded) == len(his["hair"].vertices)
    )
    asked = live(engine, after.model_copy(update={"hair_style": hair}))
    assert np.array_equal(moved["hair"].vertices, asked["hair"].vertices)


def test_nobody_is_given_hair(engine: Engine) -> None:
    bald = engine.take_recipe({"seed": 7, **SMALL, "attributes": {"hair_bald": 6.0}})
    assert "hair" not in live(engine, bald)
    haired = engine.take_recipe({"seed": 7, **SMALL, "attributes": {"hair_long": 5.0}})
    assert "hair" in live(engine, haired) and "hair" not in live(engine, haired, bald)


def test_drafts_and_whole_maps_by_turns_need_each_layout_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time a slider is let go a draft comes before the whole, and laying out is more work than painting."""
    laid: list[int] = []

    def counted(template: PartsTemplate, size: int, width: int) -> tuple[LatticeLayout, KeptRows]:
        laid.append(size)
        return part_maps._layout(template, size, width)

    for name in ("_draft_layout", "_avatar_layout"):
        monkeypatch.setattr(part_maps, name, lru_cache(maxsize=1)(counted))
    whole = engine.take_recipe({"seed": 7, **SMALL, "texture_size": 600})
    model = engine.model(whole.model)
    warm_drafts(whole, model.person(whole))
    assert laid == [part_maps.DRAFT_MAPS]
    for age in (0.5, 1.0):
        for size in (part_maps.DRAFT_MAPS, 600):
            recipe = whole.model_copy(update={"texture_size": size, "attributes": {"age": age}, "parts": ("skin",)})
            maps = bare_character(recipe, cast(PersonOfParts, model.person(recipe)), silent, "again").main.maps
            assert maps.base_colour.shape[:2] == (size, size)
    assert laid == [part_maps.DRAFT_MAPS, 600]


def test_shells_cannot_follow(engine: Engine) -> None:
    shell = engine.take_recipe({"seed": 7, "topology": "shell"})
    parts = engine.take_recipe({"seed": 7, "topology": "parts"})
    for recipe, worn in ((shell, None), (parts, shell), (shell, parts)):
        with pytest.raises(UsageError, match="cannot follow a slider"):
            live(engine, recipe, worn)
