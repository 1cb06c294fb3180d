# SPDX-License-Identifier: Apache-2.0
"""The whole asset in a .glb and in loose files: levels, maps, tangents, the motion; each number read back by hand."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from portrait_core.avatar import Avatar
from portrait_core.formats.gltf.writer import glb_bytes, gltf_files
from portrait_core.rig import joint_motions
from tests.formats.assets import asset, turning
from tests.formats.busts import bust_avatar
from tests.formats.test_gltf import Glb


@pytest.fixture(scope="module")
def own() -> Glb:
    return Glb(glb_bytes(asset()))


def picture(glb: Glb, texture: int) -> np.ndarray:
    record = glb.json["images"][glb.json["textures"][texture]["source"]]
    view = glb.json["bufferViews"][record["bufferView"]]
    content = glb.binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image)


def test_levels_are_nodes_of_one_skin(own: Glb) -> None:
    tree = own.json
    root, first = tree["scenes"][0]["nodes"]
    meshes = [first, *tree["nodes"][first]["extensions"]["MSFT_lod"]["ids"]]
    assert tree["extensionsUsed"] == ["MSFT_lod"] and "extensionsRequired" not in tree
    assert [tree["nodes"][node]["name"] for node in meshes] == ["asset_LOD0", "asset_LOD1"]
    assert [tree["nodes"][node]["mesh"] for node in meshes] == [0, 1]
    assert {tree["nodes"][node]["skin"] for node in meshes} == {0} and len(tree["skins"]) == 1
    assert tree["nodes"][root]["name"] == "asset rig"
    for number, level in enumerate(asset().levels):
        primitive = tree["meshes"][number]["primitives"][0]
        np.testing.assert_array_equal(own.accessor(primitive["attributes"]["POSITION"]), level.vertices)
        np.testing.assert_array_equal(own.accessor(primitive["indices"]).reshape(-1, 3), level.faces)


def test_tangents_are_units_with_a_sign(own: Glb) -> None:
    for number, level in enumerate(asset().levels):
        tangents = own.accessor(own.json["meshes"][number]["primitives"][0]["attributes"]["TANGENT"])
        assert level.tangents is not None
        np.testing.assert_allclose(tangents, level.tangents, atol=1e-6)
        assert set(np.unique(tangents[:, 3])) == {-1.0, 1.0}
    plain = replace(asset().main, maps=asset().main.maps.with_(normal=None))
    without = Glb(glb_bytes(replace(asset(), levels=(plain,))))
    assert "TANGENT" not in without.json["meshes"][0]["primitives"][0]["attributes"]


def test_every_level_has_its_own_maps(own: Glb) -> None:
    assert len(own.json["materials"]) == 2 and len(own.json["images"]) == 6
    for number, level in enumerate(asset().levels):
        assert own.json["meshes"][number]["primitives"][0]["material"] == number
        material = own.json["materials"][number]
        surface = material["pbrMetallicRoughness"]
        np.testing.assert_array_equal(picture(own, surface["baseColorTexture"]["index"]), level.maps.base_colour)
        np.testing.assert_array_equal(picture(own, material["normalTexture"]["index"]), level.maps["normal"])
        packed = surface["metallicRoughnessTexture"]["index"]
        assert material["occlusionTexture"]["index"] == packed
        np.testing.assert_array_equal(picture(own, packed), level.maps["orm"])
        assert surface["roughnessFactor"] == 1 and surface["metallicFactor"] == 0
    names = [image["name"] for image in own.json["images"]]
    assert len(set(names)) == 6 and all(name.startswith("asset_") for name in names)


def test_shared_maps_are_written_once() -> None:
    shared = Glb(glb_bytes(asset(shared=True)))
    assert len(shared.json["materials"]) == 1 and len(shared.json["images"]) == 3
    assert [mesh["primitives"][0]["material"] for mesh in shared.json["meshes"]] == [0, 0]


def test_without_occlusion_red_is_not_read() -> None:
    orm = asset().main.maps["orm"].copy()
    orm[:, :, 0] = 255
    maps = asset().main.maps.with_(orm=orm)
    glb = Glb(glb_bytes(replace(asset(), levels=(replace(asset().main, maps=maps),))))
    material = glb.json["materials"][0]
    assert "occlusionTexture" not in material or material["occlusionTexture"] is None
    assert "metallicRoughnessTexture" in material["pbrMetallicRoughness"]


def test_metal_counts_where_there_is_some() -> None:
    metal = asset().main.maps["orm"].copy()
    metal[:4, :4, 2] = 255
    maps = asset().main.maps.with_(orm=metal)
    glb = Glb(glb_bytes(replace(asset(), levels=(replace(asset().main, maps=maps),))))
    assert glb.json["materials"][0]["pbrMetallicRoughness"]["metallicFactor"] == 1


def test_the_motion_moves_the_joints(own: Glb) -> None:
    """A key's node transforms, chained by hand, are those of our own pose of the same angles."""
    (animation,) = own.json["animations"]
    nodes, skin = own.json["nodes"], own.json["skins"][0]
    avatar, motion = asset(), turning()
    tracks = {}
    for channel in animation["channels"]:
        sampler = animation["samplers"][channel["sampler"]]
        assert sampler["interpolation"] == "LINEAR"
        np.testing.assert_array_equal(own.accessor(sampler["input"])[:, 0], motion.times)
        record = own.json["accessors"][sampler["input"]]
        assert (record["min"], record["max"]) == ([0.0], [float(motion.times[-1])])
        target = channel["target"]
        tracks[nodes[target["node"]]["name"], target["path"]] = own.accessor(sampler["output"])
    assert tracks.keys() == {("head", "rotation"), ("neck", "rotation"), ("pelvis", "translation")}
    assert motion.translation is not None
    np.testing.assert_allclose(tracks["pelvis", "translation"], motion.translation + avatar.joints[0], atol=1e-7)
    assert np.abs(np.linalg.norm(tracks["head", "rotation"].astype(float), axis=1) - 1).max() < 1e-7
    head, neck = (avatar.joint_names.index(name) for name in ("head", "neck"))
    assert skin["joints"][head] == next(i for i, node in enumerate(nodes) if node["name"] == "head")
    pose = {"head": (0.0, 0.8, 0.0), "neck": (0.2, 0.0, 0.0)}
    expected = joint_motions(avatar.joint_names, avatar.parents, avatar.joints, pose)[head, :3, :3]

    def matrix(q: np.ndarray) -> np.ndarray:
        x, y, z, w = q.astype(float)
        cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        return np.eye(3) + 2 * w * cross + 2 * cross @ cross

    got = matrix(tracks["neck", "rotation"][-1]) @ matrix(tracks["head", "rotation"][-1])
    np.testing.assert_allclose(got, expected, atol=1e-6)
    assert avatar.parents[head] == neck


def test_a_motion_without_tracks_is_no_animation() -> None:
    still = replace(turning(), rotations={}, translation=None)
    assert not Glb(glb_bytes(replace(asset(), motion=still))).json.get("animations")


def test_the_report_travels(own: Glb) -> None:
    assert own.json["asset"]["extras"]["report"] == {"watertight": True, "charts": 12}
    assert "report" not in Glb(glb_bytes(bust_avatar())).json["asset"]["extras"]


@pytest.mark.parametrize("which", [bust_avatar, asset])
def test_loose_files_hold_the_same(which, tmp_path: Path) -> None:
    avatar: Avatar = which()
    files = gltf_files(avatar, "my bust")
    tree = json.loads(files["my bust.gltf"])
    assert next(iter(files)) == "my bust.gltf"
    named = [unquote(record["uri"]) for record in (*tree["buffers"], *tree["images"])]
    assert sorted(named) == sorted(set(files) - {"my bust.gltf"})
    glb = Glb(glb_bytes(avatar))
    assert tree["buffers"][0]["byteLength"] == len(files[named[0]])
    loose = Glb.__new__(Glb)
    loose.json, loose.binary = tree, files[named[0]]
    for mesh, other in zip(tree["meshes"], glb.json["meshes"], strict=True):
        for name, index in mesh["primitives"][0]["attributes"].items():
            if index is not None:
                one = loose.accessor(index)
                np.testing.assert_array_equal(one, glb.accessor(other["primitives"][0]["attributes"][name]))
    with Image.open(io.BytesIO(files[named[1]])) as image:
        np.testing.assert_array_equal(np.asarray(image), avatar.main.maps.base_colour)


def test_the_same_asset_gives_the_same_bytes() -> None:
    assert glb_bytes(asset()) == glb_bytes(asset())
    assert gltf_files(asset(), "a") == gltf_files(asset(), "a")
