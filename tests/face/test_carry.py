# SPDX-License-Identifier: Apache-2.0
"""Shapes carried to the meshes of a person, beside slow ways to the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from portrait_core.face.carry import face_morphs, summed
from portrait_core.face.common import common
from portrait_core.face.joints import FACE_JOINTS, face_joints, has_face_joints, jaw_turn, moved_by_face
from portrait_core.face.names import SHAPES
from portrait_core.geometry.morphs import Morph
from portrait_core.parts.character import KINDS, Figure, Wanted, meshes
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.parts.rest_pose import JOINTS
from portrait_core.parts.template import PartsTemplate
from tests.face.small_face import face_template
from tests.parts.test_template import small_template, somebody

Carried = dict[str, tuple[PartMesh, dict[str, Morph]]]


@pytest.fixture(scope="module")
def template() -> PartsTemplate:
    return face_template()


def carried(figure: Figure, *, normals: bool = False) -> Carried:
    made = meshes(figure, KINDS)
    found = face_morphs(figure, made, normals=normals)
    return {mesh.name: (mesh, {each.name: each for each in own}) for mesh, own in zip(made, found, strict=True)}


@pytest.mark.parametrize("detail", [1, 0, -1, -2])
def test_skin_moves_as_its_controls_do_on_every_level(template: PartsTemplate, detail: int) -> None:
    face = template.face
    assert face is not None
    mesh, morphs = carried(Figure(template, somebody(), Wanted(detail=detail)))["skin"]
    moves = template.skin.moves(face.targets["viseme_aa"].dense(face.count))[mesh.welded]
    wanted = np.where(np.linalg.norm(moves, axis=1, keepdims=True) > 2e-5, moves, 0)
    found = morphs["viseme_aa"].dense(len(mesh.vertices)) if "viseme_aa" in morphs else np.zeros_like(moves)
    assert found == pytest.approx(wanted, abs=1e-7)


def test_morphs_come_in_the_order_of_files_and_still_shapes_are_left_out(template: PartsTemplate) -> None:
    figure = Figure(template, somebody())
    for own in face_morphs(figure, meshes(figure, KINDS)):
        names = [morph.name for morph in own]
        assert names == [name for name in SHAPES if name in names]
        assert "viseme_sil" not in names
        assert all(len(morph.rows) for morph in own)


def test_combined_shapes_are_sums(template: PartsTemplate) -> None:
    skin, morphs = carried(Figure(template, somebody()))["skin"]
    count = len(skin.vertices)
    assert morphs["mouthOpen"].dense(count) == pytest.approx(morphs["jawOpen"].dense(count))
    assert morphs["mouthSmile"].dense(count) == pytest.approx(morphs["mouthSmileLeft"].dense(count))
    one = Morph("one", np.array([1, 4], np.int32), np.ones((2, 3), np.float32))
    two = Morph("two", np.array([0, 4], np.int32), np.full((2, 3), 2, np.float32))
    both = summed("both", [(1.0, one), (0.5, two)])
    assert both.rows.tolist() == [0, 1, 4]
    assert both.moves[:, 0].tolist() == [1, 1, 2]


@pytest.mark.parametrize("first", [0.0, 0.3])
def test_the_jaw_by_its_joint_is_the_jaw_by_its_shape(template: PartsTemplate, first: float) -> None:
    figure = Figure(template, somebody(first))
    hinge = face_joints(figure)[0]
    for name in ("skin", "teeth", "tongue"):
        mesh, morphs = carried(figure)[name]
        moved = moved_by_face(figure, mesh)
        places = mesh.vertices.astype(np.float64)
        turned = Rotation.from_rotvec(jaw_turn(figure)).apply(places - hinge) + hinge
        jaw = moved.joints == len(JOINTS) + FACE_JOINTS.index("jaw")
        share = np.where(jaw, moved.weights, 0).sum(axis=1)[:, None]
        assert share.max() > 0.5
        by_joint = share * turned + (1 - share) * places
        by_shape = places + morphs["jawOpen"].dense(len(places))
        assert by_joint == pytest.approx(by_shape, abs=3e-5)
        assert moved.weights.sum(axis=1) == pytest.approx(np.ones(len(places)), abs=1e-5)


def test_eyes_turn_as_one_about_their_middles_by_shape_as_by_joint(template: PartsTemplate) -> None:
    figure = Figure(template, somebody())
    for part in ("eye_left", "cornea_left"):
        mesh, morphs = carried(figure)[part]
        middle = face_joints(figure)[1]
        turned = Rotation.from_rotvec((-0.35, 0, 0)).apply(mesh.vertices - middle) + middle
        moves = morphs["eyeLookUpLeft"].dense(len(mesh.vertices))
        assert mesh.vertices + moves == pytest.approx(turned, abs=1e-6)
        assert morphs["eyesLookUp"].moves == pytest.approx(morphs["eyeLookUpLeft"].moves)
        joint = len(JOINTS) + FACE_JOINTS.index("left_eye")
        assert (moved_by_face(figure, mesh).joints[:, 0] == joint).all()
    assert carried(figure)["eye_right"][1] == {}


def test_lower_teeth_move_as_one(template: PartsTemplate) -> None:
    figure, face = Figure(template, somebody()), template.face
    assert face is not None
    mesh, morphs = carried(figure)["teeth"]  # the card's four vertices hang on controls that the jaw takes along
    hinge = face_joints(figure)[0]
    after = Rotation.from_rotvec((0.1, 0, 0)).apply(mesh.vertices - hinge) + hinge + (0.001, -0.002, 0)
    assert mesh.vertices + morphs["viseme_aa"].dense(len(mesh.vertices)) == pytest.approx(after, abs=1e-6)


@pytest.mark.parametrize("name", ["skin", "teeth", "eye_left"])
def test_turns_are_the_change_of_normals(template: PartsTemplate, name: str) -> None:
    mesh, morphs = carried(Figure(template, somebody()), normals=True)[name]
    assert morphs
    for morph in morphs.values():
        assert morph.turns is not None
        dense = np.zeros_like(mesh.vertices)
        dense[morph.rows] = morph.turns
        before, after = (
            whole_normals(mesh, places) for places in (mesh.vertices, mesh.vertices + morph.dense(len(mesh.vertices)))
        )
        assert dense == pytest.approx(after - before, abs=1e-4)


def whole_normals(mesh: PartMesh, places: np.ndarray) -> np.ndarray:
    """Of each vertex the sum of the whole surface's faces around it, one after another."""
    total = np.zeros((int(mesh.welded.max()) + 1, 3))
    for face in mesh.faces:
        a, b, c = places[face].astype(np.float64)
        total[mesh.welded[face]] += np.cross(b - a, c - a)
    return (total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12))[mesh.welded]


def test_what_is_the_same_for_everybody_is_made_once(template: PartsTemplate) -> None:
    one, two = (carried(Figure(template, somebody(first)))["skin"][1] for first in (0.0, 0.4))
    assert one["mouthSmileLeft"].moves is two["mouthSmileLeft"].moves
    assert np.abs(one["jawOpen"].moves - two["jawOpen"].moves).max() > 1e-6  # hinges are a person's own


def test_a_template_without_shapes_has_no_morphs_and_no_jaw() -> None:
    figure = Figure(small_template(), somebody())
    assert set(face_morphs(figure, meshes(figure, KINDS))) == {()}
    assert not has_face_joints(figure)
    with pytest.raises(ValueError, match="no jaw"):
        face_joints(figure)
    with pytest.raises(ValueError, match="no shapes"):
        common(figure.template)


def test_a_mesh_that_is_no_part_of_the_template_stays(template: PartsTemplate) -> None:
    figure = Figure(template, somebody())
    skin = meshes(figure, ("skin",))[0]
    hat = replace(skin, name="hair", material="hair_volume")
    assert face_morphs(figure, [hat]) == [()]
    assert moved_by_face(figure, hat) is hat
