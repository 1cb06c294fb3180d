# SPDX-License-Identifier: Apache-2.0
"""Opens GLB files in Blender (bpy as a module), turns the head bone and checks what moved.

    python tests/external/bpy_check.py A.glb B.glb        # in an environment that has bpy; knows nothing of portraitkit

One JSON line a file; exit status 1 if one fails.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from math import pi
from typing import Any

os.environ.setdefault("BLENDER_USER_RESOURCES", tempfile.mkdtemp(prefix="blender-user-"))

import bpy
import numpy as np
from mathutils import Matrix, Quaternion

SMPL = {
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle",
    "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hand", "right_hand",
}  # fmt: skip
TURN = 0.5
# A bust has no legs and no hands: only joints that move something, and the spine that carries them.
BUST = {"pelvis", "spine1", "spine2", "spine3", "neck", "head"} | {
    f"{side}_{joint}" for side in ("left", "right") for joint in ("collar", "shoulder")
}


def places(mesh: Any) -> np.ndarray:
    """The mesh's vertices as Blender shows them, in glTF's frame (Blender's is turned: x, -z, y)."""
    bpy.context.view_layer.update()
    evaluated = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())
    flat = np.empty(3 * len(evaluated.data.vertices), np.float32)
    evaluated.data.vertices.foreach_get("co", flat)
    world = np.array(evaluated.matrix_world)
    points = flat.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3]
    return points[:, [0, 2, 1]] * np.array([1, 1, -1])


def turn(armature: Any, name: str, quaternion: Quaternion) -> None:
    """Rotate a bone by a rotation of glTF's frame, on top of the file's pose, whatever axes the importer gave it."""
    bone, pose_bone = armature.data.bones[name], armature.pose.bones[name]
    rest, change = bone.matrix_local.to_3x3(), Matrix.Rotation(pi / 2, 3, "X")
    pose_bone.rotation_mode = "QUATERNION"
    local = (rest.inverted() @ change @ quaternion.to_matrix() @ change.inverted() @ rest).to_quaternion()
    pose_bone.rotation_quaternion = pose_bone.rotation_quaternion @ local


def check(path: str) -> dict[str, Any]:
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    bpy.ops.import_scene.gltf(filepath=path, disable_bone_shape=True)
    faults: list[str] = []
    armatures = [each for each in bpy.data.objects if each.type == "ARMATURE"]
    meshes = [each for each in bpy.data.objects if each.type == "MESH"]
    if len(armatures) != 1 or len(meshes) != 1:
        return {
            "file": path,
            "faults": [f"expected one armature and one mesh, got {len(armatures)}, {len(meshes)}"],
        }
    armature, mesh = armatures[0], meshes[0]
    bones = {bone.name for bone in armature.data.bones}
    if not BUST <= bones <= SMPL:
        strange, missing = sorted(bones - SMPL), sorted(BUST - bones)
        faults.append(f"bones that SMPL does not have: {strange}; bones of a bust that are missing: {missing}")
    modifiers = [each for each in mesh.modifiers if each.type == "ARMATURE" and each.object == armature]
    if len(modifiers) != 1 or not mesh.vertex_groups:
        faults.append("the mesh is not skinned to the armature")
    materials = [slot.material for slot in mesh.material_slots if slot.material]
    if len(materials) != 1:
        faults.append(f"expected one material, got {len(materials)}")
    images = {}
    for node in materials[0].node_tree.nodes if materials else []:
        if node.type == "TEX_IMAGE" and node.image:
            images[node.image.name] = node
    shader = next((n for n in materials[0].node_tree.nodes if n.type == "BSDF_PRINCIPLED"), None) if materials else None
    painted = [link.from_node for link in shader.inputs["Base Color"].links] if shader else []
    if len(painted) != 1 or painted[0].type != "TEX_IMAGE":
        faults.append("the base colour is no image")
    elif painted[0].image.size[0] < 16 or painted[0].image.colorspace_settings.name != "sRGB":
        faults.append(f"the image is {tuple(painted[0].image.size)}, {painted[0].image.colorspace_settings.name}")
    for node in images.values():
        if node not in painted and node.image.colorspace_settings.name != "Non-Color":
            faults.append(f"{node.image.name} is data, but Blender reads it as {node.image.colorspace_settings.name}")
    if not mesh.data.uv_layers:
        faults.append("the mesh has no UV map")
    scales = [tuple(each.scale) for each in (armature, mesh)]
    if any(abs(value - 1) > 1e-6 for scale in scales for value in scale):
        faults.append(f"objects are scaled: {scales}")

    rest = np.empty(3 * len(mesh.data.vertices), np.float32)
    mesh.data.vertices.foreach_get("co", rest)
    up = rest.reshape(-1, 3)[:, 2]
    height = {name: armature.data.bones[name].head_local[2] for name in ("head", "neck")}
    before = places(mesh)
    turn(armature, "head", Quaternion((0.0, 1.0, 0.0), TURN))
    moved = np.linalg.norm(places(mesh) - before, axis=1)
    top = up > height["head"] + 0.06
    shoulder = (up < height["neck"] - 0.08) & (np.abs(rest.reshape(-1, 3)[:, 0]) > 0.1)
    result = {
        "top_mean": float(moved[top].mean()) if top.any() else 0.0,
        "shoulders": float(moved[shoulder].max()) if shoulder.any() else -1.0,
        "height": float(up.max() - up.min()),
    }
    if result["top_mean"] < 0.02:
        faults.append(f"the head moved only {result['top_mean']:.4f} m")
    if not 0.0 <= result["shoulders"] <= 1e-3:
        faults.append(f"the shoulders moved {result['shoulders']:.4f} m (-1: there are none)")
    if not 0.2 < result["height"] < 1.0:
        faults.append(f"the bust is {result['height']:.2f} m high; wrong units?")
    return {"file": path, "faults": faults, "bones": len(bones), "images": len(images), **result}


if __name__ == "__main__":
    results = [check(path) for path in sys.argv[1:]]
    for result in results:
        print("RESULT " + json.dumps(result))
    raise SystemExit(1 if any(result["faults"] for result in results) else 0)
