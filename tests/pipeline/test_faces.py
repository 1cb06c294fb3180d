# SPDX-License-Identifier: Apache-2.0
"""What a recipe asks of a face, on meshes made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from portrait_core.errors import UsageError
from portrait_core.face.names import SHAPES
from portrait_core.geometry.morphs import Morph
from portrait_core.geometry.normals import vertex_normals
from portrait_core.parts.character import Figure, Wanted, character
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.pipeline.faces import expressed, face_of, whole_morphs
from portrait_core.pipeline.part_bones import bones_of
from portrait_core.recipe import Recipe
from tests.parts.test_template import small_template, somebody
from tests.pipeline.test_characters import made


def meshes() -> list[PartMesh]:
    return character(small_template(), somebody(), Wanted(("skin", "teeth")))


def morph(name: str, rows: list[int], by: float, *, turns: bool = False) -> Morph:
    moves = np.full((len(rows), 3), by, np.float32)
    return Morph(name, np.array(rows, np.int32), moves, moves if turns else None)


def test_morphs_of_parts_become_those_of_the_whole_and_all_shapes_are_there() -> None:
    skin, *teeth = meshes()
    own = [
        (morph("mouthClose", [1], 0.1), morph("jawOpen", [0, 2], 0.2)),
        *((morph("jawOpen", [3], 0.3),) for _ in teeth),
    ]
    found = whole_morphs([skin, *teeth], own)
    assert [each.name for each in found] == list(SHAPES)
    jaw = next(each for each in found if each.name == "jawOpen")
    count = len(skin.vertices)
    firsts = np.cumsum([count, *(len(mesh.vertices) for mesh in teeth)])[:-1]
    assert jaw.rows.tolist() == [0, 2, *(firsts + 3)]
    assert {each.name for each in found if len(each.rows)} == {"jawOpen", "mouthClose"}
    assert all(each.turns is None for each in found)
    # Without the skin those alone that move something.
    assert [each.name for each in whole_morphs(teeth, own[1:])] == ["jawOpen"]
    turning = whole_morphs([skin], [(morph("jawOpen", [0], 0.1, turns=True),)])
    assert all(each.turns is not None for each in turning)


def test_an_expressed_mesh_has_moved_places_and_the_normals_there() -> None:
    skin = meshes()[0]
    plain = replace(skin, normals=vertex_normals(skin.vertices, skin.faces))
    bump = Morph("jawOpen", np.array([5, 6, 9], np.int32), np.array([[0, 0, 0.02]] * 3, np.float32))
    found = expressed(plain, [bump], {"jawOpen": 0.5, "mouthClose": 1.0})
    assert np.allclose(found.vertices - skin.vertices, 0.5 * bump.dense(len(skin.vertices)), atol=1e-7)
    assert (found.normals != plain.normals).any()
    assert np.array_equal(expressed(plain, [bump], {}).normals, plain.normals)


def test_joints_of_a_face_are_children_of_the_head_behind_the_others() -> None:
    figure = Figure(small_template(), somebody())
    bones = bones_of(("pelvis", "neck", "head"), figure.body)
    places = np.arange(6, dtype=np.float32).reshape(2, 3)
    found = replace(bones, weighted=bones.names).with_face(("jaw", "left_eye"), places)
    assert found.names == (*bones.names, "jaw", "left_eye") and found.weighted == found.names
    assert found.parents.tolist() == [*bones.parents.tolist(), bones.names.index("head"), bones.names.index("head")]
    assert np.array_equal(found.joints[-2:], places) and np.array_equal(found.numbers, np.arange(len(found.names)))


def test_a_model_without_shapes_is_asked_for_none() -> None:
    figure = Figure(small_template(), somebody())
    face = face_of(Recipe(topology="parts"), figure)
    assert not (face.shapes or face.jointed or face.expression)
    asked: tuple[dict[str, Any], ...] = ({"face": "both"}, {"expression": {"smile": 1.0}})
    for fields in asked:
        with pytest.raises(UsageError, match="model small has no shapes of the face"):
            made(**fields)
    with pytest.raises(UsageError, match="has no shape 'smle'"):
        face_of(Recipe(expression={"smle": 1.0}), figure)
