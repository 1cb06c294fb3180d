# SPDX-License-Identifier: Apache-2.0
"""Levels of detail in one file do not stand in each other, and names of files need no coding in addresses."""

from __future__ import annotations

import importlib
import json
import struct
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from portrait_core.errors import UsageError
from portrait_core.formats.gltf import glb_bytes, read_gltf
from portrait_core.formats.gltf.writer import gltf_files, plain_address
from portrait_core.formats.read_mesh import read_mesh
from portrait_core.formats.read_recipe import read_recipe
from portrait_core.formats.write import write_avatar
from tests.formats.assets import asset


def tree_of(content: bytes) -> dict[str, Any]:
    (size,) = struct.unpack_from("<I", content, 12)
    return json.loads(content[20 : 20 + size])


def shown(tree: dict[str, Any]) -> list[str]:
    """Names of the meshes that a program without levels of detail draws: those that the scene reaches."""
    waiting, found = list(tree["scenes"][tree["scene"]]["nodes"]), []
    while waiting:
        node = tree["nodes"][waiting.pop(0)]
        waiting += node.get("children", [])
        found += [node["name"]] if "mesh" in node else []
    return found


def test_only_the_finest_level_is_in_the_scene() -> None:
    tree = tree_of(glb_bytes(asset()))
    assert shown(tree) == ["asset_LOD0"]
    (node,) = [each for each in tree["nodes"] if each.get("extensions")]
    assert [tree["nodes"][each]["name"] for each in node["extensions"]["MSFT_lod"]["ids"]] == ["asset_LOD1"]
    assert tree["extensionsUsed"] == ["MSFT_lod"]  # used, not required: who does not know it goes on
    coverage = node["extras"]["MSFT_screencoverage"]
    assert len(coverage) == 2 and 0 < coverage[0] < 1 and coverage[1] == 0
    one = tree_of(glb_bytes(asset().__class__(**{**vars(asset()), "levels": asset().levels[:1]})))
    assert "extensionsUsed" not in one and shown(one) == ["asset"]


def test_for_blender_s_formats_all_levels_are_in_the_scene() -> None:
    tree = tree_of(glb_bytes(asset(), levels_shown=True))
    assert shown(tree) == ["asset_LOD0", "asset_LOD1"] and "extensionsUsed" not in tree


@pytest.mark.parametrize("ending", [".glb", ".gltf"])
def test_our_own_readers_find_every_level(tmp_path: Path, ending: str) -> None:
    path, *_ = write_avatar(asset(), tmp_path / f"a{ending}")
    for number, level in enumerate(asset().levels):
        mesh = read_mesh(path, name=f"asset_LOD{number}")
        np.testing.assert_allclose(mesh.vertices, level.vertices, atol=1e-6)
        assert mesh.skin is not None
    with pytest.raises(UsageError, match="asset_LOD0, asset_LOD1"):
        read_mesh(path, name="asset_LOD7")
    assert read_recipe(path).recipe == asset().recipe


@pytest.fixture
def levels_of_the_addon(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module of the add-on that knows nothing of Blender, out of a package that does."""
    folder = Path(__file__).parents[2] / "blender_addon"
    for name, place in (("addon_apart", folder), ("addon_apart.scene", folder / "scene")):
        package = types.ModuleType(name)
        package.__path__ = [str(place)]
        monkeypatch.setitem(sys.modules, name, package)
    return importlib.import_module("addon_apart.scene.glb_levels")


@pytest.mark.parametrize("ending", [".glb", ".gltf"])
def test_blender_s_importer_gets_all_levels_through_the_add_on(
    tmp_path: Path, levels_of_the_addon: Any, ending: str
) -> None:
    levels = levels_of_the_addon
    path, *_ = write_avatar(asset(), tmp_path / f"a{ending}")
    before = sorted(each.name for each in tmp_path.iterdir())
    with levels.with_levels_shown(path) as copy:
        assert copy != path
        tree = read_gltf(copy).tree
        assert shown(tree) == ["asset_LOD0", "asset_LOD1"] and "extensionsUsed" not in tree
        for number, level in enumerate(asset().levels):
            np.testing.assert_allclose(read_mesh(copy, name=f"asset_LOD{number}").vertices, level.vertices, atol=1e-6)
    assert sorted(each.name for each in tmp_path.iterdir()) == before
    one, *_ = write_avatar(asset(), tmp_path / f"b{ending}", lod_files=True)
    with levels.with_levels_shown(one) as copy:
        assert copy == one


@pytest.mark.parametrize("stem", ["ava tar-ü", "Łódź", "人", "50%", "a#b", "..", "plain-name_1.0"])
def test_files_beside_a_gltf_have_names_that_need_no_coding(stem: str) -> None:
    files = gltf_files(asset(), stem)
    tree = json.loads(files[f"{stem}.gltf"])
    addresses = [each["uri"] for each in (*tree["buffers"], *tree["images"])]
    assert set(addresses) | {f"{stem}.gltf"} == set(files)
    assert all(each.isascii() and "%" not in each and " " not in each and "#" not in each for each in addresses)
    assert (plain_address(stem) == stem) == (stem == "plain-name_1.0")


def test_two_names_that_are_spelt_alike_keep_files_of_their_own() -> None:
    stems = ["ä", "a", "á", "a b", "a_b", "人", "口"]
    assert len({plain_address(stem).lower() for stem in stems}) == len(stems)
