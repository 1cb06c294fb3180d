# SPDX-License-Identifier: Apache-2.0
"""Humans as MPFB 2 builds them, out of its CC0 data: base mesh hm08 with helpers, targets as shape keys, rig, mask.

Nothing of MPFB's code is used: only the data that it reads (base mesh, targets, rigs, weights), from the folder that
PORTRAITKIT_ASSETS names. The skin weights of the default rig are not among the data; they are those of the game
engine's rig, shared out among its bones.
"""

from __future__ import annotations

import gzip
import itertools
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

WOMAN: Mapping[str, float] = {
    "macrodetails/caucasian-female-young": 1.0,
    "macrodetails/universal-female-young-averagemuscle-averageweight": 1.0,
}
MAN: Mapping[str, float] = {
    "macrodetails/caucasian-male-young": 1.0,
    "macrodetails/universal-male-young-averagemuscle-averageweight": 1.0,
}
STRONG_MAN: Mapping[str, float] = {
    "macrodetails/african-male-young": 1.0,
    "macrodetails/universal-male-young-maxmuscle-averageweight": 1.0,
}
METRES = 0.1
"""Of the base mesh's decimetres."""
SKIN = (0.62, 0.42, 0.33, 1.0)
SMPL = {
    **{"Root": "root", "pelvis": "Pelvis", "spine_01": "Spine1", "spine_02": "Spine2", "spine_03": "Spine3"},
    **{"neck_01": "Neck", "head": "Head"},
    **{f"{game}_{side.lower()}": f"{side}_{smpl}" for side in "LR" for game, smpl in (
        ("clavicle", "Collar"), ("upperarm", "Shoulder"), ("lowerarm", "Elbow"), ("hand", "Wrist"),
        ("thigh", "Hip"), ("calf", "Knee"), ("foot", "Ankle"), ("ball", "Foot"),
    )},
}  # fmt: skip
"""The game engine's bones by SMPL's names."""
_SHARED = {"neck_01": ("neck01", "neck02", "neck03"), "lowerarm": ("lowerarm01", "lowerarm02")}
_DEFAULT = {
    **{"Root": "root", "pelvis": "root", "spine_01": "spine04", "spine_02": "spine02", "spine_03": "spine01"},
    **{"head": "head"},
    **{f"{game}_{side.lower()}": f"{own}.{side}" for side in "LR" for game, own in (
        ("clavicle", "clavicle"), ("upperarm", "upperarm01"), ("lowerarm", "lowerarm01"), ("hand", "wrist"),
        ("thigh", "upperleg01"), ("calf", "lowerleg01"), ("foot", "foot"), ("ball", "foot"),
    )},
}  # fmt: skip


def assets() -> Path | None:
    """The data folder of MPFB in PORTRAITKIT_ASSETS (a folder, or several with the system's separator between)."""
    for folder in os.environ.get("PORTRAITKIT_ASSETS", "").split(os.pathsep):
        found = Path(folder) / "mpfb" / "data"
        if folder and (found / "3dobjs" / "base.obj").is_file():
            return found
    return None


def build_human(
    data: Path, targets: Mapping[str, float] = WOMAN, *, rig: str = "game_engine", name: str = "Human"
) -> tuple[Any, Any]:
    """The body's object and its armature, in metres, feet on the floor, linked to the scene.

    ``rig`` is game_engine, default, or smpl (the game engine's bones by other names).
    """
    base, quads, uvs, corners, of_group = _read_base(data)
    deltas = {target: _read_target(data / "targets" / f"{target}.target.gz", len(base)) for target in targets}
    places = base + sum(weight * deltas[target] for target, weight in targets.items())
    floor = np.array([0.0, 0.0, places[:13380, 2].min()])
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata((base - floor).tolist(), [], quads)
    layer = mesh.uv_layers.new(name="UVMap")
    layer.data.foreach_set("uv", uvs[np.concatenate(corners)].astype(np.float32).ravel())
    mesh.polygons.foreach_set("use_smooth", np.ones(len(quads), bool))
    mesh.materials.append(_material(f"{name} skin"))
    body = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(body)
    body.shape_key_add(name="Basis", from_mix=False)
    for target, weight in targets.items():
        key = body.shape_key_add(name=target.rpartition("/")[2][:60], from_mix=False)
        key.data.foreach_set("co", (base - floor + deltas[target]).astype(np.float32).ravel())
        key.value = weight
    armature = _rig(data, places - floor, of_group, rig, name)
    _bind(body, armature, _weights(data, rig, armature, places - floor))
    group = body.vertex_groups.new(name="body")
    group.add(list(range(13380)), 1.0, "REPLACE")
    mask = body.modifiers.new("Hide helpers", "MASK")
    mask.vertex_group = "body"
    body.modifiers.move(len(body.modifiers) - 1, 0)
    bpy.context.view_layer.update()
    return body, armature


def _read_base(data: Path) -> tuple[Any, list[list[int]], Any, list[list[int]], dict[str, list[int]]]:
    vertices: list[list[float]] = []
    uvs: list[list[float]] = []
    quads: list[list[int]] = []
    corners: list[list[int]] = []
    of_group: dict[str, set[int]] = {}
    group = ""
    for line in (data / "3dobjs" / "base.obj").read_text().splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            x, y, z = map(float, rest.split())
            vertices.append([x * METRES, -z * METRES, y * METRES])
        elif kind == "vt":
            uvs.append([float(each) for each in rest.split()[:2]])
        elif kind == "g":
            group = rest.strip()
        elif kind == "f":
            pairs = [[int(each) - 1 for each in corner.split("/")[:2]] for corner in rest.split()]
            quads.append([pair[0] for pair in pairs])
            corners.append([pair[1] for pair in pairs])
            of_group.setdefault(group, set()).update(quads[-1])
    return np.array(vertices), quads, np.array(uvs), corners, {key: sorted(each) for key, each in of_group.items()}


def _read_target(path: Path, count: int) -> Any:
    delta = np.zeros((count, 3))
    with gzip.open(path, "rt") as file:
        for line in file:
            parts = line.split()
            if len(parts) == 4 and not line.startswith("#"):
                x, y, z = (float(each) * METRES for each in parts[1:])
                delta[int(parts[0])] = (x, -z, y)
    return delta


def _material(name: str) -> Any:
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    shader = next(each for each in material.node_tree.nodes if each.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = SKIN
    shader.inputs["Roughness"].default_value = 0.5
    return material


def _rig(data: Path, places: Any, of_group: Mapping[str, Sequence[int]], rig: str, name: str) -> Any:
    kind = "default" if rig == "default" else "game_engine"
    bones = json.loads((data / "rigs" / "standard" / f"rig.{kind}.json").read_text())
    bones = bones.get("bones", bones)
    called = SMPL if rig == "smpl" else {}
    armature = bpy.data.objects.new(f"{name} rig", bpy.data.armatures.new(f"{name} rig"))
    bpy.context.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    edit = armature.data.edit_bones
    for bone, facts in bones.items():
        made = edit.new(called.get(bone, bone))
        made.head, made.tail = (_end(facts[end], places, of_group) for end in ("head", "tail"))
        made.roll = facts["roll"]
    for bone, facts in bones.items():
        if facts["parent"]:
            edit[called.get(bone, bone)].parent = edit[called.get(facts["parent"], facts["parent"])]
    bpy.ops.object.mode_set(mode="OBJECT")
    return armature


def _end(end: Mapping[str, Any], places: Any, of_group: Mapping[str, Sequence[int]]) -> Vector:
    if end["strategy"] == "CUBE":
        rows: Sequence[int] = of_group[end["cube_name"]]
    else:
        rows = end.get("vertex_indices") or [end["vertex_index"]]
    return Vector(places[list(rows)].mean(axis=0))


def _weights(data: Path, rig: str, armature: Any, places: Any) -> dict[str, list[tuple[int, float]]]:
    given = json.loads((data / "rigs" / "standard" / "weights.game_engine.json").read_text())["weights"]
    if rig != "default":
        called = SMPL if rig == "smpl" else {}
        return {called.get(bone, bone): [(int(v), float(w)) for v, w in rows] for bone, rows in given.items()}
    found: dict[str, list[tuple[int, float]]] = {}
    neck = _SHARED["neck_01"]
    ends = [armature.data.bones[each].head_local.z for each in neck]
    ends.append(armature.data.bones["head"].head_local.z)
    middles = [(low + high) / 2 for low, high in itertools.pairwise(ends)]
    for bone, rows in given.items():
        for vertex, weight in rows:
            if bone != "neck_01":
                found.setdefault(_DEFAULT.get(bone, "head" if "finger" in bone else "root"), []).append(
                    (vertex, weight)
                )
                continue
            for own, middle in zip(neck, middles, strict=True):
                share = np.interp(places[vertex][2], middles, [float(each == middle) for each in middles])
                if share > 0:
                    found.setdefault(own, []).append((vertex, weight * float(share)))
    return found


def _bind(body: Any, armature: Any, weights: Mapping[str, list[tuple[int, float]]]) -> None:
    for bone, rows in weights.items():
        group = body.vertex_groups.new(name=bone)
        for vertex, weight in rows:
            group.add([vertex], weight, "ADD")
    body.parent = armature
    body.modifiers.new("Armature", "ARMATURE").object = armature
