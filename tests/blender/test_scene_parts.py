# SPDX-License-Identifier: Apache-2.0
"""An avatar of parts in the scene: named objects with materials of their own, quads, welded, replaced in place."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import pytest

Part = Callable[[str], ModuleType]
ROOT = Path(__file__).resolve().parents[2]
MAKE = """
import sys
from dataclasses import replace
from pathlib import Path
from portrait_core.formats.gltf import write_glb
from tests.formats.characters import character
avatar = character(2)
write_glb(replace(avatar, recipe={**avatar.recipe, "topology": "parts"}), Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def parts_file(engine_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three parts of four quads each at two levels of detail."""
    path = tmp_path_factory.mktemp("parts") / "ada.glb"
    subprocess.run([str(engine_python), "-c", MAKE, str(path)], cwd=ROOT, check=True, timeout=900)
    return path


def test_parts_are_named_objects_of_quads(scene: Any, part: Part, parts_file: Path) -> None:
    avatar = part("scene.bring_in").bring_in(parts_file, "Ada")
    assert [each.name for each in avatar.meshes] == [
        *("Ada skin", "Ada eye", "Ada hair"),
        *("Ada skin LOD1", "Ada eye LOD1", "Ada hair LOD1"),
    ]
    assert {name: len(objects) for name, objects in avatar.parts.items()} == {"skin": 2, "eye": 2, "hair": 2}
    assert avatar.mesh.name == "Ada skin" and avatar.collection.name == "Ada"
    for mesh in avatar.meshes:
        quads = 1 if mesh.name.endswith("LOD1") else 4
        assert [len(face.vertices) for face in mesh.data.polygons] == [4] * quads
        assert mesh.hide_render == mesh.name.endswith("LOD1")
        assert mesh.data.materials[0].name == f"Ada {mesh['portraitkit_part']}"
        assert all(sum(group.weight for group in vertex.groups) > 0.99 for vertex in mesh.data.vertices)
    assert len({each.name for each in bpy.data.images if each.users}) >= 3
    assert not any("." in each.name[-4:] for each in [*bpy.data.images, *bpy.data.materials, *bpy.data.meshes])


def test_skin_scatters_and_hair_does_not(scene: Any, part: Part, parts_file: Path) -> None:
    avatar = part("scene.bring_in").bring_in(parts_file, "Ada")
    weights = {}
    for name, objects in avatar.parts.items():
        nodes = objects[0].data.materials[0].node_tree.nodes
        shader = next(each for each in nodes if each.type == "BSDF_PRINCIPLED")
        weights[name] = shader.inputs["Subsurface Weight"].default_value
    assert weights["skin"] > 0 and weights["hair"] == weights["eye"] == 0


def test_a_new_one_takes_the_place_of_each_part(scene: Any, part: Part, parts_file: Path) -> None:
    avatar = part("scene.bring_in").bring_in(parts_file, "Ada")
    hair = next(each for each in avatar.meshes if each.name == "Ada hair")
    hair.name, hair.hide_render, hair["mine"] = "Locken", True, 5
    bpy.data.objects.remove(next(each for each in avatar.meshes if each.name == "Ada eye"))
    bpy.context.view_layer.update()
    again = part("scene.replace").replace_in_place(avatar, parts_file)
    names = [each.name for each in again.meshes]
    assert sorted(names) == sorted(["Ada skin", "Ada eye", "Locken", "Ada skin LOD1", "Ada eye LOD1", "Ada hair LOD1"])
    assert bpy.data.objects["Locken"]["mine"] == 5 and bpy.data.objects["Locken"].hide_render
    assert [len(face.vertices) for face in bpy.data.objects["Locken"].data.polygons] == [4] * 4


def test_every_part_goes_out_but_what_is_switched_off(scene: Any, part: Part, parts_file: Path, tmp_path: Path) -> None:
    avatar = part("scene.bring_in").bring_in(parts_file, "Ada")
    bpy.data.objects["Ada eye"].hide_viewport = bpy.data.objects["Ada eye"].hide_render = True
    path = part("scene.export").export_avatar(avatar, tmp_path / "ada.glb")
    assert bpy.data.objects["Ada eye"].hide_viewport
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    bpy.ops.import_scene.gltf(filepath=str(path), disable_bone_shape=True)
    assert sorted(each.name for each in bpy.data.objects if each.type == "MESH") == ["Ada hair", "Ada skin"]
