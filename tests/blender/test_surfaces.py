# SPDX-License-Identifier: Apache-2.0
"""Surfaces that the add-on puts in itself are those of Blender's importer, joined and welded: the slow, obvious way."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest

Part = Callable[[str], ModuleType]
ROOT = Path(__file__).resolve().parents[2]
PEOPLE = {
    "plain": {"seed": 3, "face": "both"},
    "posed": {"seed": 4, "face": "both", "pose": {"head": [0.3, 0.2, 0.1]}, "expression": {"jawOpen": 0.6}},
    "bald": {"seed": 5, "face": "none", "parts": ["skin", "eyes"]},
    "levels": {"seed": 6, "topology": "parts", "lods": [6000]},
}
MAKE = """
import json, sys
from pathlib import Path
from portrait_core import Recipe, load_model, make_avatar, write_glb
model = load_model("starter")
for name, fields in json.loads(sys.argv[1]).items():
    recipe = Recipe(**{"topology": "parts", "texture_size": 64, "normal_map": False, **fields})
    write_glb(make_avatar(recipe, model), Path(sys.argv[2], f"{name}.glb"))
"""


@pytest.fixture(scope="module")
def people(engine_python: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Avatars of parts by the real engine."""
    folder = tmp_path_factory.mktemp("people")
    command = [str(engine_python), "-c", MAKE, json.dumps(PEOPLE), str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=900)
    return {path.stem: path for path in folder.glob("*.glb")}


def values(things: Any, name: str, width: int) -> np.ndarray:
    found = np.empty(width * len(things), np.float32)
    things.foreach_get(name, found)
    return found.reshape(-1, width)


def told(thing: Any) -> dict[str, Any]:
    """All that a mesh object holds, by corners in an order that does not depend on the numbers of its vertices.

    Not which faces are flat: the importer guesses so of those whose corners happen to have the face's own normal, and
    such corners look the same either way.
    """
    mesh = thing.data
    own = values(mesh.loops, "vertex_index", 1)[:, 0].astype(int)
    faces = [range(each.loop_start, each.loop_start + each.loop_total) for each in mesh.polygons]
    uv, normals = values(mesh.uv_layers[0].uv, "vector", 2), values(mesh.corner_normals, "vector", 3)
    keys = mesh.shape_keys.key_blocks if mesh.shape_keys is not None else []
    rest = values(mesh.vertices, "co", 3)
    shapes = [values(each.points, "co", 3) for each in keys]
    weights = np.zeros((len(mesh.vertices), len(thing.vertex_groups)), np.float32)
    for vertex in mesh.vertices:
        for each in vertex.groups:
            weights[vertex.index, each.group] = each.weight
    # The texture's places are those of the file to the bit; where several faces share them, coarse places tell.
    key = [(*one, *other) for one, other in zip(uv.tolist(), np.round(rest[own], 5).tolist(), strict=True)]
    order: list[int] = []
    for face in sorted(faces, key=lambda each: sorted(key[corner] for corner in each)):
        first = min(face, key=lambda corner: key[corner])
        order += [*range(first, face.stop), *range(face.start, first)]
    extra = [each for each in mesh.attributes if each.domain == "CORNER" and each.data_type == "FLOAT"]
    return {
        "sizes": sorted(map(len, faces)),
        "vertices": len(mesh.vertices),
        "edges": len(mesh.edges),
        "uv": uv[order],
        "normals": normals[order],
        "places": rest[own[order]],
        "weights": weights[own[order]],
        "groups": [each.name for each in thing.vertex_groups],
        "shapes": {each.name: shape[own[order]] for each, shape in zip(keys, shapes, strict=True)},
        "mixed": {each.name: (each.value, each.slider_min, each.slider_max) for each in keys},
        "along": {each.name: values(each.data, "value", 1)[order] for each in extra},
        "materials": [each.name for each in mesh.materials],
        "slots": {each.material_index for each in mesh.polygons},
        # Regions are told by the order of the file's faces, which the importer's quads have lost.
        "properties": {
            name: str(value) for name, value in [*mesh.items(), *thing.items()] if name != "portraitkit_regions"
        },
        "modifiers": [(each.type, each.name) for each in thing.modifiers],
        "hidden": (thing.hide_viewport, thing.hide_render),
        "matrix": [list(row) for row in thing.matrix_world],
    }


def same(one: Any, other: Any, where: str) -> None:
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for name, each in one.items():
            same(each, other[name], f"{where} {name}")
    elif isinstance(one, np.ndarray):
        assert one.shape == other.shape, where
        # Blender keeps normals of corners as angles in 16 bits, and the importer's go through them twice.
        limit = 0.01 if where.endswith("normals") else 1e-6
        assert np.abs(one - other).max(initial=0.0) <= limit, (where, np.abs(one - other).max())
    else:
        assert one == other, (where, one, other)


@pytest.mark.parametrize("name", [*PEOPLE, "shell"])
def test_they_are_the_importers(
    name: str, scene: Any, part: Part, people: dict[str, Path], avatar_file_with_levels: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    path = avatar_file_with_levels if name == "shell" else people[name]
    bringing = part("scene.bring_in")
    parted = bringing.part_file(path)
    found, bones, materials = {}, {}, {}
    for way in ("fast", "slow"):
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        if way == "slow":
            monkeypatch.setattr(bringing, "part_file", lambda _path: None)
        avatar = bringing.bring_in(path, "Ada")
        bpy.context.view_layer.update()
        found[way] = {each.name: told(each) for each in avatar.meshes}
        bones[way] = [(each.name, [list(row) for row in each.matrix]) for each in avatar.armature.pose.bones]
        materials[way] = {
            each.name: sorted((node.bl_idname, node.image.name if node.type == "TEX_IMAGE" else "") for node in
                              each.node_tree.nodes)
            for each in bpy.data.materials
        }  # fmt: skip
        assert [each.name for each in bpy.data.collections] == ["Ada"]
    assert len(parted) == len(found["slow"]), "nothing is left to the importer"
    same(found["fast"], found["slow"], name)
    assert bones["fast"] == bones["slow"] and materials["fast"] == materials["slow"]


def test_what_is_not_laid_out_so_is_left_to_the_importer(scene: Any, part: Part, people: dict[str, Path]) -> None:
    """A file that Blender wrote again, and one whose weights move."""
    surfaces, facts = part("scene.glb_surfaces"), part("scene.glb_facts")
    content, tree = people["plain"].read_bytes(), facts.read_tree(people["plain"])
    whole = len(surfaces.PartedFile(content, json.loads(json.dumps(tree))))

    def left(change: Callable[[dict[str, Any]], None]) -> int:
        changed = json.loads(json.dumps(tree))
        change(changed)
        return whole - len(surfaces.PartedFile(content, changed))

    skin = next(number for number, each in enumerate(tree["nodes"]) if each.get("name") == "skin")
    channel = {"sampler": 0, "target": {"node": skin, "path": "weights"}}
    animation = {"samplers": [{"input": 0, "output": 0}], "channels": [channel]}
    position = tree["meshes"][0]["primitives"][0]["attributes"]["POSITION"]
    view = tree["accessors"][position]["bufferView"]
    assert left(lambda _tree: None) == 0
    assert left(lambda each: each.update(animations=[animation])) == 1
    assert left(lambda each: each["meshes"][0]["primitives"].append(each["meshes"][0]["primitives"][0])) == 1
    assert left(lambda each: each["meshes"][0]["primitives"][0]["attributes"].update(COLOR_0=position)) == 1
    assert left(lambda each: each["bufferViews"][view].update(byteStride=32)) == 1
    assert left(lambda each: each["bufferViews"][view].update(byteLength=8)) == 1
    assert left(lambda each: each["accessors"][position].update(count=10**9)) == 1
    assert left(lambda each: each["nodes"][skin].update(weights=[0.5])) == 1
    assert left(lambda each: each.update(extensionsUsed=["EXT_meshopt_compression"])) == whole


def test_a_damaged_surface_is_told(
    scene: Any, part: Part, people: dict[str, Path], tmp_path: Path, datablocks: Callable[[], dict[str, int]]
) -> None:
    """Triangles that name vertices which are not there, and quads whose triangles have nothing in common."""
    facts, failure = part("scene.glb_facts"), part("core.failure").Failure
    content, tree = people["plain"].read_bytes(), facts.read_tree(people["plain"])
    length = int.from_bytes(content[12:16], "little")
    part_of = tree["meshes"][0]["primitives"][0]
    view = tree["bufferViews"][tree["accessors"][part_of["indices"]]["bufferView"]]
    begin = 20 + length + 8 + view.get("byteOffset", 0)
    blocks = datablocks()
    for numbers in ((0xFFFE, 0xFFFE, 0xFFFE), (100, 200, 300)):
        path = tmp_path / "damaged.glb"
        broken = np.array(numbers, "<u2").tobytes()
        path.write_bytes(content[:begin] + broken + content[begin + len(broken) :])
        with pytest.raises(failure, match=r"damaged\.glb"):
            part("scene.bring_in").bring_in(path)
        assert datablocks() == blocks
