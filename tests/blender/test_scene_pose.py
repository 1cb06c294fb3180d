# SPDX-License-Identifier: Apache-2.0
"""Poses and motions in Blender against linear blend skinning in numpy, computed from the file itself."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest

Part = Callable[[str], ModuleType]


class File:
    """Mesh, skin and joints of a .glb, by the glTF specification alone."""

    def __init__(self, path: Path) -> None:
        content = path.read_bytes()
        length = struct.unpack("<I", content[12:16])[0]
        self.tree = json.loads(content[20 : 20 + length])
        self.binary = content[28 + length :]
        primitive = self.tree["meshes"][0]["primitives"][0]["attributes"]
        self.vertices = self.array(primitive["POSITION"]).astype(np.float64)
        self.joints, self.weights = self.array(primitive["JOINTS_0"]), self.array(primitive["WEIGHTS_0"])
        skin = self.tree["skins"][0]
        self.nodes = skin["joints"]
        self.inverse_bind = self.array(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
        self.parents = {child: k for k, node in enumerate(self.tree["nodes"]) for child in node.get("children", ())}

    def array(self, index: int) -> np.ndarray:
        accessor = self.tree["accessors"][index]
        view = self.tree["bufferViews"][accessor["bufferView"]]
        kind = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}[accessor["componentType"]]
        width = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}[accessor["type"]]
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        flat = np.frombuffer(self.binary, kind, accessor["count"] * width, start)
        return flat.reshape(accessor["count"], width)

    def posed(self, pose: dict[str, np.ndarray]) -> np.ndarray:
        """Vertices (V, 3), +y up, with joint rotations (3, 3) relative to the parent."""
        worlds: dict[int, np.ndarray] = {}

        def world(node: int) -> np.ndarray:
            if node not in worlds:
                facts = self.tree["nodes"][node]
                local = np.eye(4)
                local[:3, 3] = facts.get("translation", (0, 0, 0))
                local[:3, :3] = pose.get(facts["name"], np.eye(3))
                parent = self.parents.get(node)
                worlds[node] = world(parent) @ local if parent is not None else local
            return worlds[node]

        motions = np.stack([world(node) for node in self.nodes]) @ self.inverse_bind.astype(np.float64)
        blended = np.einsum("vk,vkij->vij", self.weights.astype(np.float64), motions[self.joints])
        return np.einsum("vij,vj->vi", blended[:, :3, :3], self.vertices) + blended[:, :3, 3]


def rotation(vector: Any) -> np.ndarray:
    """Rodrigues' formula."""
    x, y, z = np.asarray(vector, np.float64)
    angle = float(np.sqrt(x * x + y * y + z * z))
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]) / max(angle, 1e-30)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def shown(avatar: Any, file: File) -> np.ndarray:
    """Where Blender has each of the file's vertices, +y up: one place for copies along a seam, which it welds."""
    bpy.context.view_layer.update()
    rest = places(avatar.mesh)
    apart = np.linalg.norm(file.vertices[:, None] - rest, axis=2)
    of_file = apart.argmin(axis=1)
    assert apart.min(axis=1).max() < 1e-6 and len(set(of_file)) == len(rest)
    return places(avatar.mesh.evaluated_get(bpy.context.evaluated_depsgraph_get()))[of_file]


def places(mesh: Any) -> np.ndarray:
    """(V, 3) of a mesh object, +y up."""
    flat = np.empty(3 * len(mesh.data.vertices), np.float32)
    mesh.data.vertices.foreach_get("co", flat)
    place = flat.reshape(-1, 3).astype(np.float64)
    return np.stack([place[:, 0], place[:, 2], -place[:, 1]], axis=1)


def far_apart(one: np.ndarray, two: np.ndarray) -> float:
    assert one.shape == two.shape
    return float(np.abs(one - two).max())


POSE = {"neck": (0.2, -0.3, 0.1), "head": (-0.35, 0.6, 0.25), "left_collar": (0.0, 0.1, 0.2), "spine3": (0.1, 0, 0)}


@pytest.fixture
def avatar(scene: Any, part: Part, avatar_copy: Path) -> Any:
    return part("scene.bring_in").bring_in(avatar_copy, "Ada")


def test_an_smpl_pose_is_linear_blend_skinning(avatar: Any, part: Part, avatar_copy: Path) -> None:
    file = File(avatar_copy)
    assert far_apart(shown(avatar, file), file.vertices) < 1e-6
    assert part("scene.pose").apply_pose(avatar, {**POSE, "tail": (1, 0, 0)}) == ["tail"]
    expected = file.posed({joint: rotation(vector) for joint, vector in POSE.items()})
    assert far_apart(expected, file.vertices) > 0.03
    assert far_apart(shown(avatar, file), expected) < 1e-5
    read = part("scene.pose").read_pose(avatar)
    assert read.keys() == POSE.keys()
    for joint, vector in POSE.items():
        assert read[joint] == pytest.approx(vector, abs=1e-5)


@pytest.mark.parametrize("mode", ["XYZ", "ZYX", "QUATERNION", "AXIS_ANGLE"])
def test_sliders_are_the_axis_angle(avatar: Any, part: Part, avatar_copy: Path, mode: str) -> None:
    for bone in avatar.armature.pose.bones:
        bone.rotation_mode = mode
    sliders = avatar.armature.portraitkit_pose
    for joint in ("neck", "head"):
        for axis, value in zip("xyz", POSE[joint], strict=True):
            setattr(sliders, f"{joint}_{axis}", value)
    for joint in ("neck", "head"):
        assert [getattr(sliders, f"{joint}_{axis}") for axis in "xyz"] == pytest.approx(POSE[joint], abs=1e-5)
    file = File(avatar_copy)
    expected = file.posed({joint: rotation(POSE[joint]) for joint in ("neck", "head")})
    assert far_apart(shown(avatar, file), expected) < 1e-5
    avatar.armature.select_set(True)
    bpy.context.view_layer.objects.active = avatar.armature
    assert bpy.ops.portraitkit.reset_pose() == {"FINISHED"}
    assert sliders.head_y == pytest.approx(0, abs=1e-6)
    assert far_apart(shown(avatar, file), file.vertices) < 1e-6


def test_a_saved_pose_is_read_again(avatar: Any, part: Part, tmp_path: Path) -> None:
    part("scene.pose").apply_pose(avatar, POSE)
    path = tmp_path / "look.json"
    assert bpy.ops.portraitkit.save_pose(filepath=str(path)) == {"FINISHED"}
    saved = json.loads(path.read_text())
    assert saved.keys() == POSE.keys()
    assert saved["head"] == pytest.approx(POSE["head"], abs=1e-5)
    assert [each.name for each in tmp_path.glob("look*")] == ["look.json"]


@pytest.mark.parametrize("rate", [24, 60])
def test_a_motion_is_an_action(avatar: Any, part: Part, avatar_copy: Path, tmp_path: Path, rate: int) -> None:
    scene = bpy.context.scene
    scene.render.fps, scene.frame_start = rate, 5
    vectors = [{"head": (0, 0.9 * k / 10, 0.2), "pelvis": (0, 0.1 * k, 0), "neck": (0.05 * k, 0, 0)} for k in range(11)]
    joints = ["pelvis", "neck", "head"]
    quaternions = []
    for frame in vectors:
        row = []
        for joint in joints:
            vector = np.asarray(frame[joint])
            angle = float(np.linalg.norm(vector))
            axis = vector / max(angle, 1e-30)
            row.append([*(axis * np.sin(angle / 2)), float(np.cos(angle / 2))])
        quaternions.append(row)
    quaternions[4] = (-np.asarray(quaternions[4])).tolist()  # the same rotations
    path = tmp_path / "nod.json"
    path.write_text(json.dumps({"times": [k / 10 for k in range(11)], "joints": joints, "rotations": quaternions}))
    action = part("scene.motion").apply_motion(avatar, path, "nod")
    assert avatar.armature.animation_data.action == action
    assert (scene.frame_start, scene.frame_end) == (5, 250)  # the user's own
    assert (action.frame_start, action.frame_end) == pytest.approx((5, 5 + rate), abs=1e-3)
    file = File(avatar_copy)
    for k in (0, 4, 5, 10):
        frame = 5 + k * rate / 10
        scene.frame_set(int(frame), subframe=frame - int(frame))
        expected = file.posed({joint: rotation(vectors[k][joint]) for joint in ("neck", "head")})
        assert far_apart(shown(avatar, file), expected) < 2e-5
    part("scene.motion").apply_motion(avatar, path, "nod", root=True)
    scene.frame_set(5 + rate)
    expected = file.posed({joint: rotation(vectors[10][joint]) for joint in joints})
    assert far_apart(shown(avatar, file), expected) < 2e-5
    path.write_text("{}")
    with pytest.raises(part("core.failure").Failure, match="cannot be read"):
        part("scene.motion").apply_motion(avatar, path, "nod")
