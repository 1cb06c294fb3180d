# SPDX-License-Identifier: Apache-2.0
"""Avatars go out of Blender as files, and meshes of the user's go out to be baked onto."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import pytest

Part = Callable[[str], ModuleType]


@pytest.fixture
def avatar(scene: Any, part: Part, avatar_copy: Path) -> Any:
    return part("scene.bring_in").bring_in(avatar_copy, "Ada")


@pytest.mark.parametrize("ending", [".glb", ".fbx", ".usdc"])
def test_exports_come_back(avatar: Any, part: Part, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"ada{ending}"
    vertices, bones = len(avatar.mesh.data.vertices), {each.name for each in avatar.armature.data.bones}
    assert bpy.ops.portraitkit.export_avatar(filepath=str(path)) == {"FINISHED"}
    assert not list(tmp_path.glob("*.part*"))
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    if ending == ".glb":
        again = part("scene.bring_in").bring_in(path)
        assert again.recipe["seed"] == 7
        tree = part("scene.glb_facts").read_tree(path)
        assert "portraitkit" not in tree["scenes"][0].get("extras", {})  # the panel's settings are nobody else's
    elif ending == ".fbx":
        bpy.ops.import_scene.fbx(filepath=str(path))
    else:
        bpy.ops.wm.usd_import(filepath=str(path))
    (mesh,) = (each for each in bpy.data.objects if each.type == "MESH" and each.vertex_groups)
    (rig,) = (each for each in bpy.data.objects if each.type == "ARMATURE")
    assert len(mesh.data.vertices) == pytest.approx(vertices, rel=0.3)
    assert bones <= {each.name for each in rig.data.bones}
    assert {each.name for each in mesh.vertex_groups} <= bones | {"root"}
    height = max((mesh.matrix_world @ each.co).z for each in mesh.data.vertices)
    assert 0.1 < height < 0.4  # metres, z up
    assert [each for each in bpy.data.images if each.size[0] > 0]


def test_an_export_that_fails_keeps_the_old_file(avatar: Any, tmp_path: Path) -> None:
    path = tmp_path / "ada.glb"
    path.write_text("old")
    avatar.mesh.name = "Ada mesh"
    bpy.data.objects.remove(avatar.mesh)
    with pytest.raises(RuntimeError, match="no mesh"):
        bpy.ops.portraitkit.export_avatar(filepath=str(path))
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.glob("ada*")] == ["ada.glb"]


def test_a_mesh_goes_out_in_its_avatar_s_space(avatar: Any, part: Part, tmp_path: Path) -> None:
    avatar.armature.location = (3, 2, 1)
    avatar.armature.rotation_euler = (0, 0, 1)
    part("scene.pose").apply_pose(avatar, {"head": (0.5, 0, 0)})
    bpy.context.view_layer.update()
    before = sorted(tuple(round(x, 5) for x in each.co) for each in avatar.mesh.data.vertices)
    counts = (len(bpy.data.objects), len(bpy.data.meshes))
    path = tmp_path / "mesh.glb"
    part("scene.maps").write_mesh(avatar.mesh, path)
    assert (len(bpy.data.objects), len(bpy.data.meshes)) == counts
    assert bpy.context.view_layer.objects.active == avatar.armature
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    bpy.ops.import_scene.gltf(filepath=str(path))
    (mesh,) = (each for each in bpy.data.objects if each.type == "MESH")
    bpy.context.view_layer.update()
    after = sorted(tuple(round(x, 5) for x in mesh.matrix_world @ each.co) for each in mesh.data.vertices)
    assert {*after} == {*before}
    assert mesh.data.uv_layers


def test_a_mesh_goes_out_as_one_sees_it(part: Part, tmp_path: Path) -> None:
    """Shape keys mixed, the active UV map alone, a material for each slot that faces have."""
    mesh = bpy.data.meshes.new("flat")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], [], [(0, 1, 2), (0, 2, 3)])
    for name in ("old", "new"):
        layer = mesh.uv_layers.new(name=name)
        for corner in layer.data:
            corner.uv = (0.25, 0.25) if name == "old" else (0.75, 0.75)
    mesh.uv_layers.active = mesh.uv_layers["new"]
    for name in ("skin", "Hair"):
        mesh.materials.append(bpy.data.materials.new(name))
    mesh.polygons[1].material_index = 1
    thing = bpy.data.objects.new("flat", mesh)
    bpy.context.scene.collection.objects.link(thing)
    thing.shape_key_add(name="Basis")
    key = thing.shape_key_add(name="Sculpt", from_mix=False)
    key.data[2].co = (1, 1, 2)
    key.value = 0.5
    path = tmp_path / "flat.glb"
    part("scene.maps").write_mesh(thing, path)
    assert thing.data.shape_keys is not None
    assert len(thing.data.uv_layers) == 2
    content = path.read_bytes()
    tree = json.loads(content[20 : 20 + int.from_bytes(content[12:16], "little")])
    parts = tree["meshes"][0]["primitives"]
    assert [tree["materials"][each["material"]]["name"] for each in parts] == ["skin", "Hair"]
    assert all("TEXCOORD_1" not in each["attributes"] and "targets" not in each for each in parts)
    assert max(tree["accessors"][each["attributes"]["POSITION"]]["max"][1] for each in parts) == pytest.approx(1.0)


def saved_maps(folder: Path, *kinds: str) -> dict[str, Path]:
    """A small picture for each kind of map, as files."""
    maps: dict[str, Path] = {}
    for kind in kinds:
        image = bpy.data.images.new(kind, 8, 8)
        maps[kind] = folder / f"{kind}.png"
        image.filepath_raw, image.file_format = str(maps[kind]), "PNG"
        image.save()
        bpy.data.images.remove(image)
    return maps


def test_baked_maps_become_a_material(avatar: Any, part: Part, tmp_path: Path) -> None:
    maps = saved_maps(tmp_path, "base_colour", "normal", "surface")
    cube = bpy.data.objects.new("cube", bpy.data.meshes.new("cube"))
    material = part("scene.maps").apply_maps(cube, maps)
    assert cube.data.materials[:] == [material]
    roles = {each.image["portraitkit_map"]: each.image for each in material.node_tree.nodes if each.type == "TEX_IMAGE"}
    assert roles.keys() == maps.keys()
    assert {name: each.colorspace_settings.name for name, each in roles.items()} == {
        "base_colour": "sRGB",
        "normal": "Non-Color",
        "surface": "Non-Color",
    }
    assert all(each.packed_file for each in roles.values())
    principled = next(each for each in material.node_tree.nodes if each.type == "BSDF_PRINCIPLED")
    for socket in ("Base Color", "Normal", "Roughness", "Metallic"):
        assert principled.inputs[socket].is_linked
    principled.inputs["Subsurface Weight"].default_value = 0.6
    packed = {link.to_socket.name: link.from_socket.name for link in material.node_tree.links
              if link.to_socket.name in ("Roughness", "Metallic")}  # fmt: skip
    assert packed == {"Roughness": "Green", "Metallic": "Blue"}
    again = part("scene.maps").apply_maps(cube, maps)
    assert again == material
    shader = next(each for each in again.node_tree.nodes if each.type == "BSDF_PRINCIPLED")
    assert shader.inputs["Subsurface Weight"].default_value == pytest.approx(0.6)
    assert json.dumps(sorted(each.name for each in bpy.data.materials)).count("cube") == 1


def test_a_new_row_of_the_table_of_maps_is_a_map_of_the_material(
    scene: Any, part: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, shader = part("core.engine_copies").maps, part("scene.skin_shader")
    glow = table.MapSpec("glow", "glow", "srgb", (0, 0, 0), (table.MapUse("glow", socket="Emission Color"),))
    shine = table.MapSpec("shine", "shine", "linear", (0,), (table.MapUse("shine", channel=0, socket="Coat Weight"),))
    monkeypatch.setattr(shader, "MAPS", shader.MAPS | {"glow": glow, "shine": shine})
    maps = saved_maps(tmp_path, "base_colour", "surface", "glow", "shine", "unknown")
    cube = bpy.data.objects.new("cube", bpy.data.meshes.new("cube"))
    material = part("scene.maps").apply_maps(cube, maps)
    spaces = {
        each.image["portraitkit_map"]: each.image.colorspace_settings.name
        for each in material.node_tree.nodes
        if each.type == "TEX_IMAGE"
    }
    assert spaces == {"base_colour": "sRGB", "surface": "Non-Color", "glow": "sRGB", "shine": "Non-Color",
                      "other": "Non-Color"}  # fmt: skip
    principled = next(each for each in material.node_tree.nodes if each.type == "BSDF_PRINCIPLED")
    assert principled.inputs["Emission Color"].is_linked and principled.inputs["Coat Weight"].is_linked
