# SPDX-License-Identifier: Apache-2.0
"""Avatars with a face, whole, of the model that everybody has: shapes on all levels, joints, expressions, files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from portrait_core.avatar import Avatar
from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.errors import UsageError
from portrait_core.face.joints import FACE_JOINTS
from portrait_core.face.names import COMBINED, SHAPES
from portrait_core.formats.gltf import glb_bytes
from portrait_core.geometry.normals import vertex_normals
from portrait_core.pipeline.characters import bare_character
from portrait_core.portrait_model import PortraitModel
from portrait_core.progress import silent
from portrait_core.recipe import Recipe
from portrait_core.rig.fingers import FINGER_JOINTS

SMALL: dict[str, Any] = {"model": "starter", "seed": 7, "topology": "parts", "texture_size": 64, "normal_map": False}


def made(model: PortraitModel, **fields: Any) -> Avatar:
    recipe = Recipe(**{**SMALL, **fields})
    person: Any = model.person(recipe)
    return bare_character(recipe, person, silent, "ada")


@pytest.fixture(scope="module")
def both(starter_with_face: PortraitModel) -> Avatar:
    return made(starter_with_face, face="both", lods=(9000, 4000), hair_joints=True, hair_style="bob01")


@pytest.fixture(scope="module")
def still(starter_with_face: PortraitModel) -> Avatar:
    return made(starter_with_face, lods=(9000, 4000), hair_joints=True, hair_style="bob01")


def test_every_level_has_every_shape_in_the_order_of_files(both: Avatar) -> None:
    assert len(both.levels) == 3
    for level in both.levels:
        assert [morph.name for morph in level.morphs] == list(SHAPES)
        pieces = dict(level.pieces())
        assert {"skin", "eye_left", "teeth", "lashes"} <= pieces.keys()
        for name in ("jawOpen", "eyeBlinkLeft", "viseme_aa", "viseme_sil", "mouthOpen"):
            assert name in {morph.name for morph in pieces["skin"].morphs}
        assert {"eyeLookUpLeft", "eyesLookUp"} <= {morph.name for morph in pieces["eye_left"].morphs}
        assert not pieces["garment"].morphs


def test_combined_shapes_are_sums(both: Avatar) -> None:
    level = both.main
    for name, shares in COMBINED.items():
        whole, _ = level.expressed({name: 1.0})
        parts, _ = level.expressed(shares)
        assert np.abs(whole - parts).max() < 1e-4, name


def test_a_face_changes_neither_rest_nor_order(both: Avatar, still: Avatar) -> None:
    for one, other in zip(both.levels, still.levels, strict=True):
        np.testing.assert_array_equal(one.vertices, other.vertices)
        np.testing.assert_array_equal(one.normals, other.normals)
        np.testing.assert_array_equal(one.faces, other.faces)
    assert both.joint_names == (*still.joint_names, *FACE_JOINTS) and not still.main.morphs
    for name in FACE_JOINTS:
        assert both.joint_names[both.parents[both.joint_names.index(name)]] == "head"


def test_joints_of_face_and_hair_move_their_own(both: Avatar, still: Avatar) -> None:
    """Each named joint moves the same as without a face, but for what hangs on jaw and eyes."""
    joints = dict(zip(both.joint_names, range(99), strict=False))
    pieces = dict(both.main.pieces())
    plain = dict(still.main.pieces())
    np.testing.assert_array_equal(pieces["hair"].skin.joints, plain["hair"].skin.joints)
    assert any(name.startswith("hair_0") for name in both.joint_names)
    assert set(pieces["eye_left"].skin.joints[:, 0]) == {joints["left_eye"]}
    heavy = pieces["teeth"].skin.joints[np.arange(len(pieces["teeth"].vertices)), 0]
    assert set(heavy) == {joints["jaw"], joints["head"]}  # the lower ones, and the upper ones


def test_an_expression_without_shapes_is_in_the_vertices(starter_with_face: PortraitModel, both: Avatar) -> None:
    pulled = {"smile": 0.8, "blink": 1.0, "open": 0.3}
    shaped = made(starter_with_face, face="morphs", expression=pulled)
    baked = made(starter_with_face, face="none", expression=pulled)
    assert not baked.main.morphs and not baked.expression and len(shaped.main.morphs) == len(SHAPES)
    places, normals = shaped.posed()
    assert np.abs(places - baked.main.vertices).max() < 1e-6
    assert np.abs(normals - baked.main.normals).max() < 1e-4
    assert np.abs(places - shaped.main.vertices).max() > 0.005
    assert shaped.recipe["expression"] == pulled


def test_normals_of_an_expressed_skin_stand_on_it_as_at_rest(starter_with_face: PortraitModel) -> None:
    """The template's normals are not quite those of the triangles: what they are off by stays, to the last vertex."""
    level = made(starter_with_face, face="morphs", parts=("skin",)).main
    places, normals = level.expressed({"jawOpen": 1.0, "mouthSmileLeft": 1.0})
    _, first, welded = np.unique(level.vertices, axis=0, return_index=True, return_inverse=True)
    own = welded.reshape(-1)
    faces = own[level.faces].astype(np.int64)
    before, after = (vertex_normals(each[first], faces)[own] for each in (level.vertices, places))
    used = np.unique(level.faces)

    def apart(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        cosine = np.einsum("vi,vi->v", one[used].astype(np.float64), two[used].astype(np.float64))
        return np.degrees(np.arccos(np.clip(cosine, -1, 1)))

    assert apart(before, after).max() > 30
    assert np.abs(apart(after, normals) - apart(before, level.normals)).max() < 0.1


def test_turns_come_when_asked_for(starter_with_face: PortraitModel) -> None:
    plain = made(starter_with_face, face="morphs", parts=("skin",))
    turning = made(starter_with_face, face="morphs", parts=("skin",), face_normals=True)
    assert all(morph.turns is None for morph in plain.main.morphs)
    assert all(morph.turns is not None for morph in turning.main.morphs)
    assert b'"NORMAL"' in glb_bytes(turning).split(b'"targets"')[1][:200]


def test_the_same_recipe_gives_the_same_bytes(starter_with_face: PortraitModel, both: Avatar) -> None:
    again = made(starter_with_face, face="both", lods=(9000, 4000), hair_joints=True, hair_style="bob01")
    assert glb_bytes(again) == glb_bytes(both)
    assert glb_bytes(replace(both, expression={"jawOpen": 0.5})) != glb_bytes(both)


def test_unknown_shapes_are_told(starter_with_face: PortraitModel) -> None:
    with pytest.raises(UsageError, match="no shape 'smle'"):
        made(starter_with_face, face="morphs", expression={"smle": 1.0})


def test_a_full_skeleton_has_fingers_that_move_nothing(starter_with_face: PortraitModel) -> None:
    bust, full = (made(starter_with_face, parts=("skin",), skeleton=each) for each in ("bust", "full"))
    assert full.joint_names == (*SMPL_JOINT_NAMES, *FINGER_JOINTS)

    def moving(avatar: Avatar) -> set[str]:
        used = np.unique(avatar.main.skin.joints[avatar.main.skin.weights > 0]).tolist()
        return {avatar.joint_names[number] for number in used}

    assert moving(bust) == moving(full) and np.array_equal(bust.main.vertices, full.main.vertices)
