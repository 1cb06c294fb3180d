# SPDX-License-Identifier: Apache-2.0
"""One way to write: the ending chooses, levels become files, bones get other names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from portrait_core.errors import OutputError, UsageError
from portrait_core.formats.bones import rename_bones
from portrait_core.formats.write import ENDINGS, main_files, write_avatar
from tests.formats.assets import asset
from tests.formats.busts import bust_avatar
from tests.formats.test_gltf import Glb


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("ending", "files"),
    [
        (".glb", ["a.glb", "a.png"]),
        (".gltf", ["a.bin", "a.gltf", "a.png", "a_base_colour.png"]),
        (".obj", ["a.mtl", "a.obj", "a.png", "a_base_colour.png"]),
        (".ply", ["a.ply", "a.png", "a_base_colour.png"]),
        (".stl", ["a.png", "a.stl"]),
    ],
)
def test_the_ending_chooses(tmp_path: Path, ending: str, files: list[str]) -> None:
    written = write_avatar(bust_avatar(), tmp_path / f"a{ending.upper()}")
    assert written[0] == tmp_path / f"a{ending}"
    assert names(tmp_path) == files == sorted(path.name for path in written)
    with pytest.raises(OutputError, match="exists already"):
        write_avatar(bust_avatar(), tmp_path / f"a{ending}")
    write_avatar(bust_avatar(), tmp_path / f"a{ending}", overwrite=True)
    assert names(tmp_path) == files
    write_avatar(bust_avatar(), tmp_path / "no" / f"b{ending}", thumbnail=False)
    assert not (tmp_path / "no" / "b.png").exists()


@pytest.mark.parametrize("name", ["a.3ds", "a", "a.glb.zip"])
def test_another_ending_is_refused_with_the_list(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"\.glb, \.gltf, \.obj, \.ply, \.stl, \.vrm, \.blend, \.fbx, \.usdc; got"):
        write_avatar(bust_avatar(), tmp_path / name)
    assert names(tmp_path) == [] and len(ENDINGS) == 9


def test_a_file_a_level(tmp_path: Path) -> None:
    written = write_avatar(asset(), tmp_path / "a.glb", lod_files=True)
    expected = main_files(tmp_path / "a.glb", 2, lod_files=True)
    assert list(written[:2]) == expected == [tmp_path / "a_LOD0.glb", tmp_path / "a_LOD1.glb"]
    assert names(tmp_path) == ["a.png", "a_LOD0.glb", "a_LOD1.glb"]
    for number, path in enumerate(expected):
        glb = Glb(path.read_bytes())
        assert [mesh["name"] for mesh in glb.json["meshes"]] == [f"asset_LOD{number}"]
        np.testing.assert_array_equal(glb.attribute("POSITION"), asset().levels[number].vertices)
        assert len(glb.json["animations"]) == 1


def test_formats_of_one_mesh_always_get_a_file_a_level(tmp_path: Path) -> None:
    assert main_files(tmp_path / "a.glb", 2) == [tmp_path / "a.glb"]
    assert main_files(tmp_path / "a.stl", 1, lod_files=True) == [tmp_path / "a.stl"]
    write_avatar(asset(), tmp_path / "a.stl")
    write_avatar(asset(), tmp_path / "a.ply", thumbnail=False)
    assert names(tmp_path) == [
        *("a.png", "a_LOD0.ply", "a_LOD0.stl", "a_LOD0_base_colour.png"),
        *("a_LOD1.ply", "a_LOD1.stl", "a_LOD1_base_colour.png"),
    ]


def test_a_taken_map_stops_everything(tmp_path: Path) -> None:
    (tmp_path / "a_normal_LOD1.png").write_text("mine")
    with pytest.raises(OutputError, match=r"a_normal_LOD1\.png exists"):
        write_avatar(asset(), tmp_path / "a.gltf")
    assert names(tmp_path) == ["a_normal_LOD1.png"]


def test_bones_get_other_names_everywhere(tmp_path: Path) -> None:
    avatar = asset()
    other = [f"Bone {number}" for number in range(len(avatar.joint_names))]
    write_avatar(avatar, tmp_path / "a.glb", bones=other)
    glb = Glb((tmp_path / "a.glb").read_bytes())
    nodes = glb.json["nodes"]
    assert [nodes[joint]["name"] for joint in glb.json["skins"][0]["joints"]] == other
    head = other[avatar.joint_names.index("head")]
    assert next(node for node in nodes if node["name"] == head)["rotation"]
    targets = {nodes[channel["target"]["node"]]["name"] for channel in glb.json["animations"][0]["channels"]}
    assert targets == {other[avatar.joint_names.index(name)] for name in ("pelvis", "neck", "head")}
    renamed = rename_bones(avatar, other)
    np.testing.assert_array_equal(renamed.posed()[0], avatar.posed()[0])
    assert rename_bones(avatar, avatar.joint_names) is avatar
    with pytest.raises(ValueError, match="expected 24 joint names, got 23"):
        rename_bones(avatar, other[1:])
    with pytest.raises(ValueError, match="unique"):
        rename_bones(replace(avatar, pose={}, motion=None), ["same"] * 24)


def test_memory_and_files_do_not_pile_up(tmp_path: Path) -> None:
    for _ in range(5):
        write_avatar(asset(), tmp_path / "a.gltf", overwrite=True)
    assert len(names(tmp_path)) == 9
    assert len(list(tmp_path.iterdir())) == 9
