# SPDX-License-Identifier: Apache-2.0
"""The .glb read back with plain code, number by number; refusals; nothing partial."""

from __future__ import annotations

import io
import json
import os
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pygltflib
import pytest
from PIL import Image

from portrait_core.avatar import Avatar
from portrait_core.errors import OutputError, UsageError
from portrait_core.formats.gltf.scene import build_scene, file_weights, proper_faces
from portrait_core.formats.gltf.writer import glb_bytes, json_tree, write_glb
from portrait_core.formats.recipe_digest import recipe_digest
from portrait_core.rig import Skin, joint_motions
from tests.formats.busts import bust_avatar
from tests.formats.characters import character
from tests.formats.faces import faced

TYPES = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Glb:
    """A GLB taken apart by the letter of the specification, without the library that wrote it."""

    def __init__(self, content: bytes) -> None:
        magic, version, length = struct.unpack_from("<4sII", content)
        assert (magic, version, length) == (b"glTF", 2, len(content))
        size, kind = struct.unpack_from("<I4s", content, 12)
        assert kind == b"JSON" and size % 4 == 0
        self.json: dict[str, Any] = json.loads(content[20 : 20 + size])
        length, kind = struct.unpack_from("<I4s", content, 20 + size)
        assert kind == b"BIN\0" and length % 4 == 0
        self.binary = content[28 + size : 28 + size + length]

    def accessor(self, index: int) -> np.ndarray:
        accessor = self.json["accessors"][index]
        view = self.json["bufferViews"][accessor["bufferView"]]
        width, kind = WIDTHS[accessor["type"]], np.dtype(TYPES[accessor["componentType"]])
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        assert start % 4 == 0
        flat = np.frombuffer(self.binary, kind, accessor["count"] * width, start)
        return flat.reshape(-1, width)

    def attribute(self, name: str) -> np.ndarray:
        return self.accessor(self.json["meshes"][0]["primitives"][0]["attributes"][name])


@pytest.fixture(scope="module")
def glb() -> Glb:
    return Glb(glb_bytes(bust_avatar()))


def test_geometry_comes_back(glb: Glb) -> None:
    avatar = bust_avatar()
    primitive = glb.json["meshes"][0]["primitives"][0]
    np.testing.assert_array_equal(glb.attribute("POSITION"), avatar.main.vertices)
    np.testing.assert_allclose(glb.attribute("NORMAL"), avatar.main.normals, atol=1e-6)
    np.testing.assert_allclose(glb.attribute("TEXCOORD_0")[:, 0], avatar.main.uvs[:, 0])
    np.testing.assert_allclose(glb.attribute("TEXCOORD_0")[:, 1], 1 - avatar.main.uvs[:, 1], atol=1e-7)
    np.testing.assert_array_equal(glb.accessor(primitive["indices"]).reshape(-1, 3), avatar.main.faces)
    record = glb.json["accessors"][primitive["attributes"]["POSITION"]]
    np.testing.assert_array_equal(np.float32(record["min"]), avatar.main.vertices.min(axis=0))
    np.testing.assert_array_equal(np.float32(record["max"]), avatar.main.vertices.max(axis=0))


def test_buffers_say_what_they_are_for(glb: Glb) -> None:
    """Vertex attributes are ARRAY_BUFFER (34962), indices ELEMENT_ARRAY_BUFFER (34963), and nothing else is either."""
    primitive = glb.json["meshes"][0]["primitives"][0]
    views = [accessor["bufferView"] for accessor in glb.json["accessors"]]
    targets = {views[number]: 34962 for number in primitive["attributes"].values()}
    targets[views[primitive["indices"]]] = 34963
    assert {n: view["target"] for n, view in enumerate(glb.json["bufferViews"]) if view.get("target")} == targets


def test_one_root_one_skin_one_mesh(glb: Glb) -> None:
    tree = glb.json
    nodes = tree["nodes"]
    root, mesh = tree["scenes"][0]["nodes"]
    assert len(tree["scenes"]) == len(tree["skins"]) == len(tree["meshes"]) == len(tree["materials"]) == 1
    assert nodes[mesh]["mesh"] == 0 and nodes[mesh]["skin"] == 0
    for node in (nodes[root], nodes[mesh]):
        assert not {"translation", "rotation", "scale", "matrix"} & node.keys()
    joints = tree["skins"][0]["joints"]
    assert nodes[root]["children"] == [joints[0]] and tree["skins"][0]["skeleton"] == joints[0]
    assert [nodes[joint]["name"] for joint in joints] == list(bust_avatar().joint_names)
    assert "extensionsRequired" not in tree and "extensionsUsed" not in tree


def test_rest_places_and_inverse_binds(glb: Glb) -> None:
    """Each joint's place, added up along its parents, is the template's, and its inverse bind matrix undoes it."""
    avatar, nodes = bust_avatar(), glb.json["nodes"]
    skin = glb.json["skins"][0]
    place: dict[int, np.ndarray] = {}

    def walk(index: int, origin: np.ndarray) -> None:
        assert "rotation" not in nodes[index] and "scale" not in nodes[index]
        place[index] = origin + np.array(nodes[index].get("translation", (0, 0, 0)))
        for child in nodes[index].get("children", []):
            walk(child, place[index])

    walk(skin["joints"][0], np.zeros(3))
    got = np.array([place[joint] for joint in skin["joints"]])
    np.testing.assert_allclose(got, avatar.joints, atol=1e-6)
    inverse = glb.accessor(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
    assert (inverse[:, 3] == [0, 0, 0, 1]).all()
    np.testing.assert_array_equal(inverse[:, :3, :3], np.tile(np.eye(3), (24, 1, 1)))
    np.testing.assert_array_equal(inverse[:, :3, 3], -avatar.joints)


def test_a_pose_is_a_rotation_of_nodes_and_never_baked(glb: Glb) -> None:
    """The file's joint matrices, chained by hand, move points as our own skinning does; the mesh stays at rest."""
    pose = {"head": (0.1, 0.5, -0.2), "neck": (0.2, 0.0, 0.0)}
    avatar = replace(bust_avatar(), pose=pose)
    posed = Glb(glb_bytes(avatar))
    np.testing.assert_array_equal(posed.attribute("POSITION"), glb.attribute("POSITION"))
    nodes, skin = posed.json["nodes"], posed.json["skins"][0]
    assert sum("rotation" in node for node in nodes) == 2
    world: dict[int, np.ndarray] = {}

    def walk(index: int, above: np.ndarray) -> None:
        x, y, z, w = nodes[index].get("rotation", (0, 0, 0, 1))
        matrix = np.eye(4)
        q = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        matrix[:3, :3] += 2 * w * q + 2 * q @ q
        matrix[:3, 3] = nodes[index].get("translation", (0, 0, 0))
        world[index] = above @ matrix
        for child in nodes[index].get("children", []):
            walk(child, world[index])

    walk(skin["joints"][0], np.eye(4))
    inverse = posed.accessor(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
    chained = np.stack([world[joint] @ inverse[i] for i, joint in enumerate(skin["joints"])])
    motions = joint_motions(avatar.joint_names, avatar.parents, avatar.joints, pose)
    np.testing.assert_allclose(chained, motions, atol=1e-6)
    moved, _ = avatar.posed()
    blend = np.einsum("vk,vkij->vij", posed.attribute("WEIGHTS_0"), chained[posed.attribute("JOINTS_0")])
    by_hand = np.einsum("vij,vj->vi", blend[:, :3, :3], avatar.main.vertices) + blend[:, :3, 3]
    np.testing.assert_allclose(by_hand, moved, atol=1e-6)
    assert np.abs(moved - avatar.main.vertices).max() > 0.02


def test_weights_are_normalised_in_float32(glb: Glb) -> None:
    weights, joints = glb.attribute("WEIGHTS_0"), glb.attribute("JOINTS_0")
    assert weights.dtype == np.float32 and joints.dtype == np.uint8
    assert np.abs(weights.astype(np.float64).sum(axis=1) - 1).max() < 2e-7
    assert (joints[weights == 0] == 0).all() and joints.max() < 24
    random = np.random.default_rng(0).dirichlet((0.2,) * 4, 5000).astype(np.float32)
    skin = Skin(np.tile(np.array([3, 300, 5, 6], np.uint16), (5000, 1)), random)
    wide, exact = file_weights(skin)
    assert wide.dtype == np.uint16 and np.abs(exact.astype(np.float64).sum(axis=1) - 1).max() < 2e-7
    np.testing.assert_allclose(exact, random, atol=1e-6)


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_the_image_is_inside(kind: Any) -> None:
    avatar = bust_avatar()
    glb = Glb(glb_bytes(avatar, image=kind))
    record = glb.json["images"][0]
    assert record["mimeType"] == f"image/{kind}"
    view = glb.json["bufferViews"][record["bufferView"]]
    content = glb.binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == kind.upper() and image.size == (256, 256)
        error = np.abs(np.asarray(image, np.int16) - avatar.main.maps.base_colour)
    assert error.max() == 0 if kind == "png" else error.mean() < 3
    surface = glb.json["materials"][0]["pbrMetallicRoughness"]
    assert surface["baseColorTexture"]["index"] == 0
    assert (surface["metallicFactor"], surface["roughnessFactor"]) == (0.0, 0.6)
    assert surface.get("baseColorFactor", [1, 1, 1, 1]) == [1, 1, 1, 1]


def test_recipe_and_provenance_travel(glb: Glb) -> None:
    avatar = bust_avatar()
    again = json.loads(glb.json["nodes"][-1]["extras"]["portraitkit"])
    for extras in (glb.json["asset"]["extras"], again):
        digests = {"recipe": recipe_digest(avatar.recipe), "scheme": "values-1"}
        assert extras == {"recipe": avatar.recipe, "provenance": avatar.provenance, "digests": digests}
    assert glb.json["asset"]["generator"].startswith("Portraitkit ")
    assert "CC0-1.0" in glb.json["asset"]["copyright"]
    with pytest.raises(ValueError, match="plain JSON"):
        glb_bytes(replace(avatar, recipe={"latent": float("nan")}))
    with pytest.raises(ValueError, match="plain JSON"):
        glb_bytes(replace(avatar, recipe={"latent": np.zeros(3)}))


@pytest.mark.parametrize("avatar", [bust_avatar(), faced(2, turns=True), character()], ids=["bust", "face", "parts"])
def test_trees_are_what_pygltflib_writes(avatar: Avatar) -> None:
    gltf, _ = build_scene(avatar, "png")
    expected = json.loads(gltf.gltf_to_json())
    expected["asset"]["extras"] = gltf.asset.extras
    assert json.dumps(json_tree(gltf)) == json.dumps(expected)


def test_trees_leave_out_what_is_empty_as_pygltflib_does() -> None:
    gltf: Any = pygltflib.GLTF2(asset=pygltflib.Asset(extras={"empty": {}}))
    gltf.extensions = {"ONE": {}, "TWO": {"list": [], "none": None, "deep": [{"empty": []}, [{"empty": ""}]]}}
    gltf.nodes.append(pygltflib.Node(name="", children=[], extras={"a": {"b": {}}, "c": [[{"d": None}], {"e": None}]}))
    gltf.meshes.append(pygltflib.Mesh(primitives=[pygltflib.Primitive(attributes=pygltflib.Attributes(POSITION=0))]))
    expected = json.loads(gltf.gltf_to_json())
    expected["asset"]["extras"] = gltf.asset.extras
    assert json.dumps(json_tree(gltf)) == json.dumps(expected)


def test_the_same_avatar_gives_the_same_bytes() -> None:
    assert glb_bytes(bust_avatar()) == glb_bytes(bust_avatar())


def test_degenerate_faces_stay_out() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0.5, 0, 0], [0, 1, 0]], np.float32)
    faces = np.array([[0, 1, 2], [0, 0, 1], [0, 1, 3], [1, 2, 4]], np.int32)
    assert proper_faces(vertices, faces).tolist() == [[0, 1, 2]]


def test_indices_grow_to_32_bits_only_when_needed(glb: Glb) -> None:
    primitive = glb.json["meshes"][0]["primitives"][0]
    assert glb.json["accessors"][primitive["indices"]]["componentType"] == 5123
    avatar = bust_avatar()
    times = 65536 // len(avatar.main.vertices) + 1
    count = len(avatar.main.vertices)
    level = avatar.main.part(np.tile(np.arange(count), times), avatar.main.faces + count * (times - 1))
    many = replace(avatar, levels=(level,))
    big = Glb(glb_bytes(many))
    primitive = big.json["meshes"][0]["primitives"][0]
    assert big.json["accessors"][primitive["indices"]]["componentType"] == 5125
    np.testing.assert_array_equal(big.accessor(primitive["indices"]).reshape(-1, 3), many.main.faces)


def test_files_are_written_beside_each_other_and_not_over_others(tmp_path: Path) -> None:
    avatar, path = bust_avatar(), tmp_path / "new" / "bust.glb"
    assert write_glb(avatar, path) == path
    assert sorted(p.name for p in path.parent.iterdir()) == ["bust.glb", "bust.png"]
    with Image.open(path.with_suffix(".png")) as image:
        assert image.size == (16, 16)
    before = path.read_bytes()
    with pytest.raises(OutputError, match="exists already"):
        write_glb(avatar, path)
    assert path.read_bytes() == before
    write_glb(replace(avatar, name="other"), path, overwrite=True)
    assert path.read_bytes() != before
    path.unlink()
    with pytest.raises(OutputError, match=r"bust\.png exists"):  # somebody else's picture
        write_glb(avatar, path)
    assert not path.exists()
    with pytest.raises(UsageError, match=r"\.glb"):
        write_glb(avatar, tmp_path / "bust.gltf")


def test_a_full_or_closed_folder_is_named_and_left_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bust.glb"

    def full(self: Path, data: bytes) -> int:
        with open(self, "wb") as stream:  # a part was written before the disk was full
            stream.write(data[:10])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(OutputError, match="disk is full"):
            write_glb(bust_avatar(), path)
    assert list(tmp_path.iterdir()) == []
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(OutputError, match="not a folder"):
        write_glb(bust_avatar(), blocked / "bust.glb")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="not writable"):
            write_glb(bust_avatar(), tmp_path / "bust.glb")
    finally:
        tmp_path.chmod(0o700)
