# SPDX-License-Identifier: Apache-2.0
"""Our files in other people's software: the Khronos validator, three.js in Chromium, Blender, Godot. Each skips where
absent.

Node packages: `npm ci --prefix tests/external`. Browser: Chromium, named by CHROMIUM if it is not on the path.
Blender: a Python that has bpy, named by PORTRAITKIT_BPY_PYTHON. Godot: 4.3 or later, named by GODOT if it is not on the
path as godot; Debian has it (`apt-get install godot`, from version 14 on). The checks also run on any files by hand,
for instance `node tests/external/validate.mjs A.glb`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from portrait_core.avatar import Avatar
from portrait_core.face.joints import FACE_JOINTS
from portrait_core.face.motion_files import open_recording
from portrait_core.face.names import SHAPES
from portrait_core.formats.gltf.writer import glb_bytes
from portrait_core.formats.other_rest import as_named
from portrait_core.formats.vrm import VrmMeta, vrm_bytes
from portrait_core.formats.write import VrmWish, write_avatar
from portrait_core.pipeline import make_avatar
from portrait_core.pipeline.export import export_avatar
from portrait_core.pipeline.face_motion import with_face_motion
from portrait_core.portrait_model import PortraitModel
from portrait_core.recipe import Recipe
from portrait_core.rig.naming import rename
from tests.face.samples import live_link, truth
from tests.formats.assets import asset, turning
from tests.formats.busts import bust_avatar
from tests.formats.faces import faced
from tests.formats.test_vrm import character as vrm_character
from tests.formats.whole import moving, whole

HERE = Path(__file__).parent
FOR_CHARACTERS: dict[str, Any] = {
    **{"topology": "parts", "face": "both", "skeleton": "full", "hair_joints": True, "texture_size": 256},
    **{"faces": 20_000, "normal_map": False},
}
POSE = {"head": (0.1, 0.4, 0.0), "neck": (0.0, 0.1, 0.0)}


def run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=240, check=False, env={**os.environ, **environment}
    )


def node_with(package: str) -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    if not (HERE / "node_modules" / package).is_dir():
        pytest.skip(f"{package} is not installed; run: npm ci --prefix tests/external")
    return node


def validate(*paths: Path) -> tuple[int, list[dict[str, Any]]]:
    done = run([node_with("gltf-validator"), str(HERE / "validate.mjs"), *map(str, paths)])
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The bust at rest, posed, and with a JPEG."""
    folder = tmp_path_factory.mktemp("external")
    avatar = bust_avatar()
    contents = {
        "rest": glb_bytes(avatar),
        "posed": glb_bytes(replace(avatar, pose=POSE)),
        "jpeg": glb_bytes(avatar, image="jpeg"),
    }
    for name, content in contents.items():
        (folder / f"{name}.glb").write_bytes(content)
    return [folder / f"{name}.glb" for name in contents]


def test_the_khronos_validator_has_nothing_to_say(files: list[Path]) -> None:
    status, reports = validate(*files)
    assert status == 0
    for report in reports:
        assert report["issues"]["messages"] == []
        info = report["info"]
        assert info["hasSkins"] and info["hasTextures"] and info["hasDefaultScene"]
        assert info["maxInfluences"] == 4 and info["drawCallCount"] == 1
        assert info["totalTriangleCount"] == len(bust_avatar().main.faces)


@pytest.fixture(scope="module")
def variants(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One file for each thing that an asset may have or lack."""
    folder = tmp_path_factory.mktemp("variants")
    whole = asset()
    bare = whole.main.maps.with_(normal=None)
    orm = whole.main.maps["orm"].copy()
    orm[:, :, 0] = 255
    mono = whole.main.maps.with_(orm=orm)
    one = replace(whole, levels=whole.levels[:1])
    avatars = {
        "own": whole,
        "shared": asset(shared=True),
        "still": replace(whole, motion=None),
        "rest": replace(whole, pose={}, report={}),
        "one": one,
        "roughness": replace(one, levels=(replace(one.main, maps=mono),)),
        "no_normals": replace(one, levels=(replace(one.main, maps=bare),)),
        "turns_only": replace(one, motion=replace(turning(), translation=None)),
    }
    found = {}
    for name, avatar in avatars.items():
        for ending in (".glb", ".gltf"):
            path, *_ = write_avatar(avatar, folder / f"{name} file{ending}", thumbnail=False, overwrite=True)
            found[name + ending] = path
    for path in write_avatar(whole, folder / "apart.glb", lod_files=True, image="jpeg", thumbnail=False):
        found[path.name] = path
    return found


def test_the_validator_has_nothing_to_say_about_any_variant(variants: dict[str, Path]) -> None:
    assert len(variants) == 18
    status, reports = validate(*variants.values())
    assert status == 0 and len(reports) == 18
    for name, report in zip(variants, reports, strict=True):
        several = name.split(".")[0] in ("own", "shared", "still", "rest")
        # It does not know MSFT_lod, so that it only sees a node that no scene holds: two notes, no warning.
        notes = ["UNSUPPORTED_EXTENSION", "UNUSED_OBJECT"] if several else []
        assert [each["code"] for each in report["issues"]["messages"]] == notes, name
        moving = not name.startswith("still")
        assert report["info"]["animationCount"] == moving, name
        levels = 2 if name.split(".")[0] in ("own", "shared", "still", "rest") else 1
        assert report["info"]["drawCallCount"] == levels, name


@pytest.mark.parametrize("turns", [False, True])
def test_the_validator_has_nothing_to_say_about_shapes(tmp_path: Path, turns: bool) -> None:
    for ending in (".glb", ".gltf"):
        avatar = faced(2, turns=turns, expression={"jawOpen": 0.5})
        path, *_ = write_avatar(avatar, tmp_path / f"someone{ending}", thumbnail=False)
        status, (report,) = validate(path)
        assert status == 0 and report["info"]["hasMorphTargets"]
        # As of levels without shapes: it does not know MSFT_lod.
        codes = {each["code"] for each in report["issues"]["messages"]}
        assert codes == {"UNSUPPORTED_EXTENSION", "UNUSED_OBJECT"}


def test_the_validator_has_nothing_to_say_about_characters(tmp_path: Path) -> None:
    """Bones with axes of their own, a scene with a name of its own, and VRM, which it does not know."""
    resting, scene = as_named(whole(), "rpm")
    names = rename(resting.joint_names, "rpm")
    web, *_ = write_avatar(resting, tmp_path / "web.glb", bones=names, scene=scene)
    vrm = tmp_path / "someone.vrm"
    vrm.write_bytes(vrm_bytes(replace(vrm_character(), expression={}), VrmMeta({"authors": ["Ada"]}), toon=True))
    status, reports = validate(web, vrm)
    codes = [{each["code"] for each in report["issues"]["messages"]} for report in reports]
    assert status == 0 and codes == [set(), {"UNSUPPORTED_EXTENSION", "UNUSED_OBJECT"}]


def patched(content: bytes, change: Any) -> bytes:
    """A GLB with its JSON changed by ``change``; the JSON chunk is padded anew."""
    size = int.from_bytes(content[12:16], "little")
    tree = json.loads(content[20 : 20 + size])
    change(tree)
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    rest = content[20 + size :]
    total = (20 + len(text) + len(rest)).to_bytes(4, "little")
    return content[:8] + total + len(text).to_bytes(4, "little") + b"JSON" + text + rest


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("ACCESSOR_MAX_MISMATCH", lambda t: t["accessors"][1]["max"].__setitem__(1, 9.0)),
        ("ACCESSOR_INVALID_IBM", None),
        (
            "NODE_SKINNED_MESH_NON_ROOT",
            lambda t: t["nodes"][0]["children"].append(t["scenes"][0]["nodes"].pop()),
        ),
        (
            "NODE_SKINNED_MESH_LOCAL_TRANSFORMS",
            lambda t: t["nodes"][-1].__setitem__("translation", [0, 1, 0]),
        ),
    ],
)
def test_the_validator_does_find_faults(tmp_path: Path, code: str, change: Any) -> None:
    """The check above can fail: each of these is a mistake that a writer of avatars makes easily."""
    content = glb_bytes(bust_avatar())
    if change is None:
        assert content[-4:] == np.float32(1).tobytes()  # the file ends with the last inverse bind matrix
        content = content[:-4] + np.float32(2).tobytes()
    else:
        content = patched(content, change)
    path = tmp_path / "broken.glb"
    path.write_bytes(content)
    status, reports = validate(path)
    assert status == 1
    assert code in {message["code"] for message in reports[0]["issues"]["messages"]}


def chromium() -> str:
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no Chromium; install it or name one by CHROMIUM")
    return browser


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_page_of_a_batch_opens_from_disk(tmp_path: Path) -> None:
    """Filtered, sorted, opened and turned in a browser that may ask the network for nothing."""
    from portrait_core.batch.resources import Resources
    from portrait_core.batch.service import Batch, run_batch
    from tests.batch.executors import InlineExecutor, jobs

    node, browser = node_with("playwright-core"), chromium()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Resources, "executor", lambda self, jobs, memory: InlineExecutor())
        run_batch(Batch(jobs(4), str(tmp_path / "out"), resources=Resources()))
    done = run([node, str(HERE / "page_check.mjs"), str(tmp_path / "out" / "index.html")], CHROMIUM=browser)
    assert done.returncode == 0, (done.stdout, done.stderr)
    found = json.loads(done.stdout)
    assert (found["cards"], found["loaded"], found["found"], found["turned"]) == (4, 4, 1, True)
    assert found["faults"] == []


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_three_js_loads_it_and_the_head_turns(files: list[Path], tmp_path: Path) -> None:
    node = node_with("three")
    node_with("playwright-core")
    browser = chromium()
    command = [node, str(HERE / "three_check.mjs"), "--out", str(tmp_path), *map(str, files[:2])]
    done = run(command, CHROMIUM=browser)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and len(results) == 2, (results, done.stderr)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "posed-rest.png",
        "posed-turned.png",
        "rest-rest.png",
        "rest-turned.png",
    ]


@pytest.fixture(scope="module")
def someone(starter_with_face: PortraitModel) -> tuple[Recipe, Avatar]:
    recipe = Recipe(**FOR_CHARACTERS, model=starter_with_face.header.name, seed=1)
    return recipe, make_avatar(recipe, starter_with_face)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_talking_head_on_the_web_speaks_looks_and_has_moods(someone: tuple[Recipe, Avatar], tmp_path: Path) -> None:
    node = node_with("@met4citizen/talkinghead")
    browser = chromium()
    recipe = someone[0].model_copy(update={"bone_naming": "rpm"})
    done = export_avatar(someone[1], [tmp_path / "someone.glb"], recipe)
    report = run([node, str(HERE / "talkinghead_check.mjs"), str(done.main[0])], CHROMIUM=browser)
    results = [json.loads(line) for line in report.stdout.splitlines()]
    assert report.returncode == 0 and len(results) == 1, (results, report.stderr)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_three_vrm_makes_every_face(someone: tuple[Recipe, Avatar], tmp_path: Path) -> None:
    node = node_with("@pixiv/three-vrm")
    browser = chromium()
    paths: list[str] = []
    for look in ("bone", "expression"):
        wish = VrmWish(VrmMeta({"authors": ["Ada"]}), look=look)
        done = export_avatar(someone[1], [tmp_path / f"{look}.vrm"], someone[0], vrm=wish)
        paths.append(str(done.main[0]))
    report = run([node, str(HERE / "vrm_check.mjs"), *paths], CHROMIUM=browser)
    results = [json.loads(line) for line in report.stdout.splitlines()]
    assert report.returncode == 0 and len(results) == 2, (results, report.stderr)
    assert [each["look"].keys() for each in results] == [{"aside", "up", "far"}, {"aside", "other", "up", "down"}]


def test_a_character_of_the_draft_is_valid(tmp_path: Path) -> None:
    """The validator does not know the draft: notes, no warning. With shapes, by joints, with a motion and levels."""
    bare = replace(whole(), levels=tuple(replace(level, morphs=()) for level in whole().levels))
    avatars = {"shapes": faced(2, expression={"jawOpen": 0.5}), "joints": bare, "moving": moving(whole())}
    paths = [
        write_avatar(avatar, tmp_path / f"{name}{ending}", character=True, thumbnail=False)[0]
        for name, avatar in avatars.items()
        for ending in (".glb", ".gltf")
    ]
    status, reports = validate(*paths)
    assert status == 0
    for report in reports:
        codes = {each["code"] for each in report["issues"]["messages"]}
        assert codes <= {"UNSUPPORTED_EXTENSION", "UNUSED_OBJECT"}
        assert report["info"]["animationCount"] > 1


def godot() -> str:
    """A Godot of today, which imports without a window."""
    program = os.environ.get("GODOT") or shutil.which("godot") or shutil.which("godot4")
    if program is None:
        pytest.skip("no Godot; install it or name one by GODOT")
    said = run([program, "--headless", "--version"]).stdout.strip().split("\n")[-1]
    if not said.startswith("4."):
        pytest.skip(f"Godot 4 is needed; {program} is {said[:20]}")
    return program


def in_godot(folder: Path) -> dict[str, dict[str, Any]]:
    """What Godot made of the .glb files in a folder, by their names, after it imported them as a project's."""
    program = godot()
    (folder / "project.godot").write_text('config_version=5\n[application]\nconfig/name="check"\n')
    shutil.copy(HERE / "godot_check.gd", folder)
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}
    imported = run([program, "--headless", "--path", str(folder), "--import"], **home)
    wrong = [line for line in (imported.stdout + imported.stderr).split("\n") if "ERROR" in line or "WARNING" in line]
    assert imported.returncode == 0 and not [line for line in wrong if ".glb" in line or "glTF" in line], wrong
    done = run([program, "--headless", "--path", str(folder), "--script", "godot_check.gd"], **home)
    found = [json.loads(line[7:]) for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    assert found, (done.stdout[-2000:], done.stderr[-2000:])
    return {each["file"]: each for each in found}


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_godot_keeps_names_and_plays_the_face(someone: tuple[Recipe, Avatar], talking: Path, tmp_path: Path) -> None:
    """Shapes on the skin, joints of jaw and eyes where ours are, and a recording in time within a frame."""
    recipe = someone[0].model_copy(update={"bone_naming": "unity", "face_normals": True})
    export_avatar(someone[1], [tmp_path / "someone.glb"], recipe)
    shutil.copy(talking, tmp_path)
    found = in_godot(tmp_path)
    one = found["someone.glb"]
    assert one["skeletons"] == 1
    assert sorted(one["meshes"]["skin"]["shapes"]) == sorted(SHAPES)
    for part in ("eye_left", "teeth", "tongue", "lashes", "hair"):
        assert one["meshes"][part]["skin"] and set(one["meshes"][part]["shapes"]) <= set(SHAPES), part
    assert all(each["images"] == each["surfaces"] for each in one["meshes"].values())
    assert sorted(one["bones"]) == sorted(rename(someone[1].joint_names, "unity"))  # limb by limb there
    for joint, name in zip(FACE_JOINTS, rename(FACE_JOINTS, "unity"), strict=True):
        place = someone[1].joints[someone[1].joint_names.index(joint)]
        np.testing.assert_allclose(one["rest"][name], place, atol=1e-5)
    (moved,) = found["talking.glb"]["moved"].values()
    values = np.array(moved["weights"]["skin/jawOpen"])
    peaks = [int(values[start : start + 60].argmax()) + start for start in range(0, 240, 60)]
    assert max(abs(peak - expected) for peak, expected in zip(peaks, (30, 90, 150, 210), strict=True)) <= 1
    assert np.abs(values[:239] - truth("jawOpen", np.arange(239) / 60)).max() < 0.003


def bpy_python() -> str:
    """A Python that has bpy."""
    python = os.environ.get("PORTRAITKIT_BPY_PYTHON")
    if python is None and importlib.util.find_spec("bpy"):
        python = sys.executable
    if python is None:
        pytest.skip("no bpy; name a Python that has it by PORTRAITKIT_BPY_PYTHON")
    return python


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_blender_imports_it_and_the_head_turns(files: list[Path]) -> None:
    done = run([bpy_python(), str(HERE / "bpy_check.py"), *map(str, files)])
    results = [json.loads(line[7:]) for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    assert done.returncode == 0 and len(results) == len(files), (results, done.stderr[-2000:])


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of Live Link on the hand-made face, whose jaw opens once a second, beside a motion of the body."""
    folder = tmp_path_factory.mktemp("talking")
    (folder / "take.csv").write_bytes(live_link(4))
    body = replace(turning(), rotations={"neck": turning().rotations["neck"]}, translation=None)
    avatar, _ = with_face_motion(replace(faced(2), motion=body), open_recording(folder / "take.csv"))
    (folder / "talking.glb").write_bytes(glb_bytes(avatar))
    return folder / "talking.glb"


def test_a_moving_face_is_valid(talking: Path) -> None:
    code, (found,) = validate(talking)
    assert code == 0 and found["issues"]["numErrors"] == found["issues"]["numWarnings"] == 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_face_moves_in_blender_in_time_within_a_frame(talking: Path) -> None:
    done = run([bpy_python(), str(HERE / "bpy_face_check.py"), str(talking), "skin", "jawOpen", "60"])
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    values = np.array(found["values"])
    assert len(values) == 240
    peaks = [int(values[start : start + 60].argmax()) + start for start in range(0, 240, 60)]
    assert max(abs(peak - expected) for peak, expected in zip(peaks, (30, 90, 150, 210), strict=True)) <= 1
    assert np.abs(values - truth("jawOpen", np.arange(240) / 60)).max() < 0.003
