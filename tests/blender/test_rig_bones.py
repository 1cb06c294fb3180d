# SPDX-License-Identifier: Apache-2.0
"""Bones as riggers take them: ends, rolls, chains, collections; and nothing moves by them, to a thousandth of a mm.

The truth is linear blend skinning in numpy, from the file alone.
"""

from __future__ import annotations

import itertools
import json
import math
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Quaternion, Vector

Part = Callable[[str], ModuleType]
ROOT = Path(__file__).resolve().parents[2]
POSE = {
    "neck": (0.2, -0.3, 0.1),
    "head": (-0.35, 0.6, 0.25),
    "left_collar": (0.0, 0.1, 0.2),
    "right_shoulder": (0.1, -0.4, 0.3),
    "spine3": (0.1, 0, 0),
}


class File:
    """Mesh, skin and joints of a .glb, by the glTF specification alone; of the mesh called `mesh`."""

    def __init__(self, path: Path, mesh: str = "skin") -> None:
        content = path.read_bytes()
        length = struct.unpack("<I", content[12:16])[0]
        self.tree = json.loads(content[20 : 20 + length])
        self.binary = content[28 + length :]
        self.nodes = self.tree["nodes"]
        node = next(each for each in self.nodes if "skin" in each and mesh in each["name"])
        primitive = self.tree["meshes"][node["mesh"]]["primitives"][0]["attributes"]
        self.vertices = self.array(primitive["POSITION"]).astype(np.float64)
        self.joints, self.weights = self.array(primitive["JOINTS_0"]), self.array(primitive["WEIGHTS_0"])
        skin = self.tree["skins"][node["skin"]]
        self.of_skin = skin["joints"]
        inverse = self.array(skin["inverseBindMatrices"])
        self.inverse_bind = inverse.reshape(-1, 4, 4).transpose(0, 2, 1).astype(np.float64)
        self.parents = {child: k for k, each in enumerate(self.nodes) for child in each.get("children", ())}

    def array(self, index: int) -> np.ndarray:
        accessor = self.tree["accessors"][index]
        view = self.tree["bufferViews"][accessor["bufferView"]]
        kind = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}[accessor["componentType"]]
        width = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}[accessor["type"]]
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        stride = view.get("byteStride", 0) or width * np.dtype(kind).itemsize
        rows = [np.frombuffer(self.binary, kind, width, start + number * stride) for number in range(accessor["count"])]
        return np.stack(rows)

    def posed(self, pose: dict[str, Any], turned: dict[str, Any] | None = None) -> np.ndarray:
        """Vertices (V, 3), +y up, with joints' rotations as axis-angles relative to the parent, the file's own for
        others; `turned` turns joints after that, in their own axes."""
        worlds: dict[int, np.ndarray] = {}

        def world(number: int) -> np.ndarray:
            if number not in worlds:
                node = self.nodes[number]
                local = np.eye(4)
                local[:3, :3] = of_quaternion(node.get("rotation", (0, 0, 0, 1)))
                if node["name"] in pose:
                    local[:3, :3] = rotation(pose[node["name"]])
                if turned and node["name"] in turned:
                    local[:3, :3] = local[:3, :3] @ rotation(turned[node["name"]])
                local[:3, 3] = node.get("translation", (0, 0, 0))
                parent = self.parents.get(number)
                worlds[number] = world(parent) @ local if parent is not None else local
            return worlds[number]

        motions = np.stack([world(number) for number in self.of_skin]) @ self.inverse_bind
        blended = np.einsum("vk,vkij->vij", self.weights.astype(np.float64), motions[self.joints])
        return np.einsum("vij,vj->vi", blended[:, :3, :3], self.vertices) + blended[:, :3, 3]


def of_quaternion(values: Any) -> np.ndarray:
    x, y, z, w = np.asarray(values, np.float64) / np.linalg.norm(values)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def rotation(vector: Any) -> np.ndarray:
    """Rodrigues' formula."""
    x, y, z = np.asarray(vector, np.float64)
    angle = math.sqrt(x * x + y * y + z * z)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]) / max(angle, 1e-30)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def along(bone: Any) -> Vector:
    """The direction of a bone at rest, in the armature."""
    return (bone.tail_local - bone.head_local).normalized()


def places(mesh: Any) -> np.ndarray:
    """(V, 3) of a mesh object, +y up."""
    flat = np.empty(3 * len(mesh.data.vertices), np.float32)
    mesh.data.vertices.foreach_get("co", flat)
    place = flat.reshape(-1, 3).astype(np.float64)
    return np.stack([place[:, 0], place[:, 2], -place[:, 1]], axis=1)


def moved(avatar: Any) -> np.ndarray:
    """Where Blender has the skin's vertices, +y up."""
    bpy.context.view_layer.update()
    return places(avatar.mesh.evaluated_get(bpy.context.evaluated_depsgraph_get()))


def own_order(avatar: Any, file: File) -> np.ndarray:
    """For each vertex that Blender has welded one of the file's at its place."""
    rest = file.posed({})
    apart = np.linalg.norm(places(avatar.mesh)[:, None] - rest[None], axis=2)
    assert apart.min(axis=1).max() < 2e-6
    return apart.argmin(axis=1)


def away(one: np.ndarray, two: np.ndarray) -> float:
    assert one.shape == two.shape
    return float(np.abs(one - two).max())


@pytest.fixture
def bring(scene: Any, part: Part) -> Callable[..., Any]:
    return lambda path, name="Ada": part("scene.bring_in").bring_in(path, name)


@pytest.mark.parametrize("skeleton", ["bust", "smpl24", "full"])
def test_chains_end_where_the_next_bone_begins(bring: Any, rig_file: Any, skeleton: str) -> None:
    armature = bring(rig_file(skeleton)).armature.data
    bones = armature.bones
    chains = [("pelvis", "spine1", "spine2", "spine3", "neck", "head"), ("hair_0_0", "hair_0_1", "hair_0_2")]
    for side in ("left", "right"):
        arm = [f"{side}_{each}" for each in ("collar", "shoulder", "elbow", "wrist")]
        chains.append(tuple(arm[: 3 if skeleton == "bust" else 4]))
        if skeleton != "bust":
            chains.append(tuple(f"{side}_{each}" for each in ("hip", "knee", "ankle", "foot")))
        if skeleton == "full":
            chains += [tuple(f"{side}_{each}{number}" for number in (1, 2, 3)) for each in ("index", "thumb")]
            chains.append((f"{side}_wrist", f"{side}_middle1"))
    for chain in chains:
        for one, two in itertools.pairwise(chain):
            assert bones[two].parent == bones[one] and bones[two].use_connect, (one, two)
            assert (bones[one].tail_local - bones[two].head_local).length < 1e-6
    assert min(bone.length for bone in bones) >= 0.004
    for eye in ("leftEye", "rightEye"):
        assert along(bones[eye]).dot(Vector((0, -1, 0))) > 0.999
    assert along(bones["head"]).z > 0.99
    chin = bones["jaw"].tail_local
    assert chin.z < bones["jaw"].head_local.z - 0.03 and chin.y < bones["jaw"].head_local.y - 0.03
    assert armature.display_type == "OCTAHEDRAL"


def test_rolls_bend_about_x_and_mirror(bring: Any, rig_file: Any) -> None:
    bones = bring(rig_file("full")).armature.data.bones
    flip = np.diag([-1.0, 1.0, 1.0])
    for name in [each for each in bones.keys() if each.startswith("left_")]:  # noqa: SIM118 - no dictionary
        left = np.array(bones[name].matrix_local.to_3x3())
        right = np.array(bones[name.replace("left_", "right_")].matrix_local.to_3x3())
        assert np.abs(flip @ left @ np.diag([-1.0, 1.0, 1.0]) - right).max() < 2e-3, name
        assert bpy.utils.flip_name(name) == name.replace("left_", "right_")  # pastes flipped, mirrors
    ahead, up = Vector((0, -1, 0)), Vector((0, 0, 1))
    for name in ("neck", "head", "spine2"):
        assert bones[name].matrix_local.col[0].xyz.dot(Vector((1, 0, 0))) > 0.999
    # A positive turn about x: heads nod, forearms come forward, knees bend back, fingers close.
    bends = {"head": ahead, "left_elbow": ahead, "right_elbow": ahead, "left_knee": -ahead, "right_knee": -ahead}
    for name, way in bends.items():
        bone = bones[name]
        turned = bone.matrix_local.to_3x3() @ (Quaternion((1, 0, 0), 0.3) @ Vector((0, 1, 0)))
        assert (turned - along(bone)).dot(way) > 0.1, name
    for side, sign in (("left", 1), ("right", -1)):
        palm = bones[f"{side}_index1"].matrix_local.col[2].xyz
        assert palm.dot(Vector((-sign, 0, 0))) > 0.5 and palm.dot(up) < 0.5  # hanging hands: palms to the thighs


def test_collections_and_colours(bring: Any, rig_file: Any) -> None:
    armature = bring(rig_file("full")).armature
    collections = {each.name: each for each in armature.data.collections_all}
    assert set(collections) == {
        *("Torso", "Head", "Shoulders", "Jaw", "Eyes", "Hair", "Limbs", "Arms", "Legs", "Fingers"),
    }
    assert not collections["Limbs"].is_visible
    assert {each.name for each in collections["Limbs"].children} == {"Arms", "Legs", "Fingers"}
    assert {each.name for each in collections["Head"].bones} == {"neck", "head"}
    assert len(collections["Fingers"].bones) == 30 and len(collections["Legs"].bones) == 8
    assert len(collections["Eyes"].bones) == 2 and len(collections["Hair"].bones) == 5
    hidden = {each.name for each in armature.data.bones if not any(c.is_visible_effectively for c in each.collections)}
    assert "left_knee" in hidden and "right_elbow" in hidden and "left_thumb2" in hidden
    assert not hidden & {"neck", "head", "left_shoulder", "jaw", "spine3"}
    palettes = {
        name: armature.data.bones[name].color.palette for name in ("head", "left_collar", "right_collar", "jaw")
    }
    assert len(set(palettes.values())) == 4 and "DEFAULT" not in palettes.values()
    assert not armature.show_in_front
    assert all(each.custom_shape is None for each in armature.pose.bones)


@pytest.fixture(scope="session")
def names(engine_python: Path) -> dict[str, dict[str, str]]:
    """What each naming scheme calls the joints of a full skeleton, as the engine has it."""
    code = """
import json
from portrait_core.rig.naming import BONE_NAMINGS, NAMES, rename
joints = list(NAMES["smpl"])
print(json.dumps({each: dict(zip(rename(joints, "smpl"), rename(joints, each))) for each in BONE_NAMINGS}))
"""
    said = subprocess.run([str(engine_python), "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, dict[str, str]] = json.loads(said.stdout)
    assert len(found) == 6 and len(found["vrm"]) == 57
    return found


@pytest.mark.parametrize("naming", ["mixamo", "unity", "unreal", "vrm", "rpm"])
def test_every_naming_has_the_same_bones(bring: Any, part: Part, rig_file: Any, names: Any, naming: str) -> None:
    armature = bring(rig_file("full")).armature
    marks = {bone.name: str(bone["portraitkit_joint"]) for bone in armature.data.bones}
    mixed = part("scene.joints")
    own = {names[naming].get(name, name): joint for name, joint in marks.items()}
    of_smpl = mixed.joints_of(own)
    assert {joint: own[name] for joint, name in of_smpl.items()} == {joint: joint for joint in mixed.JOINTS}
    others = mixed.more_joints_of(set(own) - set(of_smpl.values()))
    assert others == {name: joint for name, joint in own.items() if joint not in mixed.JOINTS}


@pytest.mark.parametrize("skeleton", ["bust", "full"])
def test_an_smpl_pose_is_linear_blend_skinning(bring: Any, part: Part, rig_file: Any, skeleton: str) -> None:
    """Arms that rest turned included: a pose says how a joint stands in its parent, not how far it turns from rest."""
    file = File(rig_file(skeleton))
    avatar = bring(rig_file(skeleton))
    order = own_order(avatar, file)
    assert away(moved(avatar), file.posed({})[order]) < 1e-6
    assert part("scene.pose").apply_pose(avatar, POSE) == []
    expected = file.posed(POSE)[order]
    assert away(expected, file.posed({})[order]) > 0.03
    assert away(moved(avatar), expected) < 1e-6
    read = part("scene.pose").read_pose(avatar)
    assert read.keys() == POSE.keys()
    for joint, vector in POSE.items():
        assert read[joint] == pytest.approx(vector, abs=1e-5)
    part("scene.pose").rest(avatar)
    assert part("scene.pose").read_pose(avatar) == {}
    assert away(moved(avatar), file.posed({})[order]) < 1e-6


def test_the_engine_poses_alike(bring: Any, part: Part, rig_file: Any, tmp_path: Path) -> None:
    """A file that the engine posed and one that Blender poses show the same."""
    pose = tmp_path / "look.json"
    pose.write_text(json.dumps({joint: list(vector) for joint, vector in POSE.items()}))
    posed = File(rig_file("full", "--pose", str(pose)))
    file, avatar = File(rig_file("full")), bring(rig_file("full"))
    order = own_order(avatar, file)
    part("scene.pose").apply_pose(avatar, POSE)
    assert away(moved(avatar), posed.posed({})[order]) < 1e-6


def test_a_file_with_a_pose_comes_in_posed(bring: Any, part: Part, rig_file: Any, tmp_path: Path) -> None:
    pose = tmp_path / "look.json"
    pose.write_text(json.dumps({joint: list(vector) for joint, vector in POSE.items()}))
    path = rig_file("full", "--pose", str(pose))
    file, avatar = File(path), bring(path)
    rest = File(rig_file("full"))
    order = own_order(avatar, rest)
    assert away(moved(avatar), file.posed({})[order]) < 2e-6
    read = part("scene.pose").read_pose(avatar)
    for joint, vector in POSE.items():
        assert read[joint] == pytest.approx(vector, abs=1e-4)


def keyed(avatar: Any, part: Part, tmp_path: Path) -> None:
    """Give an avatar an action of three keys on neck and head."""
    path = tmp_path / "turn.json"
    quaternions = []
    for angle in (0.0, 0.3, 0.6):
        half = angle / 2
        quaternions.append([[0, math.sin(half), 0, math.cos(half)], [math.sin(half), 0, 0, math.cos(half)]])
    path.write_text(json.dumps({"times": [0, 0.5, 1.0], "joints": ["neck", "head"], "rotations": quaternions}))
    part("scene.motion").apply_motion(avatar, path, "turn")


def test_regenerating_keeps_pose_and_keys(bring: Any, part: Part, rig_file: Any, tmp_path: Path) -> None:
    """Another person's bones look another way: what poses them is said anew, exactly."""
    other = rig_file("bust")
    path = shutil.copy2(other, tmp_path / "moved.glb")
    shift_joint(Path(path), "head", (0.01, 0.02, 0.015))
    avatar = bring(other)
    keyed(avatar, part, tmp_path)
    part("scene.pose").apply_pose(avatar, {"left_collar": (0.1, 0.2, 0.3), "spine3": (0.2, 0, 0)})
    avatar.armature.pose.bones["right_collar"].rotation_mode = "XYZ"
    avatar.armature.pose.bones["right_collar"].rotation_euler = (0.1, 0.2, -0.1)
    bpy.context.scene.frame_set(7)
    before = part("scene.pose").read_pose(avatar)
    axes = {bone.name: bone.matrix_local.to_quaternion() for bone in avatar.armature.data.bones}
    part("scene.replace").replace_in_place(avatar, Path(path))
    turned = axes["neck"].rotation_difference(avatar.armature.data.bones["neck"].matrix_local.to_quaternion())
    assert turned.angle > 0.05  # else this test would test nothing
    for frame in (7, 13, 20):
        bpy.context.scene.frame_set(frame)
        if frame == 7:
            after = part("scene.pose").read_pose(avatar)
            assert after.keys() == before.keys() >= {"neck", "head", "left_collar", "right_collar", "spine3"}
            for joint, vector in before.items():
                assert after[joint] == pytest.approx(vector, abs=1e-5)
        file = File(Path(path))
        order = own_order(avatar, file)
        assert away(moved(avatar), file.posed(part("scene.pose").read_pose(avatar))[order]) < 1e-6


def shift_joint(path: Path, name: str, by: tuple[float, float, float]) -> None:
    """Another place for a joint of a .glb, the mesh as it was."""
    content = path.read_bytes()
    length = struct.unpack("<I", content[12:16])[0]
    tree = json.loads(content[20 : 20 + length])
    binary = bytearray(content[28 + length :])
    file = File(path)
    number = next(k for k, node in enumerate(tree["nodes"]) if node["name"] == name)
    tree["nodes"][number]["translation"] = [
        a + b for a, b in zip(tree["nodes"][number]["translation"], by, strict=True)
    ]
    skin = tree["skins"][0]
    below = {number}
    for joint in skin["joints"]:
        chain, parent = [joint], file.parents.get(joint)
        while parent is not None:
            chain.append(parent)
            parent = file.parents.get(parent)
        if number in chain:
            below.add(joint)
    view = tree["bufferViews"][tree["accessors"][skin["inverseBindMatrices"]]["bufferView"]]
    start = view.get("byteOffset", 0) + tree["accessors"][skin["inverseBindMatrices"]].get("byteOffset", 0)
    for row, joint in enumerate(skin["joints"]):
        if joint in below:
            matrix = np.frombuffer(bytes(binary[start + 64 * row : start + 64 * row + 64]), np.float32).copy()
            matrix[12:15] -= np.array(by, np.float32)  # these joints rest with the world's axes
            binary[start + 64 * row : start + 64 * row + 64] = matrix.tobytes()
    text = json.dumps(tree).encode()
    text = text.ljust(-(-len(text) // 4) * 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(binary), 0x004E4942) + binary
    path.write_bytes(struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks)
