# SPDX-License-Identifier: Apache-2.0
"""Avatars of parts in files: an object a part, a material of its own kind each, quads where a format has them."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from portrait_core.avatar import Maps, Section
from portrait_core.formats import encoded_maps
from portrait_core.formats.encoded_maps import encode_maps
from portrait_core.formats.gltf import glb_bytes
from portrait_core.formats.pieces import pieces_of
from portrait_core.formats.ply import ply_files
from portrait_core.formats.wavefront import obj_files
from tests.formats.characters import character, plain_image


def tree_of(content: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack("<I", content[12:16])
    return json.loads(content[20 : 20 + length]), content[20 + length + 8 :]


def test_each_part_is_a_node_called_after_it_with_vertices_of_its_own() -> None:
    tree, _ = tree_of(glb_bytes(character()))
    nodes = [node for node in tree["nodes"] if "mesh" in node]
    assert [node["name"] for node in nodes] == ["skin", "hair", "eye"]
    assert [tree["nodes"][number]["name"] for number in tree["scenes"][0]["nodes"]][1:] == ["skin", "hair", "eye"]
    for node in nodes:
        (primitive,) = tree["meshes"][node["mesh"]]["primitives"]
        assert tree["accessors"][primitive["attributes"]["POSITION"]]["count"] == 9
        assert tree["meshes"][node["mesh"]]["extras"]["quads"] == [4]
        assert node["skin"] == 0


def test_regions_are_told_of_a_mesh_of_one_material() -> None:
    own = character()
    skin, *others = own.main.sections
    told = replace(own.main, sections=(replace(skin, regions=((1, "face"), (2, "lips"), (1, "face"))), *others))
    tree, _ = tree_of(glb_bytes(replace(own, levels=(told,))))
    extras = [mesh["extras"] for mesh in tree["meshes"]]
    assert [each.get("regions") for each in extras] == ["1 face 2 lips 1 face", None, None]


def test_materials_say_their_kind() -> None:
    tree, _ = tree_of(glb_bytes(character()))
    skin, hair, eye = tree["materials"]
    assert [each["name"] for each in (skin, hair, eye)] == ["skin", "hair", "eye"]
    assert "alphaMode" not in skin and not skin.get("doubleSided")
    assert (hair["alphaMode"], hair["alphaCutoff"], hair["doubleSided"]) == ("MASK", 0.5, True)
    assert eye["alphaMode"] == "BLEND" and "alphaCutoff" not in eye
    assert eye["pbrMetallicRoughness"]["baseColorFactor"] == [1.0, 1.0, 1.0, 0.2]
    assert eye["pbrMetallicRoughness"]["roughnessFactor"] == 0.1
    assert eye["extensions"] == {"KHR_materials_clearcoat": {"clearcoatFactor": 1.0, "clearcoatRoughnessFactor": 0.03}}
    assert tree["extensionsUsed"] == ["KHR_materials_clearcoat"]


def test_opacity_lies_in_the_image_of_the_colours() -> None:
    tree, binary = tree_of(glb_bytes(character(), image="jpeg"))
    hair = tree["materials"][1]["pbrMetallicRoughness"]["baseColorTexture"]["index"]
    record = tree["images"][tree["textures"][hair]["source"]]
    assert record["mimeType"] == "image/png"  # a JPEG holds none
    view = tree["bufferViews"][record["bufferView"]]
    data = binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
    pixels = np.asarray(Image.open(io.BytesIO(data)))
    assert pixels.shape == (8, 8, 4)
    assert (pixels[:, :4, 3] == 0).all() and (pixels[:, 4:, 3] == 255).all()
    assert len(tree["images"]) == 3


def test_each_part_names_its_own_levels_and_shares_its_material() -> None:
    tree, _ = tree_of(glb_bytes(character(2)))
    nodes = {node["name"]: node for node in tree["nodes"] if "mesh" in node}
    assert list(nodes) == ["skin", "skin_LOD1", "hair", "hair_LOD1", "eye", "eye_LOD1"]
    for part in ("skin", "hair", "eye"):
        (coarse,) = nodes[part]["extensions"]["MSFT_lod"]["ids"]
        assert tree["nodes"][coarse]["name"] == f"{part}_LOD1"
    assert len(tree["materials"]) == 3
    used = [mesh["primitives"][0]["material"] for mesh in tree["meshes"]]
    assert used == [0, 0, 1, 1, 2, 2]


def test_faces_of_parts_stay_even_where_they_have_no_area() -> None:
    """Whoever swaps or morphs parts relies on the same indices for everybody."""
    avatar = character()
    vertices = avatar.main.vertices.copy()
    vertices[4] = vertices[0]
    squeezed = replace(avatar, levels=(avatar.main.with_(vertices=vertices),))
    counts = [
        [tree["accessors"][mesh["primitives"][0]["indices"]]["count"] for mesh in tree["meshes"]]
        for tree, _ in (tree_of(glb_bytes(each)) for each in (avatar, squeezed))
    ]
    assert counts[0] == counts[1]


def test_wavefront_has_an_object_a_part_in_quads() -> None:
    files = obj_files(character(), "someone")
    lines = files["someone.obj"].decode().splitlines()
    assert [line for line in lines if line.startswith("o ")] == ["o skin", "o hair", "o eye"]
    faces = [line.split()[1:] for line in lines if line.startswith("f ")]
    assert len(faces) == 12 and all(len(corners) == 4 for corners in faces)
    first = [int(corner.split("/")[0]) for corner in faces[0]]
    assert first == [1, 2, 5, 4]
    material = files["someone.mtl"].decode()
    assert "newmtl hair" in material and "map_d someone_opacity_hair.png" in material
    assert Image.open(io.BytesIO(files["someone_opacity_hair.png"])).mode == "L"


def test_ply_takes_each_colour_from_its_own_image() -> None:
    files = ply_files(character(), "someone")
    assert list(files) == ["someone.ply"]
    content = files["someone.ply"]
    head = content.index(b"end_header\n") + len("end_header\n")
    rows = np.frombuffer(content[head : head + 27 * 35], np.dtype([("numbers", "<f4", 8), ("colour", "u1", 3)]))[
        "colour"
    ]
    assert (rows[:9] == (220, 40, 40)).all() and (rows[9:18] == (40, 200, 40)).all()
    assert (rows[18:] == (40, 40, 230)).all()


def test_sections_that_are_no_quads_are_refused() -> None:
    level = character().main
    skin = level.sections[0]
    wrong: tuple[Section, ...] = (replace(skin, quads=skin.count // 2 + 1), *level.sections[1:])
    with pytest.raises(ValueError, match="no quads"):
        replace(level, sections=wrong)
    turned = level.faces.copy()
    turned[1] = turned[1][[1, 2, 0]]
    with pytest.raises(ValueError, match="no quads"):
        replace(level, faces=turned)


def test_an_avatar_of_one_object_is_called_after_itself() -> None:
    avatar = character()
    plain = tuple(replace(section, part="") for section in avatar.main.sections)
    pieces, looks = pieces_of(replace(avatar, levels=(replace(avatar.main, sections=plain),)))
    assert [piece.name for piece in pieces] == ["someone"]
    assert len(pieces[0].materials) == len(looks) == 3


def test_grey_hair_is_one_channel_and_its_alpha_and_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    grey = Maps(base_colour=plain_image(90, 90, 90), opacity=plain_image(200))
    brown = Maps(base_colour=plain_image(90, 80, 70), opacity=plain_image(200))
    encoded = encode_maps([grey, brown], "png", ["_hair", "_brown"], with_opacity=True)
    with Image.open(io.BytesIO(encoded[0].images["base_colour"][0])) as image:
        assert image.mode == "LA" and image.getpixel((0, 0)) == (90, 200)
    with Image.open(io.BytesIO(encoded[1].images["base_colour"][0])) as image:
        assert image.mode == "RGBA" and image.getpixel((0, 0)) == (90, 80, 70, 200)

    def refuse(_image: object) -> bytes:
        raise AssertionError("it was encoded already")

    monkeypatch.setattr(encoded_maps, "encode_map", refuse)
    again = encode_maps([grey, brown], "png", ["_hair", "_brown"], with_opacity=True)
    assert [each.images for each in again] == [each.images for each in encoded]


def test_a_wavefront_material_has_the_factor_of_its_colours() -> None:
    avatar = character()
    level = avatar.main
    tint = {"pbrMetallicRoughness.baseColorFactor": (0.3, 0.2, 0.1, 1.0)}
    hair = replace(level.sections[1], material=replace(level.sections[1].material, factors=tint))
    changed = replace(level, sections=(level.sections[0], hair, level.sections[2]))
    library = obj_files(replace(avatar, levels=(changed,)), "x")["x.mtl"].decode()
    told = {block.split()[0]: block for block in library.split("newmtl ")[1:]}
    assert "Kd 1 1 1" in told["skin"] and "Kd 0.3 0.2 0.1" in told["hair"]
    assert "d 0.2" in told["eye"]


def test_levels_of_many_parts_name_their_extension_once() -> None:
    tree, _ = tree_of(glb_bytes(character(3)))
    assert tree["extensionsUsed"].count("MSFT_lod") == 1 == tree["extensionsUsed"].count("KHR_materials_clearcoat")
    named = [node["extensions"]["MSFT_lod"]["ids"] for node in tree["nodes"] if node.get("extensions")]
    assert len(named) == 3 and all(len(ids) == 2 for ids in named)
