# SPDX-License-Identifier: Apache-2.0
"""Meshes that somebody edited: what is read, and each reason to refuse one in plain words."""

from __future__ import annotations

import base64
import json
import random
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from portrait_core.errors import UsageError
from portrait_core.formats.gltf.reader import read_gltf
from portrait_core.formats.gltf.writer import glb_bytes
from portrait_core.formats.read_mesh import read_mesh
from portrait_core.formats.write import write_avatar
from tests.formats.assets import asset
from tests.formats.busts import bust_avatar
from tests.formats.test_read_recipe import changed

PLACES = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
UVS = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32)
FACES = np.array([[0, 2, 1], [0, 1, 3]], np.uint16)


def little_gltf(path: Path, change: Any = None, *, uvs: np.ndarray = UVS) -> Path:
    """A .gltf of two triangles with its buffer inside; ``change`` may break it."""
    parts = [PLACES.tobytes(), uvs.tobytes(), FACES.tobytes()]
    starts = [0, len(parts[0]), len(parts[0]) + len(parts[1])]
    width = 5121 if uvs.dtype == np.uint8 else 5126
    tree: dict[str, Any] = {
        "asset": {"version": "2.0"},
        "nodes": [{"mesh": 0, "name": "thing", "translation": [0, 0, 2]}],
        "meshes": [
            {"primitives": [{"attributes": {"POSITION": 0, "TEXCOORD_0": 1}, "indices": 2}]},
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3"},
            {
                "bufferView": 1,
                "componentType": width,
                "count": 4,
                "type": "VEC2",
                "normalized": width == 5121,
            },
            {"bufferView": 2, "componentType": 5123, "count": 6, "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": start, "byteLength": len(part)}
            for start, part in zip(starts, parts, strict=True)
        ],
        "buffers": [{"uri": "data:;base64," + base64.b64encode(b"".join(parts)).decode()}],
    }
    if change is not None:
        change(tree)
    path.write_text(json.dumps(tree))
    return path


@pytest.mark.parametrize("ending", [".glb", ".gltf"])
def test_our_own_files_come_back_at_rest(tmp_path: Path, ending: str) -> None:
    path, *_ = write_avatar(asset(), tmp_path / f"a{ending}")
    for number, level in enumerate(asset().levels):
        mesh = read_mesh(path, f"asset_LOD{number}")
        np.testing.assert_array_equal(mesh.vertices, level.vertices)
        np.testing.assert_array_equal(mesh.faces, level.faces)
        np.testing.assert_allclose(mesh.uvs, level.uvs, atol=1e-7)
    with pytest.raises(UsageError, match="several meshes, asset_LOD0, asset_LOD1; choose one of them"):
        read_mesh(path)
    with pytest.raises(UsageError, match="no mesh is called 'x'; there are asset_LOD0"):
        read_mesh(path, "x")


def test_obj_comes_back_with_its_seams(tmp_path: Path) -> None:
    avatar = bust_avatar()
    path, *_ = write_avatar(avatar, tmp_path / "a.obj")
    mesh = read_mesh(path)
    assert mesh.name == "bust"
    np.testing.assert_allclose(mesh.vertices[mesh.faces], avatar.main.vertices[avatar.main.faces], atol=1e-7)
    np.testing.assert_allclose(mesh.uvs[mesh.faces], avatar.main.uvs[avatar.main.faces], atol=1e-7)


def test_trimeshs_files_are_read_as_trimesh_means_them(tmp_path: Path) -> None:
    """Another writer: the same places in the world and the same texture places, with a node's transform."""
    sphere = trimesh.creation.icosphere(subdivisions=2)
    uvs = (sphere.vertices[:, :2] + 1) / 2
    sphere.visual = trimesh.visual.TextureVisuals(uv=uvs)
    matrix = trimesh.transformations.rotation_matrix(0.7, (1, 2, 3)) @ np.diag([2.0, 2, 2, 1])
    matrix[:3, 3] = (0.1, 0.2, 0.3)
    scene = trimesh.Scene()
    scene.add_geometry(sphere, transform=matrix)
    path = tmp_path / "a.glb"
    path.write_bytes(scene.export(file_type="glb"))
    mesh = read_mesh(path)
    moved = sphere.copy().apply_transform(matrix)
    np.testing.assert_allclose(mesh.vertices[mesh.faces], moved.triangles, atol=1e-5)
    np.testing.assert_allclose(mesh.uvs[mesh.faces], uvs[sphere.faces], atol=1e-6)


def test_polygons_and_negative_indices_of_obj(tmp_path: Path) -> None:
    path = tmp_path / "a.obj"
    path.write_text(
        "# a square\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"
        "vn 0 0 1\nf -4/-4/1 2/2/1 3/3/1 4/4/1\n"
    )
    mesh = read_mesh(path)
    assert mesh.faces.shape == (2, 3) and mesh.name == "a"
    np.testing.assert_array_equal(mesh.vertices[mesh.faces][:, :, :2], mesh.uvs[mesh.faces])
    normals = np.cross(*(np.diff(mesh.vertices[mesh.faces], axis=1)[:, i] for i in (0, 1)))
    assert (normals[:, 2] > 0).all()


def test_small_gltf_kinds(tmp_path: Path) -> None:
    mesh = read_mesh(little_gltf(tmp_path / "a.gltf"))
    np.testing.assert_array_equal(mesh.vertices, PLACES + np.float32([0, 0, 2]))
    np.testing.assert_array_equal(mesh.uvs, UVS * [1, -1] + [0, 1])
    bytes_uvs = (UVS * 255).astype(np.uint8)
    np.testing.assert_array_equal(read_mesh(little_gltf(tmp_path / "b.gltf", uvs=bytes_uvs)).uvs, mesh.uvs)
    plain = read_mesh(little_gltf(tmp_path / "c.gltf", lambda t: t["nodes"][0].update(skin=0)))
    np.testing.assert_array_equal(plain.vertices, PLACES)  # the node of a skinned mesh does not move it


def test_a_glb_with_an_empty_binary_part_is_whole(tmp_path: Path) -> None:
    tree = little_gltf(tmp_path / "a.gltf").read_bytes()
    tree += b" " * (-len(tree) % 4)
    for blob in (b"", struct.pack("<I4s", 0, b"BIN\0"), struct.pack("<I4s", 4, b"BIN\0") + b"abcd"):
        path = tmp_path / "a.glb"
        parts = struct.pack("<I4s", len(tree), b"JSON") + tree + blob
        path.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(parts)) + parts)
        assert read_gltf(path).blob == blob[8:]
        np.testing.assert_array_equal(read_mesh(path).faces, FACES)
    # A part that promises a byte more than there is, even the first one.
    parts = parts[:-12] + struct.pack("<I4s", 1, b"BIN\0")
    path.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(parts)) + parts)
    with pytest.raises(UsageError, match="binary part is truncated"):
        read_gltf(path)


def _no_uvs(tree: dict[str, Any]) -> None:
    del tree["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"]


def _draco(tree: dict[str, Any]) -> None:
    tree["meshes"][0]["primitives"][0]["extensions"] = {"KHR_draco_mesh_compression": {}}
    del tree["accessors"][0]["bufferView"]  # without it the accessor stands for what is compressed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_no_uvs, "mesh thing has no UV map; unwrap it"),
        (lambda t: t["meshes"][0]["primitives"][0].update(mode=1), "no mesh of triangles"),
        (lambda t: t.update(nodes=[]), "no mesh of triangles"),
        (lambda t: t["accessors"][0].update(count=400), "does not fit its buffer"),
        (lambda t: t["accessors"][0].update(count=-4), "does not fit its buffer"),
        (lambda t: t["accessors"][0].update(componentType=7), "does not fit its buffer"),
        (lambda t: t["accessors"][0].update(type="VEC9"), "does not fit its buffer"),
        (lambda t: t["accessors"][0].update(type="VEC2"), "2 columns, not 3"),
        (lambda t: t["accessors"][0].update(count=1), "names a vertex outside 0 to 0"),
        (lambda t: t["accessors"][0].update(sparse={}), "sparse"),
        (lambda t: t["accessors"][2].update(count=0), "has no faces"),
        (lambda t: t["bufferViews"][0].update(byteOffset=-8), "does not fit"),
        (lambda t: t["bufferViews"][0].update(buffer=3), "buffers number 3 does not exist"),
        (lambda t: t["bufferViews"][0].update(extensions={"EXT_meshopt_compression": {}}), "by EXT_meshopt_c"),
        (_draco, "compressed by KHR_draco_mesh_compression, which is not read. Export it without"),
        (lambda t: t.update(extensionsRequired=["ACME_points"]), "needs ACME_points, which is not read"),
        (lambda t: t["buffers"][0].update(uri="../../etc/passwd"), "not beside it"),
        (lambda t: t["buffers"][0].update(uri="/etc/passwd"), "not beside it"),
        (lambda t: t["buffers"][0].update(uri="https://example.org/a.bin"), "not beside it"),
        (lambda t: t["buffers"][0].update(uri="none.bin"), "No such file"),
        (lambda t: t["buffers"][0].update(uri="data:;base64,!!!"), "buffer 0 is damaged"),
        (lambda t: t["nodes"][0].update(translation=["a", 0, 0]), "transform is not made of numbers"),
        (lambda t: t["nodes"][0].update(matrix=[1, 2]), "transform is not made of numbers"),
    ],
)
def test_what_cannot_be_baked_onto(tmp_path: Path, change: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_mesh(little_gltf(tmp_path / "a.gltf", change))


@pytest.mark.parametrize(
    ("uvs", "words"),
    [
        (UVS * 3, "goes from -2 to 3; one image holds 0 to 1 only"),
        (UVS * 0, "has no area"),
        (UVS * np.float32(np.nan), "not finite"),
    ],
)
def test_uv_maps_that_no_image_holds(tmp_path: Path, uvs: np.ndarray, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_mesh(little_gltf(tmp_path / "a.gltf", uvs=uvs.astype(np.float32)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no mesh of triangles"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "has no UV map"),
        ("v 0 0\n", "line 1: "),
        ("v 0 0 0\nf 1 2 3\n", "line 2: index 2 leads nowhere"),
        ("v a b c\n", "line 1: "),
        ("v 0 0 0\nv 1 0 0\nf 1 2\n", "fewer than three corners"),
    ],
)
def test_broken_objs(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "a.obj"
    path.write_text(text)
    with pytest.raises(UsageError, match=words):
        read_mesh(path)


@pytest.mark.parametrize("ending", ["ply", "stl", "off"])
def test_bare_meshes_are_read_where_no_uv_map_is_needed(tmp_path: Path, ending: str) -> None:
    body = trimesh.creation.icosphere(subdivisions=2, radius=0.1 if ending != "stl" else 100.0)
    body.apply_translation(np.array([0.01, 0.02, 0.03]) if ending != "stl" else np.array([10.0, -30.0, 20.0]))
    path = tmp_path / f"a.{ending}"
    path.write_bytes(content if isinstance(content := body.export(file_type=ending), bytes) else content.encode())
    mesh = read_mesh(path, bare=True)
    assert len(mesh.vertices) == len(body.vertices) and len(mesh.faces) == len(body.faces) and len(mesh.uvs) == 0
    np.testing.assert_allclose(mesh.vertices.mean(axis=0), [0.01, 0.02, 0.03], atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(mesh.vertices - [0.01, 0.02, 0.03], axis=1), 0.1, atol=1e-5)
    with pytest.raises(UsageError, match="has no UV map"):
        read_mesh(path)
    path.write_bytes(path.read_bytes()[: len(path.read_bytes()) // 2])
    with pytest.raises(UsageError, match=r"cannot be read as a mesh|names a vertex|no faces"):
        read_mesh(path, bare=True)


def test_no_damage_gets_through_as_another_error(tmp_path: Path) -> None:
    """Values of the description exchanged for foreign ones: a mesh, or the one kind of error; never a crash."""
    dice, outcomes = random.Random(3), set()
    strange: list[Any] = [None, -1, 7, 1e30, "x", [], {}, True, [[1]], 2**40]

    def spots(value: Any) -> list[tuple[Any, Any]]:
        keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
        return [spot for key in keys for spot in [(value, key), *spots(value[key])]]

    def exchange(tree: dict[str, Any]) -> None:
        holder, key = dice.choice(spots(tree))
        holder[key] = dice.choice(strange)

    for number in range(300):
        path = little_gltf(tmp_path / f"{number % 2}.gltf", exchange)
        try:
            read_mesh(path)
            outcomes.add("read")
        except UsageError:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_vertices_that_are_no_numbers_and_other_endings(tmp_path: Path) -> None:
    path = tmp_path / "a.glb"
    path.write_bytes(glb_bytes(replace(bust_avatar())))
    (tmp_path / "a.fbx").write_bytes(b"")
    with pytest.raises(UsageError, match=r"read from \.glb, .*; got the ending '\.fbx'"):
        read_mesh(tmp_path / "a.fbx")
    path.write_bytes(changed(path.read_bytes(), lambda t: t["nodes"][0].update(children=[1, 1, 2])))
    with pytest.raises(UsageError, match="two parents"):
        read_mesh(path)
