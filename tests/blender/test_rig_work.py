# SPDX-License-Identifier: Apache-2.0
"""What riggers and animators do with the bones: IK, look-at, motions, poses as assets, files for other programs."""

from __future__ import annotations

import ctypes.util
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Quaternion, Vector

Part = Callable[[str], ModuleType]
CAN_DRAW = sys.platform != "linux" or ctypes.util.find_library("EGL") is not None


@pytest.fixture
def bring(scene: Any, part: Part, rig_file: Any) -> Callable[..., Any]:
    return lambda skeleton, name="Ada": part("scene.bring_in").bring_in(rig_file(skeleton), name)


def empty(place: Vector) -> Any:
    made = bpy.data.objects.new("goal", None)
    bpy.context.scene.collection.objects.link(made)
    made.location = place
    return made


def moved(mesh: Any) -> np.ndarray:
    """(V, 3) of a mesh object as it is shown, in the world."""
    bpy.context.view_layer.update()
    shown = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())
    flat = np.empty(3 * len(shown.data.vertices), np.float32)
    shown.data.vertices.foreach_get("co", flat)
    world = np.array(shown.matrix_world, np.float64)
    return flat.reshape(-1, 3).astype(np.float64) @ world[:3, :3].T + world[:3, 3]


def turn_of(bone: Any) -> Quaternion:
    """How far a bone has turned from rest, in the armature."""
    return (bone.matrix @ bone.bone.matrix_local.inverted()).to_quaternion()


@pytest.mark.parametrize("way", [(0.10, -0.02, -0.01), (-0.10, -0.02, -0.01), (0.0, -0.08, -0.02)])
def test_ik_of_neck_and_head_reaches_its_goal(bring: Any, way: tuple[float, float, float]) -> None:
    bones = bring("bust").armature.pose.bones
    goal = empty(bones["head"].tail + Vector(way))
    ik = bones["head"].constraints.new("IK")
    ik.target, ik.chain_count, ik.iterations = goal, 2, 500
    bpy.context.view_layer.update()
    assert (bones["head"].tail - goal.location).length < 0.01
    for name in ("neck", "head"):
        assert math.degrees(turn_of(bones[name]).angle) < 60  # nothing flips
    assert turn_of(bones["spine3"]).angle < 1e-3


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("way", [(0.1, -0.25, 0.25), (0.0, -0.2, 0.15), (0.05, -0.2, 0.2)])
def test_ik_of_arms_bends_the_elbow_as_it_bends(bring: Any, side: str, way: tuple[float, float, float]) -> None:
    bones = bring("full").armature.pose.bones
    sign = 1 if side == "left" else -1
    wrist = bones[f"{side}_elbow"].tail.copy()
    goal = empty(wrist + Vector((sign * way[0], way[1], way[2])))
    ik = bones[f"{side}_elbow"].constraints.new("IK")
    ik.target, ik.chain_count, ik.iterations = goal, 2, 500
    bpy.context.view_layer.update()
    assert (bones[f"{side}_elbow"].tail - goal.location).length < 0.005
    # The forearm closes about x, by the rolls: never backwards, never about its own length.
    own = bones[f"{side}_shoulder"].matrix.inverted() @ bones[f"{side}_elbow"].matrix
    rest = bones[f"{side}_shoulder"].bone.matrix_local.inverted() @ bones[f"{side}_elbow"].bone.matrix_local
    bend = (rest.inverted() @ own).to_quaternion().to_exponential_map()
    assert bend.x > 0.2 and abs(bend.y) < 0.6 * bend.x


@pytest.mark.parametrize("aside", [0.0, 30.0, -30.0])
@pytest.mark.parametrize("up", [-20.0, 0.0, 20.0])
def test_heads_and_eyes_look_at_a_goal(bring: Any, aside: float, up: float) -> None:
    bones = bring("bust").armature.pose.bones
    ahead = Vector((math.sin(math.radians(aside)), -math.cos(math.radians(aside)), math.tan(math.radians(up))))
    goal = empty(bones["head"].head + 3.0 * ahead)
    for name, axis in (("head", "TRACK_Z"), ("leftEye", "TRACK_Y"), ("rightEye", "TRACK_Y")):
        track = bones[name].constraints.new("DAMPED_TRACK")
        track.target, track.track_axis = goal, axis
    bpy.context.view_layer.update()
    for name, column in (("head", 2), ("leftEye", 1), ("rightEye", 1)):
        way = (goal.location - bones[name].head).normalized()
        assert bones[name].matrix.col[column].xyz.normalized().dot(way) > 0.9999, name
    turned = turn_of(bones["head"])
    assert math.degrees(turned.angle) < abs(aside) + abs(up) + 5
    crown = bones["head"].y_axis
    assert abs(crown.dot(Vector((1, 0, 0)))) < 0.25 and crown.z > 0.8  # it looks there without lying on its side


def quaternions(count: int) -> list[list[list[float]]]:
    """Rotations of neck and head (x, y, z, w): the neck turns about y, the head nods, evenly."""
    rows = []
    for number in range(count):
        half = 0.5 * 0.8 * number / (count - 1)
        rows.append([[0, math.sin(half), 0, math.cos(half)], [math.sin(half), 0, 0, math.cos(half)]])
    return rows


def motion_file(folder: Path, count: int, rate: float) -> Path:
    path = folder / "turn.json"
    times = [number / rate for number in range(count)]
    path.write_text(json.dumps({"times": times, "joints": ["neck", "head"], "rotations": quaternions(count)}))
    return path


@pytest.mark.parametrize("whole", [False, True])
def test_a_motion_is_grouped_by_bone_and_leaves_the_range(bring: Any, part: Part, tmp_path: Path, whole: bool) -> None:
    scene = bpy.context.scene
    avatar = bring("bust")
    scene.render.fps, scene.frame_start, scene.frame_end = 24, 10, 99
    scene.frame_set(42)
    path = motion_file(tmp_path, 50, 30.0)
    action = part("scene.motion").apply_motion(avatar, path, "turn", whole_frames=whole)
    assert (scene.frame_start, scene.frame_end, scene.frame_current) == (10, 99, 42)
    last = 10 + 49 / 30 * 24
    assert action.use_frame_range and action.frame_start == pytest.approx(10)
    assert action.frame_end == pytest.approx(math.ceil(last) if whole else last, abs=1e-3)
    curves = part("scene.actions").curves_for(avatar.armature)
    assert {curve.group.name for curve in curves} == {"neck", "head"}
    assert all(f'"{curve.group.name}"' in curve.data_path for curve in curves)
    frames = [point.co[0] for point in curves[0].keyframe_points]
    assert len(frames) == (len(range(10, math.ceil(last) + 1)) if whole else 50)
    assert all(frame == round(frame) for frame in frames) == whole
    for frame in (10, 23, 37, math.floor(last)):
        scene.frame_set(frame)
        read = part("scene.pose").read_pose(avatar)
        angle = 0.8 * (frame - 10) / (last - 10)
        assert read.get("neck", (0, 0, 0)) == pytest.approx((0, angle, 0), abs=2e-4)
        assert read.get("head", (0, 0, 0)) == pytest.approx((angle, 0, 0), abs=2e-4)


def test_whole_frames_of_few_frames(addon: ModuleType, part: Part) -> None:
    motion = part("scene.motion")
    assert motion.whole([5.0]) == [5.0]
    assert motion.whole([1.0, 1.4]) == [1.0, 2.0]
    assert motion.whole([1.0, 2.0004, 2.9996]) == [1.0, 2.0, 3.0]
    start, end = Quaternion(), Quaternion((0, 0, 1), 1.0)
    turned = motion.between([1.0, 3.0], [start, end], [1.0, 2.0, 3.0, 4.0])
    assert [each.angle for each in turned] == pytest.approx([0.0, 0.5, 1.0, 1.0], abs=1e-6)


def test_a_recording_of_a_face_leaves_the_range(bring: Any, part: Part, tmp_path: Path) -> None:
    scene = bpy.context.scene
    avatar = bring("bust")
    path = tmp_path / "take.csv"
    rows = [f"{number / 60},{number / 100},{0.2}" for number in range(100)]
    path.write_text("\n".join(["time,jawOpen,mouthSmileLeft", *rows]))
    scene.frame_set(17)
    assert bpy.ops.portraitkit.load_face_motion(filepath=str(path), whole_frames=True) == {"FINISHED"}
    assert (scene.frame_start, scene.frame_end, scene.frame_current) == (1, 250, 17)
    curves = part("scene.actions").curves_for(avatar.armature)
    assert {curve.group.name for curve in curves} == {"Face"}
    assert all(point.co[0] == round(point.co[0]) for curve in curves for point in curve.keyframe_points)


def test_poses_turn_and_rest(bring: Any, part: Part) -> None:
    avatar = bring("full")
    names = part("scene.pose_presets").NAMES
    assert len(names) == 12
    seen = []
    for name in names:
        assert bpy.ops.portraitkit.pose_preset(pose=name) == {"FINISHED"}
        seen.append(moved(avatar.mesh))
    for number, one in enumerate(seen):
        for other in seen[:number]:
            assert np.abs(one - other).max() > 0.01  # each is one of its own
    bones = part("scene.pose").bones_of(avatar.armature)
    bpy.ops.portraitkit.pose_preset(pose="look_left")
    bpy.context.view_layer.update()
    assert turn_of(bones["head"]).to_exponential_map().z == pytest.approx(math.radians(40), abs=1e-4)
    shoulders = [bones[f"{side}_collar"].tail.z for side in ("left", "right")]
    bpy.ops.portraitkit.pose_preset(pose="shrug")
    bpy.context.view_layer.update()
    lifted = [bones[f"{side}_collar"].tail.z for side in ("left", "right")]
    assert all(after > before + 0.02 for before, after in zip(shoulders, lifted, strict=True))
    assert lifted[0] == pytest.approx(lifted[1], abs=1e-3)


def marked() -> list[Any]:
    return [action for action in bpy.data.actions if action.asset_data is not None]


def test_poses_as_assets_have_pictures(bring: Any, part: Part, tmp_path: Path) -> None:
    avatar = bring("bust")
    part("scene.motion").apply_motion(avatar, motion_file(tmp_path, 5, 24.0), "turn")
    bpy.context.scene.frame_set(3)
    plays, before = avatar.armature.animation_data.action, moved(avatar.mesh)
    scenes = len(bpy.data.scenes)
    assert bpy.ops.portraitkit.pose_assets() == {"FINISHED"}
    assert len(marked()) == 12
    assert avatar.armature.animation_data.action == plays
    bpy.context.scene.frame_set(3)
    assert np.abs(moved(avatar.mesh) - before).max() < 1e-6
    assert len(bpy.data.scenes) == scenes and not bpy.data.cameras
    assert bpy.ops.portraitkit.pose_assets() == {"FINISHED"}
    assert len(marked()) == 12
    if CAN_DRAW:
        pictures = []
        for action in marked():
            assert tuple(action.preview.image_size) == (256, 256)
            flat = np.empty(4 * 256 * 256, np.float32)
            action.preview.image_pixels_float.foreach_get(flat)
            picture = flat.reshape(256, 256, 4)
            assert 0.2 < (picture[..., 3] > 0.5).mean() < 0.95  # somebody before nothing
            pictures.append(picture)
        apart = [np.abs(one - two).mean() for n, one in enumerate(pictures) for two in pictures[:n]]
        assert min(apart) > 1e-3


def test_an_asset_is_the_pose_that_was(bring: Any, part: Part) -> None:
    avatar = bring("bust")
    part("scene.pose").apply_pose(avatar, {"head": (0.1, 0.5, 0), "left_collar": (0, 0, 0.2)})
    wanted = moved(avatar.mesh)
    assert bpy.ops.portraitkit.pose_as_asset(name="Listening") == {"FINISHED"}
    (action,) = marked()
    assert action.name == "Ada Listening" and "pose" in [tag.name for tag in action.asset_data.tags]
    assert bpy.ops.portraitkit.reset_pose() == {"FINISHED"}
    assert np.abs(moved(avatar.mesh) - wanted).max() > 0.02
    data = avatar.armature.animation_data
    data.action = action
    if hasattr(action, "slots"):
        data.action_slot = action.slots[0]
    bpy.context.scene.frame_set(0)
    assert np.abs(moved(avatar.mesh) - wanted).max() < 1e-6


def test_linked_avatars_have_polls(bring: Any, part: Part, tmp_path: Path) -> None:
    bring("bust")
    path = tmp_path / "lib.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    with bpy.data.libraries.load(str(path), link=True) as (source, target):
        target.objects = list(source.objects)
    for each in target.objects:
        bpy.context.scene.collection.objects.link(each)
    bpy.context.view_layer.objects.active = bpy.data.objects["Ada"]
    for name in ("control_rig", "remove_control_rig", "real_bones", "pose_preset", "pose_assets", "pose_as_asset"):
        assert not getattr(bpy.ops.portraitkit, name).poll(), name


@pytest.mark.parametrize("ending", [".glb", ".fbx", ".usdc"])
def test_files_for_others_show_the_same(bring: Any, part: Part, tmp_path: Path, ending: str) -> None:
    """At rest and at frames of a motion, in the world; whatever axes the bones have there."""
    avatar = bring("bust")
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, 25
    part("scene.motion").apply_motion(avatar, motion_file(tmp_path, 25, 24.0), "turn", whole_frames=True)
    truth = {}
    for frame in (1, 13, 25):
        scene.frame_set(frame)
        truth[frame] = moved(avatar.mesh)
    scene.frame_set(1)
    path = part("scene.export").export_avatar(avatar, tmp_path / f"out{ending}")
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    if ending == ".glb":
        bpy.ops.import_scene.gltf(filepath=str(path))
    elif ending == ".fbx":
        bpy.ops.import_scene.fbx(filepath=str(path))
    else:
        bpy.ops.wm.usd_import(filepath=str(path))
    rig = next(each for each in bpy.data.objects if each.type == "ARMATURE")
    mesh = next(each for each in bpy.data.objects if each.type == "MESH" and "skin" in each.name)
    assert {"neck", "head", "spine3", "left_collar"} <= set(rig.data.bones.keys())
    if ending == ".usdc":  # at rest: motions do not go out to USD
        truth = {1: truth[1]}
    start = min(rig.animation_data.action.frame_range) if rig.animation_data is not None else 1
    for frame, wanted in truth.items():
        bpy.context.scene.frame_set(round(start) + frame - 1)
        shown = moved(mesh)
        apart = np.linalg.norm(wanted[::7, None] - shown[None], axis=2).min(axis=1)
        assert apart.max() < 1e-4, (frame, apart.max())


def test_an_exported_avatar_comes_back_with_its_joints(bring: Any, part: Part, tmp_path: Path) -> None:
    """Blender's exporter gives joints the axes of bones; which joint it is, and how it rests, goes with them."""
    avatar = bring("full")
    pose = {"head": (0.1, 0.4, 0.0), "left_shoulder": (0.2, 0.0, -0.6), "left_collar": (0, 0.1, 0.1)}
    part("scene.pose").apply_pose(avatar, pose)
    wanted = moved(avatar.mesh)
    part("scene.pose").rest(avatar)
    path = part("scene.export").export_avatar(avatar, tmp_path / "out.glb")
    again = part("scene.bring_in").bring_in(path, "Bea")
    one, other = avatar.armature.data.bones, again.armature.data.bones
    for bone in one:
        assert (other[bone.name].tail_local - bone.tail_local).length < 1e-4, bone.name
        assert other[bone.name]["portraitkit_joint"] == bone["portraitkit_joint"]
    part("scene.pose").apply_pose(again, pose)
    shown = moved(next(mesh for mesh in again.meshes if "skin" in mesh.name))
    assert np.linalg.norm(wanted[::7, None] - shown[None], axis=2).min(axis=1).max() < 1e-5


def as_sticks(avatar: Any, part: Part) -> None:
    """An avatar as versions of before left it in a file."""
    sticks = part("scene.sticks")
    part("scene.selection").select_only(avatar.armature)
    rests = part("scene.rest_axes").rests_of(avatar.armature.data)
    sticks.straighten(avatar.armature)
    part("scene.rest_axes").say_anew(avatar.armature, rests)
    for collection in list(avatar.armature.data.collections):
        avatar.armature.data.collections.remove(collection)
    sticks.dress(avatar.armature)


def test_sticks_of_before_stay_sticks_and_keep_their_keys(
    bring: Any, part: Part, rig_file: Any, tmp_path: Path
) -> None:
    avatar = bring("bust")
    as_sticks(avatar, part)
    for bone in avatar.armature.data.bones:
        assert abs((bone.tail_local - bone.head_local).normalized().z) > 0.8, bone.name
    part("scene.motion").apply_motion(avatar, motion_file(tmp_path, 5, 24.0), "turn")
    bpy.context.scene.frame_set(4)
    read, shown = part("scene.pose").read_pose(avatar), moved(avatar.mesh)
    assert read["neck"] == pytest.approx((0, 0.6, 0), abs=1e-4)
    again = part("scene.replace").replace_in_place(avatar, rig_file("bust"))
    assert part("scene.sticks").are_sticks(again.armature.data)
    assert all(bone.custom_shape is not None for bone in again.armature.pose.bones)
    bpy.context.scene.frame_set(4)
    assert np.abs(moved(again.mesh) - shown).max() < 1e-6
    assert bpy.ops.portraitkit.real_bones() == {"FINISHED"}
    assert not part("scene.sticks").are_sticks(again.armature.data)
    assert "Portraitkit bone" not in bpy.data.objects
    assert again.armature.data.bones["head"].use_connect
    bpy.context.scene.frame_set(4)
    assert np.abs(moved(again.mesh) - shown).max() < 1e-6
    assert part("scene.pose").read_pose(again)["neck"] == pytest.approx((0, 0.6, 0), abs=1e-4)
    assert not bpy.ops.portraitkit.real_bones.poll()


def test_display_of_bones_survives_regenerating(bring: Any, part: Part, rig_file: Any) -> None:
    avatar = bring("full")
    data = avatar.armature.data
    data.display_type, data.show_names = "STICK", True
    data.collections_all["Limbs"].is_visible, data.collections_all["Hair"].is_visible = True, False
    avatar.armature.show_in_front = True
    again = part("scene.replace").replace_in_place(avatar, rig_file("full"))
    data = again.armature.data
    assert data.display_type == "STICK" and data.show_names and again.armature.show_in_front
    assert data.collections_all["Limbs"].is_visible and not data.collections_all["Hair"].is_visible
