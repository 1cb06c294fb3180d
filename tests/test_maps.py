# SPDX-License-Identifier: Apache-2.0
"""The table of maps: its rows name things that exist, and a new row needs no other edit."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pygltflib import Material, PbrMetallicRoughness

from portrait_core.avatar import Avatar, Maps
from portrait_core.formats.gltf.writer import glb_bytes
from portrait_core.formats.wavefront import obj_files
from portrait_core.maps import MAPS, MapSpec, MapUse, required_files
from portrait_core.pipeline.export import export_maps
from tests.formats.assets import asset
from tests.formats.test_gltf import Glb

EMISSION = MapSpec(
    "emission",
    key="emission",
    colour_space="srgb",
    neutral=(0, 0, 0),
    uses=(
        MapUse(
            "emission",
            gltf="emissiveTexture",
            gltf_factor="emissiveFactor",
            socket="Emission Color",
            mtl="map_Ke",
            mtl_factor="Ke",
        ),
    ),
)


def with_maps(maps: Maps) -> Avatar:
    return dataclasses.replace(asset(), levels=(dataclasses.replace(asset().main, maps=maps),))


def test_rows_name_parts_of_a_gltf_material() -> None:
    fields = {each.name for each in dataclasses.fields(Material)}
    fields |= {f"pbrMetallicRoughness.{each.name}" for each in dataclasses.fields(PbrMetallicRoughness)}
    for spec in MAPS.values():
        for use in spec.uses:
            assert {use.gltf, use.gltf_factor} - {None} <= fields
            assert use.channel is None or 0 <= use.channel < spec.channels


def test_names_that_people_know_stay(tmp_path: Path) -> None:
    maps = asset().main.maps
    paths = export_maps(maps, tmp_path, "ann")
    assert {key: path.name for key, path in paths.items()} == {
        "base_colour": "ann_base_colour.png",
        "normal": "ann_normal.png",
        "surface": "ann_surface.png",
    }
    assert required_files("ann") == ["ann_base_colour.png"]
    with Image.open(paths["surface"]) as image:
        np.testing.assert_array_equal(np.asarray(image), maps["orm"])


def test_each_channel_of_orm_goes_where_it_is_read() -> None:
    """Three different values, so that a swap is seen: occlusion in red, roughness in green, metalness in blue."""
    orm = np.zeros((8, 8, 3), np.uint8) + np.array([200, 90, 30], np.uint8)
    files = obj_files(with_maps(asset().main.maps.with_(orm=orm)), "ann")
    seen = {}
    for line in files["ann.mtl"].decode().splitlines():
        if line.startswith("map_") and "base" not in line:
            word, name = line.split(" ")
            with Image.open(io.BytesIO(files[name])) as image:
                seen[word] = int(np.asarray(image)[0, 0])
    assert seen == {"map_Ka": 200, "map_Pr": 90, "map_Pm": 30}


def test_without_a_map_the_neutral_value_is_the_factor() -> None:
    avatar = with_maps(Maps(base_colour=asset().main.maps.base_colour))
    surface = Glb(glb_bytes(avatar)).json["materials"][0]["pbrMetallicRoughness"]
    assert (surface["roughnessFactor"], surface["metallicFactor"]) == (0.6, 0.0)
    lines = obj_files(avatar, "ann")["ann.mtl"].decode().splitlines()
    assert "Pr 0.6" in lines and "Pm 0" in lines


def test_a_new_row_reaches_every_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(MAPS, EMISSION.name, EMISSION)
    glow = np.random.default_rng(5).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    avatar = with_maps(asset().main.maps.with_(emission=glow))
    glb = Glb(glb_bytes(avatar))
    material = glb.json["materials"][0]
    assert material["emissiveFactor"] == [1.0, 1.0, 1.0]
    record = glb.json["images"][glb.json["textures"][material["emissiveTexture"]["index"]]["source"]]
    assert record["name"] == "asset_emission"
    view = glb.json["bufferViews"][record["bufferView"]]
    with Image.open(io.BytesIO(glb.binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]])) as image:
        np.testing.assert_array_equal(np.asarray(image), glow)
    files = obj_files(avatar, "ann")
    assert {"Ke 1 1 1", "map_Ke ann_emission.png"} <= set(files["ann.mtl"].decode().splitlines())
    assert export_maps(avatar.main.maps, tmp_path, "ann")["emission"].name == "ann_emission.png"
    dark = Glb(glb_bytes(asset())).json["materials"][0]
    assert dark["emissiveFactor"] == [0.0, 0.0, 0.0] and "emissiveTexture" not in dark
