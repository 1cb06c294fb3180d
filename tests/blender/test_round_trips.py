# SPDX-License-Identifier: Apache-2.0
"""What an avatar of parts keeps on its way out of Blender and in again, by format; docs/blender.md has the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Matrix
from mathutils.kdtree import KDTree

Part = Callable[[str], ModuleType]
TOLERANCE = 2e-5
"""Metres: what single precision leaves of a place, twice turned."""
IMPORTERS: Mapping[str, Callable[[Path], object]] = {
    ".glb": lambda path: bpy.ops.import_scene.gltf(filepath=str(path), disable_bone_shape=True),
    ".fbx": lambda path: bpy.ops.import_scene.fbx(filepath=str(path)),
    ".usdc": lambda path: bpy.ops.wm.usd_import(filepath=str(path)),
}
WITH_IMAGES = {
    "Alpha": {"cornea", "tear", "lashes", "brows", "hair"},
    "Normal": {"hair", "garment"},
    "Roughness": {"skin"},
}
"""The materials whose inputs read an image."""
NAMED_BY_MESHES = ".usdc"
"""Blender 4.2 lets nobody use its USD library: shapes keep the numbers that its exporter puts behind their names."""


def coordinates(points: Any) -> np.ndarray:
    """(N, 3) of vertices or of a shape key's points."""
    found = np.empty(3 * len(points), np.float32)
    points.foreach_get("co", found)
    return found.reshape(-1, 3)


@dataclass(frozen=True)
class Shape:
    """A mesh in the world: at rest (N, 3), with the head turned (N, 3), and what its shape keys move (N, 3) each."""

    rest: np.ndarray
    posed: np.ndarray
    moves: Mapping[str, np.ndarray]
    quads: int

    @classmethod
    def of(cls, thing: bpy.types.Object, posed: np.ndarray) -> Shape:
        turn, places = np.array(thing.matrix_world), coordinates(thing.data.vertices)
        keys = thing.data.shape_keys.key_blocks[:] if thing.data.shape_keys else []
        moves = {each.name: (coordinates(each.data) - coordinates(keys[0].data)) @ turn[:3, :3].T for each in keys[1:]}
        quads = sum(len(each.vertices) == 4 for each in thing.data.polygons)
        return cls(places @ turn[:3, :3].T + turn[:3, 3], posed, moves, quads)

    def far_from(self, other: Shape) -> tuple[float, float, float]:
        """Metres that rest, pose and moves are off at most; vertices are told by their places, which several share
        where lips touch and seams are cut: the best of those counts."""
        tree = KDTree(len(other.rest))
        for number, place in enumerate(other.rest):
            tree.insert(place, number)
        tree.balance()
        near = [[each for _, each, _ in tree.find_range(place, TOLERANCE)] for place in self.rest]
        if not all(near):
            return np.inf, np.inf, np.inf
        pairs = [(self.rest, other.rest), (self.posed, other.posed)]
        pairs += [(own, other.moves[name]) for name, own in self.moves.items()]
        widest = max(map(len, near))
        chosen = np.array([group + group[:1] * (widest - len(group)) for group in near])
        most = [
            float(np.linalg.norm(theirs[chosen] - ours[:, None], axis=2).min(axis=1).max()) for ours, theirs in pairs
        ]
        return most[0], most[1], max(most[2:], default=0.0)


@dataclass(frozen=True)
class Portrait:
    """What the scene holds of one avatar."""

    rig: bpy.types.Object
    bones: Mapping[str, np.ndarray]
    parts: Mapping[str, Shape]
    materials: Mapping[str, bpy.types.Material]

    @classmethod
    def shown(cls, name: Callable[[bpy.types.Object], str]) -> Portrait:
        """The scene's one rig and what hangs on it; ``name`` tells which part an object is."""
        (rig,) = (each for each in bpy.data.objects if each.type == "ARMATURE")
        meshes = [each for each in bpy.data.objects if each.type == "MESH" and each.vertex_groups]
        bpy.context.view_layer.update()
        bones = {each.name: np.array(rig.matrix_world @ each.head_local) for each in rig.data.bones}
        head, before = rig.pose.bones["head"], rig.pose.bones["head"].matrix.copy()
        about = Matrix.Translation(rig.matrix_world @ head.head)
        turned = about @ Matrix.Rotation(0.5, 4, "X") @ about.inverted()
        head.matrix = rig.matrix_world.inverted() @ turned @ rig.matrix_world @ before
        bpy.context.view_layer.update()
        graph = bpy.context.evaluated_depsgraph_get()
        posed = {}
        for each in meshes:
            turn = np.array(each.matrix_world)
            posed[each] = coordinates(each.evaluated_get(graph).data.vertices) @ turn[:3, :3].T + turn[:3, 3]
        head.matrix = before
        bpy.context.view_layer.update()
        worn = {material for each in meshes for material in each.data.materials if material is not None}
        return cls(
            rig,
            bones,
            {name(each): Shape.of(each, posed[each]) for each in meshes},
            {each.name.replace("_", " ").rpartition(" ")[2]: each for each in worn},
        )


def principled(material: bpy.types.Material) -> bpy.types.ShaderNode:
    return next(each for each in material.node_tree.nodes if each.type == "BSDF_PRINCIPLED")


def image_at(material: bpy.types.Material, socket: str) -> bpy.types.Image | None:
    """The first image above an input."""
    waiting = [principled(material).inputs[socket]]
    while waiting:
        for link in waiting.pop().links:
            if link.from_node.type == "TEX_IMAGE":
                return link.from_node.image
            waiting += list(link.from_node.inputs)
    return None


def mean_colour(material: bpy.types.Material) -> np.ndarray:
    """Red, green and blue, sRGB, of what is opaque in the image of the base colour, times the factor beside it."""
    image = image_at(material, "Base Color")
    assert image is not None, material.name
    rows = np.array(image.pixels[:]).reshape(-1, 4)
    above = principled(material).inputs["Base Color"].links[0].from_node
    linear = np.where(rows <= 0.04045, rows / 12.92, ((rows + 0.055) / 1.055) ** 2.4)[:, :3]
    if above.type == "MIX":
        factor = next(each for each in above.inputs if each.type == "RGBA" and not each.is_linked)
        linear = linear * np.array(factor.default_value[:3])
    clear = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.average(clear, axis=0, weights=rows[:, 3] + 1e-6)


def plain_part(thing: bpy.types.Object) -> str:
    """ "Ada eye left" and "Ada_eye_left" are eye_left."""
    return thing.name.replace(" ", "_").removeprefix("Ada_")


@pytest.fixture
def avatar(scene: Any, part: Part, parts_avatar_file: Path) -> Any:
    return part("scene.bring_in").bring_in(parts_avatar_file, "Ada")


@pytest.mark.parametrize("ending", list(IMPORTERS))
def test_shapes_bones_and_materials_come_back(avatar: Any, tmp_path: Path, ending: str) -> None:
    before = Portrait.shown(lambda thing: thing["portraitkit_part"])
    colours = {name: mean_colour(each) for name, each in before.materials.items()}
    rough = {
        name: principled(each).inputs["Roughness"].default_value
        for name, each in before.materials.items()
        if not principled(each).inputs["Roughness"].is_linked
    }
    facts, blocks = avatar.facts, {each.name for each in [*bpy.data.materials, *bpy.data.images]}
    skin = before.parts["skin"]
    assert skin.quads > 4000 and len(skin.moves) > 50 and len(before.materials) == 10
    assert np.linalg.norm(skin.posed - skin.rest, axis=1).max() > 0.02
    assert np.linalg.norm(skin.moves["jawOpen"], axis=1).max() > 0.01
    path = tmp_path / f"ada{ending}"
    assert bpy.ops.portraitkit.export_avatar(filepath=str(path)) == {"FINISHED"}
    assert {each.name for each in [*bpy.data.materials, *bpy.data.images]} == blocks, "the scene is as it was"

    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    IMPORTERS[ending](path)
    after = Portrait.shown(plain_part)
    assert after.parts.keys() == before.parts.keys()
    assert after.bones.keys() == before.bones.keys()
    assert max(np.linalg.norm(after.bones[name] - place) for name, place in before.bones.items()) < TOLERANCE
    numbered = ending == NAMED_BY_MESHES and not hasattr(bpy.utils, "expose_bundled_modules")
    for name, shape in before.parts.items():
        again = after.parts[name]
        if numbered:
            named = {key.rstrip("0123456789"): move for key, move in again.moves.items()}
            again = Shape(again.rest, again.posed, named, again.quads)
        assert again.moves.keys() == shape.moves.keys(), name
        rest, posed, moves = shape.far_from(again)
        assert rest < TOLERANCE and posed < 2 * TOLERANCE and moves < TOLERANCE, (name, rest, posed, moves)
        assert again.quads == (0 if ending == ".glb" else shape.quads), name
    assert after.materials.keys() == before.materials.keys()
    for name, material in after.materials.items():
        assert mean_colour(material) == pytest.approx(colours[name], abs=0.01), name
        assert image_at(material, "Base Color").colorspace_settings.name == "sRGB"
        for socket in ("Alpha", "Normal", "Roughness"):
            there = image_at(material, socket) is not None
            assert there == (name in WITH_IMAGES[socket]), (name, socket)
    for name, value in rough.items():
        assert principled(after.materials[name]).inputs["Roughness"].default_value == pytest.approx(value, abs=0.01)
    told = [each["portraitkit"] for each in bpy.data.objects if each.get("portraitkit") is not None]
    assert any(str(facts["recipe"]["seed"]) in each for each in told if isinstance(each, str)), "the recipe"


def test_what_went_out_as_gltf_is_an_avatar_again(avatar: Any, part: Part, tmp_path: Path) -> None:
    """Quads, parts, levels, names and looks: as if it had come from the engine, also a second time."""
    before = Portrait.shown(lambda thing: thing["portraitkit_part"])
    recipe, path = avatar.recipe, tmp_path / "ada.glb"
    for _ in range(2):
        bpy.ops.portraitkit.export_avatar(filepath=str(path))
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        again = part("scene.bring_in").bring_in(path, "Ada")
        after = Portrait.shown(lambda thing: thing["portraitkit_part"])
        assert again.recipe == recipe and again.parts.keys() == before.parts.keys()
        assert part("scene.hair_curves").tells_strands(again), "curves can be grown on its hair"
        assert {name: each.quads for name, each in after.parts.items()} == {
            name: each.quads for name, each in before.parts.items()
        }
        assert {each.name for each in again.meshes} == {f"Ada {name.replace('_', ' ')}" for name in before.parts}
        assert {each.name for each in after.materials.values()} == {
            f"Ada {material['portraitkit_part']}" for material in after.materials.values()
        }
        assert len(after.parts["skin"].rest) == len(before.parts["skin"].rest), "welded"
        for name, shape in before.parts.items():
            assert max(shape.far_from(after.parts[name])) < 2 * TOLERANCE, name
    replaced = part("scene.replace").replace_in_place(again, path)
    assert replaced.parts.keys() == before.parts.keys()


def test_a_vrm_comes_in_with_its_face(scene: Any, part: Part, engine_python: Path, made: Callable[..., Path]) -> None:
    """The engine's own VRM: read by the add-on, whatever other add-ons are there."""
    path = made("seed-7-vrm", "--topology", "parts", "--faces", "4000", "--format", "vrm", "--vrm-author", "Ada",
                ending="vrm")  # fmt: skip
    avatar = part("scene.bring_in").bring_in(path, "Ada")
    bones = {each.name for each in avatar.armature.data.bones}
    assert {"hips", "spine", "chest", "neck", "head", "leftUpperArm", "rightFoot", "leftEye", "jaw"} <= bones
    assert {"jawOpen", "eyeBlinkLeft", "mouthPucker"} <= set(part("scene.face").shapes_of(avatar.armature))
    materials = {each["portraitkit_part"] for mesh in avatar.meshes for each in mesh.data.materials}
    assert {"skin", "eye", "cornea", "hair", "garment", "teeth", "tongue", "lashes", "brows"} <= materials
    assert avatar.recipe["seed"] == 7
