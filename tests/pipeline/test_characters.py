# SPDX-License-Identifier: Apache-2.0
"""Avatars of parts of a small template: what recipes ask for, what all persons share, what a file makes again."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from portrait_core.avatar import Avatar, Maps, Material
from portrait_core.errors import UsageError
from portrait_core.formats.gltf import glb_bytes
from portrait_core.formats.gltf.scene import file_arrays
from portrait_core.parts.character import Wanted, character
from portrait_core.parts.eye_maps import eye_colours
from portrait_core.parts.kept_rows import KeptRows
from portrait_core.parts.person_look import PersonLook
from portrait_core.parts.skin import REGIONS
from portrait_core.parts.skin_places import SkinPlaces
from portrait_core.parts.template import PartsTemplate
from portrait_core.pipeline import bake_sets
from portrait_core.pipeline.characters import level_of, make_character, regions_of
from portrait_core.progress import silent
from portrait_core.recipe import Recipe
from portrait_core.weights.header import ModelHeader, read_header
from portrait_core.weights.registry import find_model
from tests.formats.characters import plain_image
from tests.parts.test_template import small_template, somebody


@cache
def template() -> PartsTemplate:
    """The small one, with what its maps need."""
    small = small_template()
    count = small.skin.fine.matrix.shape[0]
    places = np.random.default_rng(3).normal(size=(count, 3)).astype(np.float32) * 0.1
    picture = io.BytesIO()
    Image.fromarray(np.full((8, 8), 255, np.uint8)).save(picture, "PNG")
    cover = np.frombuffer(picture.getvalue(), np.uint8)
    names = ("brows.eyebrow010", "lashes.eyelashes01", "lashes.eyelashes02", "eye", "mouth")
    where = SkinPlaces(places, np.zeros((count, 2), np.float32))
    return replace(small, skin_places=where, images=dict.fromkeys(names, cover))


class Someone:
    """A person of parts whose skin is a formula of places and of one number."""

    capabilities = frozenset({"parts"})
    kept_width = 3

    def __init__(self, first: float) -> None:
        self.parts_template, self._first = template(), first
        shipped = read_header(find_model("starter"))
        self.header: ModelHeader = shipped.model_copy(update={"name": "small", "parts": {"version": 1}})

    @property
    def look(self) -> PersonLook:
        return replace(
            somebody(self._first), palette={"hair": np.array([0.3, 0.2, 0.1]), "iris": np.array([0.2, 0.3, 0.5])}
        )

    def skin_materials(
        self,
        points: NDArray[np.float32],
        inside: NDArray[np.float32],
        kept: KeptRows | None = None,
        numbers: NDArray[np.int64] | None = None,
        *,
        glance: bool = False,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        rows = 0.5 + 0.3 * np.sin(points * 40)
        if kept is not None and numbers is not None:
            rows = kept.take(numbers, lambda fresh: 0.5 + 0.3 * np.sin(points[fresh] * 40)).astype(np.float32)
        return np.clip(rows + self._first, 0, 1).astype(np.float32), np.full(len(points), 0.5, np.float32)


def made(first: float = 0.0, **fields: Any) -> Avatar:
    person: Any = Someone(first)
    recipe = Recipe(model="small", topology="parts", **{"seed": 1, "texture_size": 64, **fields})
    return make_character(recipe, person, silent, "someone")


def parts_of(avatar: Avatar) -> list[str]:
    return [section.part for section in avatar.main.sections]


def test_two_persons_have_the_same_vertices_places_in_maps_and_names() -> None:
    one, two = made(), made(0.2)
    assert parts_of(one) == parts_of(two) and parts_of(one)[0] == "skin"
    np.testing.assert_array_equal(one.main.faces, two.main.faces)
    for name in ("uvs", "joints", "weights"):
        np.testing.assert_array_equal(one.main.data[name], two.main.data[name])
    assert (one.main.vertices != two.main.vertices).any()
    # The skin's map is the person's own, though what is the same at a place is kept.
    assert (one.main.maps.base_colour != two.main.maps.base_colour).any()


def test_the_recipe_in_a_file_makes_the_same_bytes_again() -> None:
    content = glb_bytes(made(parts=("skin", "eyes", "brows"), hair="none"))
    (length,) = struct.unpack("<I", content[12:16])
    facts = json.loads(content[20 : 20 + length])["asset"]["extras"]["recipe"]
    assert facts["topology"] == "parts" and facts["parts"] == ["skin", "eyes", "brows"] and facts["hair"] == "none"
    again = {key: value for key, value in facts.items() if key not in ("model", "topology", "texture_size")}
    assert glb_bytes(made(**again)) == content


def test_recipes_choose_parts() -> None:
    assert parts_of(made(parts=("skin", "brows"))) == ["skin", "brows"]
    assert not any(part.startswith("eye_") for part in parts_of(made(parts=("teeth", "lashes"))))
    with pytest.raises(UsageError, match="this person has none"):
        made(parts=("garment",))  # the small template has no clothes
    with pytest.raises(UsageError, match="hair style 'bob' is not known"):
        made(hair_style="bob")
    with pytest.raises(UsageError, match="garment 'cape' is not known"):
        made(garment="cape")


def test_brows_have_the_colour_of_the_person_and_the_map_of_all() -> None:
    avatar = made(parts=("skin", "brows", "lashes"))
    brows = next(section for section in avatar.main.sections if section.part == "brows")
    assert (brows.maps.base_colour == 255).all()
    factor = brows.material.factors["pbrMetallicRoughness.baseColorFactor"]
    assert factor[0] > factor[1] > factor[2] > 0 and factor[3] == 1.0
    again = next(section for section in made(0.2, parts=("brows",)).main.sections if section.part == "brows")
    assert again.maps is brows.maps


def test_eyes_have_the_colours_of_the_slow_way() -> None:
    avatar = made(parts=("eyes",))
    iris = np.array([0.2, 0.3, 0.5])
    slow = eye_colours(np.full((8, 8, 3), 255, np.uint8), iris, 64)
    eye = next(section for section in avatar.main.sections if section.part == "eye_left")
    assert np.abs(eye.maps.base_colour - slow * 255).max() < 0.6


def test_parts_with_a_normal_map_have_tangents_in_files_and_others_none() -> None:
    parts = character(template(), somebody(), Wanted(("skin", "teeth")))
    flat = plain_image(128, 128, 255)
    looks = {
        "skin": (Material(), Maps(base_colour=flat, normal=flat)),
        "teeth": (Material(), Maps(base_colour=flat)),
    }
    pieces = dict(level_of(parts, looks, np.arange(24)).pieces())
    found = dict(file_arrays(pieces["skin"]))
    assert "TANGENT" in found and "TANGENT" not in dict(file_arrays(pieces["teeth"]))
    np.testing.assert_allclose((found["TANGENT"][:, :3] * found["NORMAL"]).sum(axis=1), 0, atol=1e-3)
    # The sheet's texture grows along x and y.
    assert float(np.median(found["TANGENT"][:, 0])) > 0.9 and float(np.median(found["TANGENT"][:, 3])) == 1.0


def test_regions_tell_of_each_polygon_of_the_finer_skins() -> None:
    """In the order of the file: whole quads, then halves that cloth left over."""
    parts = character(template(), somebody(), Wanted(("skin",)))
    (skin,) = parts
    regions = template().skin.regions
    assert sum(count for count, _ in regions_of(skin)) == len(regions)
    told = [name for count, name in regions_of(skin) for _ in range(count)]
    assert told == [REGIONS[each] for each in regions]
    kept = np.ones(len(skin.faces), bool)
    kept[1] = False  # of the first quad one half
    some = replace(skin, faces=skin.faces[kept], quads=skin.quads[kept])
    told = [name for count, name in regions_of(some) for _ in range(count)]
    assert told == [REGIONS[each] for each in (*regions[1:], regions[0])]
    coarse = character(template(), somebody(), Wanted(("skin",), -1))
    assert regions_of(coarse[0]) == ()


def test_levels_of_detail_are_those_of_the_template() -> None:
    avatar = made(parts=("skin",), lods=(9000, 4000))
    assert [len(level.faces) for level in avatar.levels] == [72, 1, 1]
    with pytest.raises(UsageError, match="up to 2"):
        made(lods=(9000, 4000, 1000))


def test_fewer_triangles_begin_with_a_coarser_level() -> None:
    every = [len(made(parts=("skin",), faces=faces).main.faces) for faces in (60_000, 20_000, 10_000, 5000)]
    assert every == [288, 72, 1, 1]
    # Coarser levels have room beneath it.
    few = made(parts=("skin",), faces=1000, lods=(700, 500))
    assert [len(level.faces) for level in few.levels] == [72, 1, 1]


def test_small_maps_have_a_small_thumbnail() -> None:
    sizes = [made(parts=("skin",), texture_size=size).thumbnail for size in (512, 1024)]
    assert [None if each is None else each.shape for each in sizes] == [(256, 256, 3), (512, 512, 3)]


def test_a_bake_onto_another_mesh_is_for_shells() -> None:
    with pytest.raises(UsageError, match="maps are baked anew for shells"):
        bake_sets([], Recipe(model="small", topology="parts"), Someone(0.0))  # pyright: ignore[reportArgumentType]
