# SPDX-License-Identifier: Apache-2.0
"""KHR_character in files of hand-made avatars, read by the rules of the draft; nothing is shared with the writer."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from portrait_core.avatar import Avatar
from portrait_core.face.moved import JAW_OPEN
from portrait_core.formats.bones import rename_bones
from portrait_core.formats.gltf.writer import glb_bytes
from portrait_core.formats.other_rest import as_named
from portrait_core.formats.write import write_avatar
from portrait_core.recipe import Recipe
from portrait_core.rig.naming import rename
from tests.formats.faces import faced
from tests.formats.whole import moving, whole

UNTURNED = (0.0, 0.0, 0.0, 1.0)
WIDTH = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}


class Read:
    """A .glb as a consumer of the draft reads it."""

    def __init__(self, content: bytes) -> None:
        size = struct.unpack_from("<I", content, 12)[0]
        self.tree: dict[str, Any] = json.loads(content[20 : 20 + size])
        self._blob = content[20 + size + 8 :]
        self.extensions: dict[str, Any] = self.tree.get("extensions", {})

    def numbers(self, index: int) -> NDArray[np.float32]:
        accessor = self.tree["accessors"][index]
        assert accessor["componentType"] == 5126
        view = self.tree["bufferViews"][accessor["bufferView"]]
        width = WIDTH[accessor["type"]]
        begin = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        return np.frombuffer(self._blob, "<f4", accessor["count"] * width, begin).reshape(-1, width)

    def initial(self, node: int, path: str) -> list[float]:
        record = self.tree["nodes"][node]
        if path == "weights":
            mesh = self.tree["meshes"][record["mesh"]]
            return record.get("weights") or mesh.get("weights") or [0.0] * len(mesh["primitives"][0]["targets"])
        return record.get(path, [0.0, 0.0, 0.0, 1.0])

    def response(self, entry: dict[str, Any], driver: float) -> dict[tuple[int, str], NDArray[np.float64]]:
        """The draft's evaluator: what the properties are that the entry's animation moves, at a driver in 0 to 1."""
        animation = self.tree["animations"][entry["animation"]]
        inputs = [self.numbers(animation["samplers"][each["sampler"]]["input"])[:, 0] for each in animation["channels"]]
        assert all(len(times) >= 2 and (np.diff(times) > 0).all() and times[0] >= 0 for times in inputs)
        last = max(times[-1] for times in inputs)
        found: dict[tuple[int, str], NDArray[np.float64]] = {}
        for channel, times in zip(animation["channels"], inputs, strict=True):
            sampler = animation["samplers"][channel["sampler"]]
            assert sampler.get("interpolation", "LINEAR") == "LINEAR"
            values = self.numbers(sampler["output"]).reshape(len(times), -1)
            key = channel["target"]["node"], channel["target"]["path"]
            assert key not in found
            # Linear for turns too: both ends of these are near enough to say where they are.
            found[key] = np.array([np.interp(driver * last, times, column) for column in values.T])
        return found

    def world(self, turns: dict[int, NDArray[np.float64]]) -> dict[str, tuple[NDArray[np.float64], Rotation]]:
        """Places and turns of all nodes by name, with some turned otherwise."""
        found: dict[str, tuple[NDArray[np.float64], Rotation]] = {}

        def go(node: int, place: NDArray[np.float64], turn: Rotation) -> None:
            record = self.tree["nodes"][node]
            own = turn * Rotation.from_quat(
                np.array(turns[node] if node in turns else record.get("rotation", UNTURNED), np.float64)
            )
            at = place + turn.apply(record.get("translation", [0.0, 0.0, 0.0]))
            found[record["name"]] = at, own
            for child in record.get("children", ()):
                go(child, at, own)

        for node in self.tree["scenes"][0]["nodes"]:
            go(node, np.zeros(3), Rotation.identity())
        return found


def entries(read: Read) -> dict[str, dict[str, Any]]:
    return {each["expression"]: each for each in read.extensions["KHR_character_expression"]["expressions"]}


def character(avatar: Avatar, scheme: str = "smpl") -> Read:
    resting, scene = as_named(avatar, scheme)
    humans = resting.joint_names
    names = rename(humans, scheme)
    return Read(glb_bytes(rename_bones(resting, names), scene=scene, humans=humans))


def test_only_who_asks_gets_it_and_nobody_has_to_know_it(tmp_path: Path) -> None:
    plain = Read(glb_bytes(faced()))
    assert "KHR_character" not in json.dumps(plain.tree) and "KHR_xmp" not in json.dumps(plain.tree)
    path, *_ = write_avatar(faced(), tmp_path / "one.glb", character=True)
    asked = Read(path.read_bytes())
    used = asked.tree["extensionsUsed"]
    assert {name for name in used if name.startswith("KHR_character")} == {
        "KHR_character", "KHR_character_skeleton_mapping", "KHR_character_expression", "KHR_character_reference_pose",
        "KHR_character_expression_morphtarget", "KHR_character_expression_mapping",
    }  # fmt: skip
    assert len(set(used)) == len(used) and "extensionsRequired" not in asked.tree
    root = asked.tree["nodes"][asked.extensions["KHR_character"]["rootNode"]]
    assert root["children"] == [asked.tree["skins"][0]["skeleton"]]


@pytest.mark.parametrize("expression", [{}, {"jawOpen": 0.25}])
def test_expressions_go_from_the_files_rest_to_the_shape_in_full(expression: dict[str, float]) -> None:
    read = character(faced(2, expression=expression))
    found = entries(read)
    assert list(found) == ["eyeBlinkLeft", "jawOpen", "viseme_sil"]
    for name, entry in found.items():
        count = len(read.tree["animations"][entry["animation"]]["channels"])
        assert entry["extensions"] == {"KHR_character_expression_morphtarget": {"channels": list(range(count))}}
        begin, end = read.response(entry, 1e-9), read.response(entry, 1.0)
        nodes = {
            number
            for number, node in enumerate(read.tree["nodes"])
            if "mesh" in node and name in read.tree["meshes"][node["mesh"]].get("extras", {}).get("targetNames", ())
        }
        assert {node for node, _ in begin} == nodes and nodes
        for (node, path), weights in begin.items():
            initial = read.initial(node, path)
            np.testing.assert_allclose(weights, initial, atol=1e-6)
            names = read.tree["meshes"][read.tree["nodes"][node]["mesh"]]["extras"]["targetNames"]
            wanted = [1.0 if each == name else before for each, before in zip(names, initial, strict=True)]
            np.testing.assert_allclose(end[node, path], wanted)


def test_a_motion_stays_the_first_animation() -> None:
    still, moved = character(whole()), character(moving(whole()))
    assert len(moved.tree["animations"]) == 1 + len(still.tree["animations"])
    assert moved.tree["animations"][0]["name"] == "turn"
    for entry in entries(moved).values():
        assert moved.tree["animations"][entry["animation"]]["name"] == entry["expression"]


@pytest.mark.parametrize("scheme", ["smpl", "unity", "rpm"])
def test_joints_make_what_shapes_do_not(scheme: str) -> None:
    bare = replace(whole(), levels=tuple(replace(level, morphs=()) for level in whole().levels))
    read = character(bare, scheme)
    found = entries(read)
    assert {"jawOpen", "jawLeft", "eyeLookOutLeft", "viseme_aa"} <= set(found) and "mouthSmileLeft" not in found
    names: dict[str, str] = dict(zip(("jaw", "left_eye"), rename(("jaw", "left_eye"), scheme), strict=True))
    rest = read.world({})
    wide = float(np.degrees(JAW_OPEN))  # as far as the shape opens it
    for shape, joint, turn in (("jawOpen", "jaw", (wide, 0, 0)), ("eyeLookOutLeft", "left_eye", (0, 25, 0))):
        entry = found[shape]
        assert entry["extensions"] == {"KHR_character_expression_joint": {"channels": [0]}}
        ((key, begin),) = read.response(entry, 0.0).items()
        assert key[1] == "rotation" and read.tree["nodes"][key[0]]["name"] == names[joint]
        np.testing.assert_allclose(begin, read.initial(*key), atol=1e-6)
        posed = read.world({key[0]: read.response(entry, 1.0)[key]})
        made = posed[names[joint]][1] * rest[names[joint]][1].inv()
        np.testing.assert_allclose(np.degrees(made.as_rotvec()), turn, atol=0.01)


@pytest.mark.parametrize("scheme", ["smpl", "mixamo", "rpm"])
def test_the_reference_pose_holds_the_arms_out(scheme: str) -> None:
    read = character(replace(whole(), pose={"left_elbow": (0.0, -0.7, 0.0), "head": (0.2, 0.3, 0.0)}), scheme)
    tagged = [each for each in read.tree["animations"] if "KHR_character_reference_pose" in each.get("extensions", {})]
    assert [each["extensions"]["KHR_character_reference_pose"] for each in tagged] == [{"poseType": "TPose"}]
    turns: dict[int, NDArray[np.float64]] = {}
    for channel in tagged[0]["channels"]:
        sampler = tagged[0]["samplers"][channel["sampler"]]
        assert channel["target"]["path"] == "rotation" and len(read.numbers(sampler["input"])) == 1
        turns[channel["target"]["node"]] = read.numbers(sampler["output"])[0].astype(np.float64)
    world = read.world(turns)
    for side, way in (("left", 1.0), ("right", -1.0)):
        shoulder, elbow, wrist = rename([f"{side}_{each}" for each in ("shoulder", "elbow", "wrist")], scheme)
        for one, other in ((shoulder, elbow), (elbow, wrist)):
            limb = world[other][0] - world[one][0]
            np.testing.assert_allclose(limb / np.linalg.norm(limb), [way, 0, 0], atol=1e-5)
    head, neck = rename(("head", "neck"), scheme)
    away = world[head][0] - world[neck][0]
    np.testing.assert_allclose(away, np.subtract(whole().joints[15], whole().joints[12]), atol=1e-5)


@pytest.mark.parametrize("scheme", ["smpl", "unreal", "rpm"])
def test_bones_are_mapped_to_vrms_humanoid(scheme: str) -> None:
    read = character(whole(), scheme)
    bones = read.extensions["KHR_character_skeleton_mapping"]["skeletalRigMappings"]["vrmHumanoid"]
    assert len(bones) == 55 and len({each["node"] for each in bones.values()}) == 55
    for bone, each in bones.items():
        assert read.tree["nodes"][each["node"]]["name"] == each["name"], bone
    expected = dict(
        zip(("upperChest", "leftHand", "jaw"), rename(("spine3", "left_wrist", "jaw"), scheme), strict=True)
    )
    assert {bone: bones[bone]["name"] for bone in expected} == expected


def test_presets_are_sums_of_expressions() -> None:
    read = character(faced())
    ((uri, sets),) = read.extensions["KHR_character_expression_mapping"]["expressionSetInputMappings"].items()
    listed = read.extensions["KHR_character_expression"]["expressions"]
    assert uri.startswith("https://") and {"blink", "blinkLeft", "surprised"} <= set(sets) and "aa" not in sets
    for parts in sets.values():
        assert parts
        for part in parts:
            assert listed[part["target"]]["expression"] == part["name"] and 0 < part["weight"] <= 1
    assert sets["blinkLeft"] == [{"target": 0, "name": "eyeBlinkLeft", "weight": 1.0}]


def test_the_recipe_says_it_where_it_is_asked_for() -> None:
    assert "khr_character" not in Recipe(seed=1).facts()
    assert Recipe(seed=1, khr_character=True).facts()["khr_character"] is True
