# SPDX-License-Identifier: Apache-2.0
"""A face in the scene: shape keys of all parts driven from one place, expressions, recordings, an eye target."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import pytest

Part = Callable[[str], ModuleType]
ROOT = Path(__file__).resolve().parents[2]
MAKE = """
import sys
from dataclasses import replace
from pathlib import Path
import numpy as np
from portrait_core.formats.gltf import write_glb
from portrait_core.geometry.morphs import Morph
from portrait_core.rig.shape_motion import ShapeMotion
from tests.face.samples import live_link
from tests.formats.characters import character

NAMES = ("jawOpen", "mouthSmileLeft", "mouthSmileRight", "eyeLookUpLeft", "eyeLookDownLeft", "eyeLookOutLeft",
         "eyeLookInLeft", "eyeLookOutRight", "browInnerUp", "viseme_aa")
avatar = character(2)
draw = np.random.default_rng(5)


def shaped(level):
    rows = np.arange(len(level.vertices), dtype=np.int32)
    moves = [draw.normal(scale=0.01, size=(len(rows), 3)).astype(np.float32) for _ in NAMES]
    return replace(level, morphs=tuple(Morph(n, rows, m) for n, m in zip(NAMES, moves)))


head = 1
joints = np.array([[0, 0, 0], [0, 0.1, 0], [0.03, 0.12, 0.08], [-0.03, 0.12, 0.08]], np.float32)
avatar = replace(
    avatar,
    levels=tuple(shaped(level) for level in avatar.levels),
    joint_names=("neck", "head", "leftEye", "rightEye"),
    parents=np.array([-1, 0, 1, 1], np.int32),
    joints=joints,
    recipe={**avatar.recipe, "topology": "parts"},
)
folder = Path(sys.argv[1])
write_glb(avatar, folder / "ada.glb")
motion = ShapeMotion("talk", np.array([0, 1, 2], np.float32), {"jawOpen": np.array([0, 1, 0.5], np.float32)})
write_glb(replace(avatar, face_motion=motion), folder / "talking.glb")
(folder / "take.csv").write_bytes(live_link(2))
"""
RHUBARB = "0.00\tX\n0.50\tA\n0.70\tD\n1.00\tX\n"


@pytest.fixture(scope="module")
def files(engine_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``ada.glb`` with shapes and bones of eyes, ``talking.glb`` that moves them, ``take.csv`` of Live Link Face."""
    folder = tmp_path_factory.mktemp("face")
    subprocess.run([str(engine_python), "-c", MAKE, str(folder)], cwd=ROOT, check=True, timeout=900)
    (folder / "speech.tsv").write_text(RHUBARB)
    return folder


def pulled(mesh: Any, shape: str) -> float:
    """What a part shows of a shape, drivers worked out."""
    bpy.context.view_layer.update()
    graph = bpy.context.evaluated_depsgraph_get()
    return float(mesh.evaluated_get(graph).data.shape_keys.key_blocks[shape].value)


def shown(avatar: Any) -> list[Any]:
    """The finest level: Blender works nothing out for what is hidden."""
    return [mesh for mesh in avatar.meshes if not mesh.hide_viewport]


def test_all_parts_follow_one_property(scene: Any, part: Part, files: Path) -> None:
    avatar = part("scene.bring_in").bring_in(files / "ada.glb", "Ada")
    face = part("scene.face")
    assert set(face.shapes_of(avatar.armature)) == {
        *("jawOpen", "mouthSmileLeft", "mouthSmileRight", "eyeLookUpLeft", "eyeLookDownLeft", "eyeLookOutLeft"),
        *("eyeLookInLeft", "eyeLookOutRight", "browInnerUp", "viseme_aa"),
    }
    assert len(avatar.meshes) == 6
    avatar.armature["face_jawOpen"] = 0.75
    avatar.armature.update_tag()
    for mesh in shown(avatar):
        assert pulled(mesh, "jawOpen") == pytest.approx(0.75)
        assert pulled(mesh, "browInnerUp") == 0
    for mesh in avatar.meshes:
        driven = mesh.data.shape_keys.animation_data.drivers
        assert {curve.driver.variables[0].targets[0].id for curve in driven} == {avatar.armature}
        assert len(driven) == 10
        assert [len(face.vertices) for face in mesh.data.polygons] == [4] * len(mesh.data.polygons)
    assert avatar.armature.is_property_overridable_library('["face_jawOpen"]')


def test_welding_keeps_what_shapes_do(scene: Any, part: Part, files: Path) -> None:
    """Each vertex still moves as the file says of one that lies there."""
    bpy.ops.import_scene.gltf(filepath=str(files / "ada.glb"))
    raw = next(each for each in bpy.data.objects if each.type == "MESH" and each.name.startswith("skin"))
    keys = raw.data.shape_keys.key_blocks
    said = {
        tuple(round(x, 5) for x in vertex.co): keys["jawOpen"].data[vertex.index].co - vertex.co
        for vertex in raw.data.vertices
    }
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    avatar = part("scene.bring_in").bring_in(files / "ada.glb", "Ada")
    mesh = avatar.mesh.data
    own = mesh.shape_keys.key_blocks["jawOpen"]
    for vertex in mesh.vertices:
        move = own.data[vertex.index].co - vertex.co
        assert (move - said[tuple(round(x, 5) for x in vertex.co)]).length < 1e-6
        assert move.length > 0


def test_expressions_mirror_and_rest(scene: Any, part: Part, files: Path) -> None:
    avatar = part("scene.bring_in").bring_in(files / "ada.glb", "Ada")
    face, armature = part("scene.face"), avatar.armature
    armature["face_viseme_aa"] = 0.5
    assert bpy.ops.portraitkit.face_preset(emotion="contempt", strength=0.5) == {"FINISHED"}
    values = face.values_of(armature)
    assert values["mouthSmileLeft"] == pytest.approx(0.5 * face.EMOTIONS["contempt"]["mouthSmileLeft"])
    assert values["viseme_aa"] == 0.5  # speech goes on
    assert bpy.ops.portraitkit.face_mirror() == {"FINISHED"}
    assert "mouthSmileLeft" not in face.values_of(armature)
    assert face.values_of(armature)["mouthSmileRight"] == pytest.approx(values["mouthSmileLeft"])
    assert bpy.ops.portraitkit.face_reset() == {"FINISHED"}
    assert face.values_of(armature) == {}


def test_automatic_keys(scene: Any, part: Part, files: Path) -> None:
    avatar = part("scene.bring_in").bring_in(files / "ada.glb", "Ada")
    scene.tool_settings.use_keyframe_insert_auto = True
    try:
        scene.frame_set(10)
        bpy.ops.portraitkit.face_preset(emotion="happy", strength=1.0)
    finally:
        scene.tool_settings.use_keyframe_insert_auto = False
    curves = {curve.data_path for curve in part("scene.actions").curves_for(avatar.armature)}
    assert {'["face_mouthSmileLeft"]', '["face_mouthSmileRight"]'} <= curves


def test_a_files_own_motion_drives_the_face(scene: Any, part: Part, files: Path) -> None:
    avatar = part("scene.bring_in").bring_in(files / "talking.glb", "Ada")
    rate = scene.render.fps / scene.render.fps_base
    start = min(
        point.co[0] for curve in part("scene.actions").curves_for(avatar.armature) for point in curve.keyframe_points
    )
    for seconds, weight in ((0.0, 0.0), (0.5, 0.5), (1.0, 1.0), (2.0, 0.5)):
        frame = start + seconds * rate
        scene.frame_set(int(frame), subframe=frame % 1)
        assert all(pulled(mesh, "jawOpen") == pytest.approx(weight, abs=0.02) for mesh in shown(avatar))


def test_a_recording_lands_on_its_frames(scene: Any, part: Part, files: Path) -> None:
    avatar = part("scene.bring_in").bring_in(files / "ada.glb", "Ada")
    table = part("scene.face_motion").read_recording(files / "take.csv")
    scene.render.fps = 30
    assert bpy.ops.portraitkit.load_face_motion(filepath=str(files / "take.csv")) == {"FINISHED"}
    for number in (0, 7, 60, len(table.times) - 1):
        frame = scene.frame_start + float(table.times[number]) * 30
        scene.frame_set(math.floor(frame), subframe=frame % 1)
        wanted = min(max(float(table.weights["jawOpen"][number]), 0.0), 1.0)
        assert pulled(avatar.mesh, "jawOpen") == pytest.approx(wanted, abs=1e-3)
    assert (scene.frame_start, scene.frame_end) == (1, 250)  # the user's own
    action = avatar.armature.animation_data.action
    assert action.frame_end == pytest.approx(scene.frame_start + float(table.times[-1]) * 30, abs=1e-3)
    turned = avatar.armature.pose.bones["head"].rotation_quaternion
    assert turned.angle > 1e-3  # the recording's head turns


def test_cues_of_speech_become_visemes(scene: Any, part: Part, files: Path) -> None:
    avatar = part("scene.bring_in").bring_in(files / "ada.glb", "Ada")
    assert bpy.ops.portraitkit.load_lipsync(filepath=str(files / "speech.tsv")) == {"FINISHED"}
    rate = scene.render.fps / scene.render.fps_base
    scene.frame_set(round(scene.frame_start + 0.85 * rate))
    assert pulled(avatar.mesh, "viseme_aa") > 0.4


@pytest.mark.parametrize("name", ["take.csv", "speech.tsv"])
def test_a_damaged_file_is_one_line(scene: Any, part: Part, files: Path, tmp_path: Path, name: str) -> None:
    part("scene.bring_in").bring_in(files / "ada.glb", "Ada")
    path = tmp_path / name
    path.write_bytes(b"\x00\x01nothing")
    act = bpy.ops.portraitkit.load_face_motion if name == "take.csv" else bpy.ops.portraitkit.load_lipsync
    with pytest.raises(RuntimeError, match=name):
        act(filepath=str(path))


def test_eyes_look_at_their_target_and_lids_follow(scene: Any, part: Part, files: Path) -> None:
    avatar = part("scene.bring_in").bring_in(files / "ada.glb", "Ada")
    gaze = part("scene.face_gaze")
    assert bpy.ops.portraitkit.eye_target() == {"FINISHED"}
    target = gaze.target_of(avatar)
    skin = avatar.mesh
    eye = next(each for each in avatar.meshes if each.name == "Ada eye")
    assert pulled(skin, "eyeLookUpLeft") == pytest.approx(0, abs=0.02)
    left = gaze.eye_bones(avatar)["left"]
    # The empty goes up by ten degrees, then to the avatar's left.
    target.location.z += math.tan(math.radians(10))
    assert pulled(skin, "eyeLookUpLeft") == pytest.approx(0.5, abs=0.05)
    assert pulled(skin, "eyeLookDownLeft") == 0
    assert pulled(eye, "eyeLookUpLeft") == 0  # its bone turns it
    target.location.x += math.tan(math.radians(10))
    assert pulled(skin, "eyeLookOutLeft") == pytest.approx(0.4, abs=0.08)
    assert pulled(skin, "eyeLookInLeft") == 0 and pulled(skin, "eyeLookOutRight") == 0
    bpy.context.view_layer.update()
    aim = left.matrix.to_3x3() @ left.bone.matrix_local.to_3x3().inverted()
    ahead = (target.matrix_world.translation - avatar.armature.matrix_world @ left.head).normalized()
    assert (aim.col[1] * -1).dot(ahead) > math.cos(math.radians(1))
    assert bpy.ops.portraitkit.eye_target(remove=True) == {"FINISHED"}
    assert gaze.target_of(avatar) is None and pulled(skin, "eyeLookUpLeft") == 0
    avatar.armature["face_eyeLookUpLeft"] = 1.0
    avatar.armature.update_tag()
    assert pulled(eye, "eyeLookUpLeft") == 1


def test_regenerating_keeps_the_expression(scene: Any, part: Part, files: Path) -> None:
    avatar = part("scene.bring_in").bring_in(files / "ada.glb", "Ada")
    part("scene.face").set_values(avatar.armature, {"jawOpen": 0.3})
    part("scene.face_gaze").make_target(avatar)
    again = part("scene.replace").replace_in_place(avatar, files / "ada.glb")
    assert all(pulled(mesh, "jawOpen") == pytest.approx(0.3) for mesh in shown(again))
    assert part("scene.face_gaze").target_of(again) is not None


def test_expressions_as_assets(scene: Any, part: Part, files: Path) -> None:
    avatar = part("scene.bring_in").bring_in(files / "ada.glb", "Ada")
    assert bpy.ops.portraitkit.face_assets() == {"FINISHED"}
    marked = [each for each in bpy.data.actions if each.asset_data is not None]
    assert len(marked) == len(part("scene.face").EMOTIONS) == 12
    assert avatar.armature.animation_data.action is None
    assert bpy.ops.portraitkit.face_assets() == {"FINISHED"}
    assert len([each for each in bpy.data.actions if each.asset_data is not None]) == 12


def test_every_expression_has_its_picture(addon: ModuleType, part: Part) -> None:
    """Without a window Blender gives pictures no numbers; they are loaded all the same."""
    settings = part("scene.face_settings")
    for emotion in part("scene.face").EMOTIONS:
        image = bpy.data.images.load(str(settings.PICTURES / f"{emotion}.png"))
        assert tuple(image.size) == (96, 96)
        bpy.data.images.remove(image)
    assert set(settings.loaded()) == set(part("scene.face").EMOTIONS)
