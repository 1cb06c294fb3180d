# SPDX-License-Identifier: Apache-2.0
"""Shapes of a face in files: what a reader gets out of a .glb is what the avatar's morphs say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from portrait_core.avatar import Avatar
from portrait_core.formats.gltf import GltfFile, glb_bytes, read_gltf
from portrait_core.formats.pieces import pieces_of
from portrait_core.formats.read_mesh import read_meshes
from portrait_core.formats.read_recipe import read_recipe
from portrait_core.formats.wavefront import obj_files
from portrait_core.geometry.normals import vertex_normals
from tests.formats.characters import character
from tests.formats.faces import NAMES, faced


def written(avatar: Avatar, folder: Path) -> GltfFile:
    path = folder / "someone.glb"
    path.write_bytes(glb_bytes(avatar))
    return read_gltf(path)


def dense(gltf: GltfFile, mesh: dict[str, Any], what: str = "POSITION") -> dict[str, NDArray[np.float32]]:
    """Of each target of a mesh its whole array, as a program reads it."""
    (primitive,) = mesh["primitives"]
    return {
        name: gltf.array(target[what])
        for name, target in zip(mesh["extras"]["targetNames"], primitive["targets"], strict=True)
    }


@pytest.mark.parametrize("levels", [1, 2])
def test_targets_move_what_the_morphs_move(tmp_path: Path, levels: int) -> None:
    avatar = faced(levels)
    gltf = written(avatar, tmp_path)
    pieces, _ = pieces_of(avatar)
    meshes = gltf.entries("meshes")
    assert [mesh["name"] for mesh in meshes] == [piece.name for piece in pieces]
    for mesh, piece in zip(meshes, pieces, strict=True):
        found = dense(gltf, mesh)
        assert found.keys() == {morph.name for morph in piece.level.morphs}
        for morph in piece.level.morphs:
            assert np.array_equal(found[morph.name], morph.dense(len(piece.level.vertices)))
    # What rests is on the first object, what moves a part on that part.
    assert [tuple(mesh["extras"]["targetNames"]) for mesh in meshes[::levels]] == [
        NAMES, ("eyeBlinkLeft",), ("eyeBlinkLeft",)
    ]  # fmt: skip


def test_limits_are_those_of_the_whole_array(tmp_path: Path) -> None:
    gltf = written(faced(turns=True), tmp_path)
    for mesh in gltf.entries("meshes"):
        targets: list[dict[str, int]] = mesh["primitives"][0]["targets"]
        for index in (each for target in targets for each in target.values()):
            accessor, array = gltf.entries("accessors")[index], gltf.array(index)
            assert np.array_equal(np.float32(accessor["min"]), array.min(axis=0))
            assert np.array_equal(np.float32(accessor["max"]), array.max(axis=0))


def test_zeros_take_no_room(tmp_path: Path) -> None:
    gltf = written(faced(), tmp_path)
    jaw, _, still = (target["POSITION"] for target in gltf.entries("meshes")[0]["primitives"][0]["targets"])
    accessors = gltf.entries("accessors")
    assert accessors[jaw]["sparse"]["count"] == 3 and "bufferView" not in accessors[jaw]
    assert "sparse" not in accessors[still] and "bufferView" not in accessors[still]


def test_normals_turn_where_all_morphs_say_how(tmp_path: Path) -> None:
    avatar = faced(turns=True)
    gltf = written(avatar, tmp_path)
    (skin, *_), _ = pieces_of(avatar)
    found = dense(gltf, gltf.entries("meshes")[0], "NORMAL")
    for morph in skin.level.morphs:
        assert morph.turns is not None
        expected = np.zeros((len(skin.level.vertices), 3), np.float32)
        expected[morph.rows] = morph.turns
        assert np.abs(found[morph.name] - expected).max() < 0.01
    level = avatar.main
    without = replace(level, morphs=(replace(level.morphs[0], turns=None), *level.morphs[1:]))
    mixed = written(replace(avatar, levels=(without,)), tmp_path)
    targets = mixed.entries("meshes")[0]["primitives"][0]["targets"]
    assert all(target.keys() == {"POSITION"} for target in targets)


def test_weights_are_the_expression(tmp_path: Path) -> None:
    rest = written(faced(), tmp_path).entries("meshes")
    assert [mesh["weights"] for mesh in rest] == [[0.0, 0.0, 0.0], [0.0], [0.0]]
    pulled = written(faced(expression={"eyeBlinkLeft": 0.25}), tmp_path).entries("meshes")
    assert [mesh["weights"] for mesh in pulled] == [[0.0, 0.25, 0.0], [0.25], [0.25]]


def test_an_avatar_without_shapes_has_none_in_its_file(tmp_path: Path) -> None:
    for mesh in written(character(), tmp_path).entries("meshes"):
        assert "weights" not in mesh and "targets" not in mesh["primitives"][0]
        assert "targetNames" not in mesh["extras"]


@pytest.mark.parametrize("expression", [{}, {"jawOpen": 0.5, "eyeBlinkLeft": 1.0}])
def test_what_reads_our_files_back_still_does(tmp_path: Path, expression: dict[str, float]) -> None:
    avatar = faced(expression=expression)
    path = tmp_path / "someone.glb"
    path.write_bytes(glb_bytes(avatar))
    assert read_recipe(path).recipe == avatar.recipe
    pieces, _ = pieces_of(avatar)
    read = read_meshes(path)
    for mesh, piece in zip(read, pieces, strict=True):
        places, _ = piece.level.expressed(expression)
        assert np.allclose(mesh.vertices, places, atol=1e-6)
        assert len(mesh.notices) == (1 if expression else 0)


def test_formats_without_shapes_hold_the_expression() -> None:
    avatar = faced(expression={"jawOpen": 1.0})
    lines = obj_files(avatar, "someone")["someone.obj"].decode().splitlines()
    places = np.array([line.split()[1:] for line in lines if line.startswith("v ")], np.float64)
    (skin, *_), _ = pieces_of(avatar)
    expected, _ = skin.level.expressed(avatar.expression)
    assert not np.allclose(expected, skin.level.vertices, atol=1e-4)
    assert np.allclose(places[: len(expected)], expected, atol=1e-6)
    assert any("expression: jawOpen 1" in line for line in lines[:3])


def test_normals_of_an_expression_are_those_of_its_surface() -> None:
    """The sheets' normals are those of their triangles, so that those of the expressed sheet must be, too."""
    avatar = faced(expression={"jawOpen": 2.0, "eyeBlinkLeft": -1.0})
    level = avatar.main
    places, normals = level.expressed(avatar.expression)
    assert np.allclose(normals, vertex_normals(places, level.faces), atol=1e-5)
    assert np.degrees(np.arccos(np.clip(normals[:, 2], -1, 1))).max() > 10
    assert np.array_equal(level.expressed({})[1], level.normals)
