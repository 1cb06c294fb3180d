# SPDX-License-Identifier: Apache-2.0
""".obj, .ply and .stl read back by trimesh and by hand: closed, in place, posed, textured."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from portrait_core.formats.ply import ply_files
from portrait_core.formats.recipe_digest import recipe_digest
from portrait_core.formats.stl import stl_files
from portrait_core.formats.wavefront import obj_files
from tests.formats.assets import asset
from tests.formats.busts import bust_avatar


def loaded(content: bytes, kind: str) -> Any:
    return trimesh.load(io.BytesIO(content), file_type=kind, force="mesh", process=False)


def test_stl_is_closed_in_millimetres_and_stands_up() -> None:
    avatar = bust_avatar()
    content = stl_files(avatar, "bust")["bust.stl"]
    (count,) = struct.unpack_from("<I", content, 80)
    assert count == len(avatar.main.faces) and len(content) == 84 + 50 * count
    assert b"mm z-up" in content[:80] and recipe_digest(avatar.recipe)[:16].encode() in content[:80]
    mesh = loaded(content, "stl")
    mesh.merge_vertices()
    assert mesh.is_watertight and mesh.is_winding_consistent and mesh.volume > 0
    whole = trimesh.Trimesh(avatar.main.vertices, avatar.main.faces)
    assert mesh.volume == pytest.approx(whole.volume * 1e9, rel=1e-4)
    x, y, z = avatar.main.vertices.T * 1000
    np.testing.assert_allclose(mesh.bounds[0], [x.min(), -z.max(), y.min()], atol=1e-3)
    np.testing.assert_allclose(mesh.face_normals, mesh.triangles_cross / (2 * mesh.area_faces[:, None]), atol=1e-4)


def test_formats_without_bones_hold_the_pose_and_say_so() -> None:
    avatar = asset()
    posed, _ = avatar.posed()
    assert np.abs(posed - avatar.main.vertices).max() > 0.02
    mesh = loaded(stl_files(avatar, "a")["a.stl"], "stl")
    x, y, z = posed[avatar.main.faces].reshape(-1, 3).T * 1000
    np.testing.assert_allclose(mesh.triangles.reshape(-1, 3), np.stack([x, -z, y], axis=1), atol=1e-3)
    assert b"pose applied to the vertices: head, neck" in obj_files(avatar, "a")["a.obj"]
    assert b"pose applied to the vertices: none" in ply_files(bust_avatar(), "a")["a.ply"]


def test_ply_has_uvs_colours_and_its_texture() -> None:
    avatar = bust_avatar()
    files = ply_files(avatar, "bust")
    mesh = loaded(files["bust.ply"], "ply")
    np.testing.assert_array_equal(mesh.vertices.astype(np.float32), avatar.main.vertices)
    np.testing.assert_array_equal(mesh.faces, avatar.main.faces)
    data = mesh.metadata["_ply_raw"]["vertex"]["data"]
    uvs = np.stack([data["s"], data["t"]], axis=1)
    np.testing.assert_array_equal(uvs, avatar.main.uvs)
    with Image.open(io.BytesIO(files["bust_base_colour.png"])) as image:
        texture = np.asarray(image)
    np.testing.assert_array_equal(texture, avatar.main.maps.base_colour)
    size = len(texture)
    expected = texture[
        np.clip(((1 - uvs[:, 1]) * size).astype(int), 0, size - 1),
        np.clip((uvs[:, 0] * size).astype(int), 0, size - 1),
    ]
    np.testing.assert_array_equal(np.stack([data[c] for c in ("red", "green", "blue")], axis=1), expected)
    head = files["bust.ply"][: files["bust.ply"].index(b"end_header")]
    assert b"comment TextureFile bust_base_colour.png" in head and b"comment portraitkit {" in head


def by_hand(text: str) -> dict[str, dict[str, Any]]:
    """Object -> places, uvs and normals of its triangles' corners, and its material."""
    lists: dict[str, list[list[float]]] = {"v": [], "vt": [], "vn": []}
    objects: dict[str, dict[str, Any]] = {}
    current: dict[str, Any] = {}
    for line in text.splitlines():
        key, *words = line.split()
        if key in lists:
            lists[key].append([float(word) for word in words])
        elif key == "o":
            current = objects.setdefault(words[0], {"f": []})
        elif key == "usemtl":
            current["material"] = words[0]
        elif key == "f":
            current["f"].append([[int(n) - 1 for n in word.split("/")] for word in words])
    for one in objects.values():
        corners = np.array(one["f"])
        one["places"] = corners[:, :, 0]
        for column, key in enumerate(("v", "vt", "vn")):
            one[key] = np.array(lists[key])[corners[:, :, column]]
    return objects


def test_obj_holds_every_level_welded() -> None:
    avatar = asset()
    files = obj_files(avatar, "two words")
    objects = by_hand(files["two words.obj"].decode())
    assert list(objects) == ["asset_LOD0", "asset_LOD1"]
    for number, (one, level) in enumerate(zip(objects.values(), avatar.levels, strict=True)):
        vertices, normals = avatar.posed(number)
        np.testing.assert_allclose(one["v"], vertices[level.faces], atol=1e-7)
        np.testing.assert_allclose(one["vn"], normals[level.faces], atol=1e-7)
        np.testing.assert_allclose(one["vt"], level.uvs[level.faces], atol=1e-7)
        assert one["material"] == f"asset_skin_LOD{number}"
        assert trimesh.Trimesh(np.zeros((one["places"].max() + 1, 3)), one["places"], process=False).is_watertight
    library = files["two words.mtl"].decode()
    assert "mtllib two words.mtl" in files["two words.obj"].decode()
    named = [line.split(" ", 1) for line in library.splitlines() if ".png" in line]
    assert sorted(name for _, name in named) == sorted(name for name in files if name.endswith(".png"))
    assert [key for key, _ in named] == ["map_Kd", "norm", "map_Ka", "map_Pr"] * 2
    with Image.open(io.BytesIO(files["two words_roughness_LOD0.png"])) as image:
        np.testing.assert_array_equal(np.asarray(image), avatar.main.maps["orm"][:, :, 1])


def test_obj_is_read_by_trimesh() -> None:
    avatar = bust_avatar()
    mesh = loaded(obj_files(avatar, "bust")["bust.obj"], "obj")
    assert len(mesh.faces) == len(avatar.main.faces)
    assert mesh.volume == pytest.approx(trimesh.Trimesh(avatar.main.vertices, avatar.main.faces).volume, rel=1e-4)


def test_one_level_keeps_its_plain_name() -> None:
    files = obj_files(replace(bust_avatar(), name="plain name"), "bust")
    assert sorted(files) == ["bust.mtl", "bust.obj", "bust_base_colour.png"]
    assert list(by_hand(files["bust.obj"].decode())) == ["plain_name"]
    assert "newmtl plain_name_skin" in files["bust.mtl"].decode()
