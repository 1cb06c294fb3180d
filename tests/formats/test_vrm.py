# SPDX-License-Identifier: Apache-2.0
"""VRM files of hand-made avatars: what a reader of VRM finds in them, and what is asked of who makes them."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from portrait_core.avatar import Avatar
from portrait_core.errors import UsageError
from portrait_core.face.names import ARKIT, SHAPES
from portrait_core.formats.other_rest import as_named
from portrait_core.formats.read_recipe import read_recipe
from portrait_core.formats.vrm import VrmMeta, needed_meta, remember_meta, vrm_bytes
from portrait_core.formats.vrm.expressions import PRESETS
from portrait_core.formats.vrm.meta import meta_file
from portrait_core.formats.vrm.writer import REQUIRED
from portrait_core.formats.write import VrmWish, write_avatar
from portrait_core.geometry.morphs import Morph
from portrait_core.rig.naming import rename
from tests.formats.whole import moving, whole

META = VrmMeta({"authors": ["Ada"]})
SPRING = {"stiffness": 0.6, "drag": 0.4, "gravity": 0.3, "radius": 0.02}


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTRAITKIT_CONFIG", str(tmp_path / "config"))


def tree_of(content: bytes) -> dict[str, Any]:
    size = struct.unpack_from("<I", content, 12)[0]
    return json.loads(content[20 : 20 + size])


def character(licence: str = "CC0-1.0") -> Avatar:
    """With two chains of hair, a shape of every name on the skin, and a model."""
    avatar = whole()
    head = avatar.joint_names.index("head")
    count = len(avatar.joint_names)
    hair = ("hair_0_0", "hair_0_1", "hair_0_2", "hair_1_0", "hair_1_1")
    places = np.array([[0, 0.1, 0], [0, 0.05, -0.02], [0, 0, -0.02], [0.05, 0.1, 0], [0.05, 0, 0]], np.float32)
    move = np.array([[0.001, 0, 0]], np.float32)
    morphs = tuple(Morph(name, np.array([0], np.int32), move) for name in SHAPES)
    return replace(
        avatar,
        joint_names=(*avatar.joint_names, *hair),
        parents=np.append(avatar.parents, [head, count, count + 1, head, count + 3]).astype(np.int32),
        joints=np.concatenate([avatar.joints, places]),
        springs=dict.fromkeys(hair, SPRING),
        levels=(replace(avatar.main, morphs=morphs),),
        thumbnail=np.zeros((4, 4, 3), np.uint8),
        provenance={"model": {"name": "m", "licence": licence}},
    )


def worlds(tree: dict[str, Any]) -> dict[int, np.ndarray]:
    """Where every node is, for nodes that are not turned."""
    assert not any("rotation" in node or "scale" in node for node in tree["nodes"])
    parents = {child: number for number, node in enumerate(tree["nodes"]) for child in node.get("children", ())}

    def at(number: int) -> np.ndarray:
        own = np.array(tree["nodes"][number].get("translation", (0, 0, 0)))
        return own + at(parents[number]) if number in parents else own

    return {number: at(number) for number in range(len(tree["nodes"]))}


def test_a_humanoid_stands_on_the_floor_with_its_arms_out() -> None:
    avatar = character()
    tree = tree_of(vrm_bytes(moving(avatar), META, bones=rename(avatar.joint_names, "unity")))
    vrm, at = tree["extensions"]["VRMC_vrm"], worlds(tree)
    assert vrm["specVersion"] == "1.0" and set(tree["extensions"]) <= set(tree["extensionsUsed"])
    assert "extensionsRequired" not in tree and "animations" not in tree
    bones = {name: bone["node"] for name, bone in vrm["humanoid"]["humanBones"].items()}
    # 22 of SMPL without its hands, 30 of fingers, jaw and eyes.
    assert len(bones) == len(set(bones.values())) == 55 and set(rename(REQUIRED, "vrm")) <= set(bones)
    assert tree["nodes"][bones["hips"]]["name"] == "Hips" and "left_hand" not in bones
    for side, sign in (("left", 1), ("right", -1)):
        arm = [at[bones[side + bone]] for bone in ("UpperArm", "LowerArm", "Hand", "MiddleProximal")]
        assert all((one - other)[0] * sign > 0.05 for one, other in zip(arm[1:], arm[:-1], strict=True))
        assert np.ptp(arm, axis=0)[1] < 1e-4
    assert 0 < at[bones["leftToes"]][1] < 0.05 and at[bones["head"]][1] > 1.4
    # Bound where it stands: each inverse bind matrix takes its joint to the origin.
    assert np.allclose(at[tree["skins"][0]["joints"][0]], at[bones["hips"]])


def test_expressions_bind_shapes_of_all_meshes() -> None:
    avatar = character()
    rows = np.arange(len(avatar.main.vertices), dtype=np.int32)
    every = Morph("jawOpen", rows, np.full((len(rows), 3), 0.001, np.float32))
    morphs = tuple(every if morph.name == "jawOpen" else morph for morph in avatar.main.morphs)
    tree = tree_of(vrm_bytes(replace(avatar, levels=(replace(avatar.main, morphs=morphs),)), META))
    found = tree["extensions"]["VRMC_vrm"]["expressions"]
    assert set(found["preset"]) == set(PRESETS) and set(found["custom"]) == set(ARKIT)
    names = {
        number: tree["meshes"][node["mesh"]]["extras"]["targetNames"]
        for number, node in enumerate(tree["nodes"])
        if "mesh" in node
    }
    binds = found["custom"]["jawOpen"]["morphTargetBinds"]
    assert len(binds) == 3 and all(names[each["node"]][each["index"]] == "jawOpen" for each in binds)
    for name, weights in PRESETS.items():
        own = found["preset"][name].get("morphTargetBinds", ())
        pulled = {names[each["node"]][each["index"]]: each["weight"] for each in own}
        assert pulled == dict(weights), name
    overrides = {name: found["preset"][name]["overrideBlink"] for name in ("happy", "surprised", "blink")}
    assert overrides == {"happy": "blend", "surprised": "none", "blink": "none"}
    assert found["preset"]["surprised"]["overrideMouth"] == "blend" and found["preset"]["aa"]["overrideMouth"] == "none"


@pytest.mark.parametrize(("look", "scale"), [("bone", 25.0), ("expression", 1.0)])
def test_eyes_look_by_joints_or_by_shapes(look: Any, scale: float) -> None:
    vrm = tree_of(vrm_bytes(character(), META, look=look))["extensions"]["VRMC_vrm"]
    assert vrm["lookAt"]["type"] == look
    assert vrm["lookAt"]["rangeMapHorizontalInner"] == {"inputMaxValue": 25.0, "outputScale": scale}
    assert vrm["lookAt"]["offsetFromHeadBone"] == pytest.approx([0, 0.04, 0.09])
    # Without joints of the eyes it has to be shapes.
    names = tuple(name.replace("_eye", "_ear") for name in character().joint_names)
    blind = tree_of(vrm_bytes(replace(character(), joint_names=names), META, look=look))
    assert blind["extensions"]["VRMC_vrm"]["lookAt"]["type"] == "expression"
    kinds = {tree["type"] for tree in vrm["firstPerson"]["meshAnnotations"]}
    assert kinds == {"auto", "thirdPersonOnly"}


def test_hair_swings_in_chains_and_falls_on_the_body() -> None:
    tree = tree_of(vrm_bytes(character(), META))
    springs = tree["extensions"]["VRMC_springBone"]
    names = [[tree["nodes"][joint["node"]]["name"] for joint in each["joints"]] for each in springs["springs"]]
    assert names == [["hair_0_0", "hair_0_1", "hair_0_2"], ["hair_1_0", "hair_1_1"]]
    first = springs["springs"][0]["joints"][0]
    assert (first["stiffness"], first["dragForce"], first["gravityPower"], first["hitRadius"]) == (0.6, 0.4, 0.3, 0.02)
    groups = springs["colliderGroups"][0]["colliders"]
    assert groups == list(range(len(springs["colliders"]))) and len(groups) == 4
    shapes = {tree["nodes"][each["node"]]["name"]: each["shape"] for each in springs["colliders"]}
    assert shapes["neck"]["capsule"]["tail"] == pytest.approx([0, 0.09, 0.03])
    assert "VRMC_springBone" not in tree_of(vrm_bytes(whole(), META))["extensions"]


def test_permissions_follow_the_licence_of_the_model() -> None:
    trees = [tree_of(vrm_bytes(character(each), META)) for each in ("CC0-1.0", "X")]
    free, closed = (tree["extensions"]["VRMC_vrm"]["meta"] for tree in trees)
    assert free["avatarPermission"] == "everyone" and free["allowRedistribution"] is True
    assert closed["avatarPermission"] == "onlyAuthor" and closed["thirdPartyLicenses"] == "Made with a model under X"
    for meta in (free, closed):
        assert meta["authors"] == ["Ada"] and meta["licenseUrl"] == "https://vrm.dev/licenses/1.0/"
        assert meta["allowExcessivelySexualUsage"] is False
    said = VrmMeta({"authors": ["Ada"], "allowRedistribution": False, "contactInformation": "ada@example.org"})
    meta = tree_of(vrm_bytes(character(), said))["extensions"]["VRMC_vrm"]["meta"]
    assert meta["allowRedistribution"] is False and meta["contactInformation"] == "ada@example.org"


def test_the_thumbnail_is_the_last_image() -> None:
    tree = tree_of(vrm_bytes(character(), META))
    assert tree["extensions"]["VRMC_vrm"]["meta"]["thumbnailImage"] == len(tree["images"]) - 1
    assert tree["images"][-1]["name"].endswith("thumbnail")
    assert "thumbnailImage" not in tree_of(vrm_bytes(whole(), META))["extensions"]["VRMC_vrm"]["meta"]


def test_flat_shades_are_for_who_asks() -> None:
    plain, toon = (tree_of(vrm_bytes(character(), META, toon=each)) for each in (False, True))
    assert "VRMC_materials_mtoon" not in json.dumps(plain)
    assert "VRMC_materials_mtoon" in toon["extensionsUsed"]
    assert "KHR_materials_clearcoat" in plain["extensionsUsed"] and "KHR_materials_clearcoat" not in json.dumps(toon)
    assert not any("TANGENT" in each["attributes"] for mesh in toon["meshes"] for each in mesh["primitives"])
    for material in toon["materials"]:
        (own,) = material["extensions"].values()
        assert own["specVersion"] == "1.0" and len(own["shadeColorFactor"]) == 3
        assert own["shadeMultiplyTexture"]["index"] == material["pbrMetallicRoughness"]["baseColorTexture"]["index"]


def test_a_bust_is_no_character() -> None:
    names = tuple(name.replace("left_knee", "stump") for name in character().joint_names)
    with pytest.raises(UsageError, match=r"has no left_knee\. Ask for the skeleton called full"):
        vrm_bytes(replace(character(), joint_names=names), META)


def test_who_makes_files_is_said_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a \.vrm names its author, and nobody has said who that is"):
        write_avatar(character(), tmp_path / "a.vrm")
    assert list(tmp_path.iterdir()) == []
    assert remember_meta({"authors": ["Ada"]}) == meta_file()
    remember_meta({"creditNotation": "required"})
    assert needed_meta().said == {"authors": ["Ada"], "creditNotation": "required"}
    path, picture = write_avatar(character(), tmp_path / "a.vrm")
    meta = tree_of(path.read_bytes())["extensions"]["VRMC_vrm"]["meta"]
    assert meta["authors"] == ["Ada"] and meta["creditNotation"] == "required" and picture.name == "a.png"
    meta_file().write_text("[]", encoding="utf-8")
    with pytest.raises(UsageError, match="expected an object of VRM's fields"):
        needed_meta()


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ({}, "a .vrm names its author"),
        ({"authors": [" "]}, "a .vrm names its author"),
        ({"authors": "Ada"}, 'authors must be a list of texts, got "Ada"'),
        ({"authors": ["Ada"], "author": "x"}, "VRM has no field 'author'. Did you mean authors"),
        ({"authors": ["Ada"], "modification": "yes"}, "modification must be prohibited or allowModification or"),
        ({"authors": ["Ada"], "allowRedistribution": 1}, "allowRedistribution must be true or false, got 1"),
        ({"authors": ["Ada"], "version": None}, "version must be a text, got null"),
    ],
)
def test_what_vrm_does_not_take_is_told(said: dict[str, Any], line: str) -> None:
    with pytest.raises(UsageError) as told:
        VrmMeta(said)
    assert line in str(told.value)


def test_recipes_and_names_read_back(tmp_path: Path) -> None:
    avatar = replace(character(), name="someone", recipe={"model": "m", "seed": 3}, thumbnail=None)
    wish = VrmWish(META, "expression", toon=True)
    vrm, *_ = write_avatar(avatar, tmp_path / "a.vrm", vrm=wish)
    assert "VRMC_materials_mtoon" in tree_of(vrm.read_bytes())["extensionsUsed"]
    resting, scene = as_named(avatar, "rpm")
    web, *_ = write_avatar(resting, tmp_path / "web.glb", bones=rename(avatar.joint_names, "rpm"), scene=scene)
    tree = tree_of(web.read_bytes())
    assert tree["scenes"][0]["name"] == "Armature" and tree["nodes"][0]["name"] == "Hips"
    for path in (vrm, web):
        read = read_recipe(path)
        assert read.recipe["seed"] == 3 and read.name == "someone", path
    again, *_ = write_avatar(avatar, tmp_path / "b.vrm", vrm=wish)
    assert again.read_bytes() == vrm.read_bytes()
