# SPDX-License-Identifier: Apache-2.0
"""An avatar of the real engine on humans as MPFB builds them: one closed skin, one rig, a face that works, and back."""

from __future__ import annotations

import itertools
import math
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bmesh
import bpy
import numpy as np
import pytest
from mathutils import Matrix, Quaternion, Vector

from tests.blender.mpfb_human import MAN, WOMAN, assets, build_human

Part = Callable[[str], ModuleType]
ROOT = Path(__file__).resolve().parents[2]
DATA = assets()
pytestmark = pytest.mark.skipif(DATA is None, reason="no MPFB data: set PORTRAITKIT_ASSETS to the CC0 assets")


@pytest.fixture(scope="module")
def parts_file(engine_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An avatar of parts, seed 7."""
    folder = tmp_path_factory.mktemp("avatar")
    command = [str(engine_python), "-m", "cli.main", "generate", "--seed", "7", "--texture-size", "256"]
    done = subprocess.run(
        [*command, "--out", str(folder), "--quiet"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.glb"))


@pytest.fixture
def ada(scene: Any, part: Part, parts_file: Path, tmp_path: Path) -> Any:
    return part("scene.bring_in").bring_in(shutil.copy2(parts_file, tmp_path / "ada.glb"), "Ada")


def attach(avatar: Any, body: Any, part: Part, **settings: Any) -> Any:
    """By the operator, as a user does: both selected, the avatar active."""
    bpy.ops.object.select_all(action="DESELECT")
    body.select_set(True)
    avatar.armature.select_set(True)
    bpy.context.view_layer.objects.active = avatar.armature
    assert bpy.ops.portraitkit.attach_body(**settings) == {"FINISHED"}
    return part("scene.identity").selected_avatar(bpy.context)


def evaluated(thing: Any) -> np.ndarray:
    """(N, 3) the vertices in the world as they are shown."""
    graph = bpy.context.evaluated_depsgraph_get()
    graph.update()
    shown = thing.evaluated_get(graph)
    values = np.empty(3 * len(shown.data.vertices), np.float32)
    shown.data.vertices.foreach_get("co", values)
    return values.reshape(-1, 3) @ np.array(shown.matrix_world.to_3x3()).T + np.array(shown.matrix_world.translation)


def open_edges(mesh: Any) -> np.ndarray:
    """(E, 2) the edges that have not two faces."""
    count = np.zeros(len(mesh.edges), int)
    for face in mesh.polygons:
        for loop in face.loop_indices:
            count[mesh.loops[loop].edge_index] += 1
    return np.array([mesh.edges[each].vertices[:] for each in np.flatnonzero(count != 2)], int).reshape(-1, 2)


def near_neck(thing: Any, armature: Any, bone: str, within: float = 0.18) -> np.ndarray:
    """(N,) the vertices around the neck."""
    neck = armature.matrix_world @ armature.data.bones[bone].head_local
    own = np.array([(thing.matrix_world @ each.co)[:] for each in thing.data.vertices])
    return np.linalg.norm(own - np.array(neck), axis=1) < within


BODIES = [(WOMAN, "game_engine", "neck_01"), (MAN, "smpl", "Neck")]


@pytest.mark.parametrize(("targets", "rig", "neck"), BODIES, ids=["woman", "man-smpl"])
def test_one_closed_skin_on_one_rig(ada: Any, part: Part, targets: Any, rig: str, neck: str) -> None:
    body, armature = build_human(DATA, targets, rig=rig)
    before = evaluated(body)
    attached = attach(ada, body, part)
    assert attached.armature == armature and attached.facts["recipe"]["seed"] == 7
    skin = attached.parts["skin"][0]
    assert {each.name for each in attached.meshes} >= {skin.name, "Ada on Human eye left", "Ada on Human hair"}
    assert "garment" not in attached.parts and all(each.find_armature() == armature for each in attached.meshes)
    around = near_neck(skin, armature, neck)
    assert not around[open_edges(skin.data)].any()  # the seam is closed
    # below the neck it is the user's body, unmoved; above it the avatar's skin at the height of the body's head
    after = evaluated(skin)
    assert after[:, 2].max() == pytest.approx(before[:, 2].max(), abs=0.03)
    low = before[before[:, 2] < 1.1]
    assert len(low) == (after[:, 2] < 1.1).sum() and np.abs(after[after[:, 2] < 1.1] - low).max() < 1e-5
    # one mesh, so normals are the same on both sides; no face is folded
    assert not skin.data.has_custom_normals
    middle = armature.data.bones[neck].head_local
    level = np.array([abs(each.co.z - middle.z) < 0.06 and abs(each.co.x) < 0.1 for each in skin.data.vertices])
    faces = [each for each in skin.data.polygons if level[list(each.vertices)].all()]
    outwards = [each.normal.dot(skin.data.vertices[each.vertices[0]].normal) for each in faces]
    assert min(outwards) > 0.3
    areas = [each.area for each in faces]
    assert min(areas) > 1e-7
    weights = [sum(each.weight for each in vertex.groups) for vertex in skin.data.vertices]
    assert min(weights) > 0.98  # groups that move nothing, such as MPFB's own, come on top
    uv = skin.data.uv_layers.active.uv
    band = [each for each in faces if len(each.vertices) == 3]
    spans = [np.ptp([uv[loop].vector[:] for loop in face.loop_indices], axis=0).max() for face in band]
    assert not spans or max(spans) < 0.1


@pytest.mark.parametrize("rig", ["game_engine", "default"])
def test_turned_thirty_degrees_the_neck_stays_whole(ada: Any, part: Part, rig: str) -> None:
    body, armature = build_human(DATA, WOMAN, rig=rig)
    attached = attach(ada, body, part)
    skin = attached.parts["skin"][0]
    neck = {"game_engine": "neck_01", "default": "neck01"}[rig]
    around = near_neck(skin, armature, neck, 0.12)
    edges = np.array([each.vertices[:] for each in skin.data.edges])
    edges = edges[around[edges].all(axis=1)]
    rest = evaluated(skin)
    for axis in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
        for name in (neck, "head"):
            bone = armature.pose.bones[name]
            turn = bone.bone.matrix_local.to_quaternion()
            bone.rotation_mode = "QUATERNION"
            bone.rotation_quaternion = turn.inverted() @ Quaternion(axis, math.radians(30)) @ turn
        moved = evaluated(skin)
        assert np.linalg.norm(moved - rest, axis=1).max() > 0.04  # the head turned
        lengths = [np.linalg.norm(each[edges[:, 0]] - each[edges[:, 1]], axis=1) for each in (rest, moved)]
        # nothing tears: no edge of the neck grows by more than skin would between two bones
        assert (lengths[1] - lengths[0]).max() < 0.02


def test_face_and_eyes_work_on_the_body(ada: Any, part: Part) -> None:
    face, gaze = part("scene.face"), part("scene.face_gaze")
    ada.armature["face_eyeBlinkLeft"] = 0.25
    body, armature = build_human(DATA, WOMAN)
    attached = attach(ada, body, part)
    skin = attached.parts["skin"][0]
    assert armature["face_eyeBlinkLeft"] == 0.25 and face.shapes_of(armature) == face.shapes_of(ada.armature)
    rest = evaluated(skin)
    face.set_values(armature, {"jawOpen": 1.0})
    moved = np.linalg.norm(evaluated(skin) - rest, axis=1)
    assert moved.max() > 0.02
    assert moved[rest[:, 2] < armature.data.bones["neck_01"].head_local.z - 0.04].max() < 1e-6
    lips = next(each for each in attached.meshes if each["portraitkit_part"] == "teeth")
    assert face.keys_of(lips)
    bones = gaze.eye_bones(attached)
    assert set(bones) == {"left", "right"}
    eye = attached.parts["eye_left"][0]
    middle = evaluated(eye).mean(axis=0)
    # the joint is behind the iris, where most vertices are, and in line with it, on the body as on the avatar
    off = middle - np.array(armature.matrix_world @ bones["left"].bone.head_local)
    assert abs(off[0]) < 1e-3 and abs(off[2]) < 1e-3 and -0.012 < off[1] < -0.005
    target = gaze.make_target(attached)
    target.location += Vector((0.3, 0, 0))
    before = evaluated(eye)
    bpy.context.view_layer.update()
    target.location += Vector((0.3, 0, 0))
    assert np.abs(evaluated(eye) - before).max() > 1e-4


def test_detach_brings_both_back(ada: Any, part: Part, datablocks: Callable[[], dict[str, int]]) -> None:
    body, armature = build_human(DATA, WOMAN)
    teeth = body.copy()
    teeth.data = bpy.data.meshes.new("teeth")
    teeth.data.from_pydata([(0, -0.1, 1.45), (0.01, -0.1, 1.45), (0, -0.1, 1.46)], [], [(0, 1, 2)])
    bpy.context.scene.collection.objects.link(teeth)
    before, bones, shape = datablocks(), set(armature.data.bones.keys()), evaluated(body)
    parts = {each.name: (each.hide_viewport, each.hide_render) for each in [*ada.meshes, ada.armature, body, teeth]}
    attached = attach(ada, body, part)
    assert all(bpy.data.objects[name].hide_viewport for name in parts)
    for operator in ("regenerate", "show_looks", "attach_body"):  # what would break it is refused
        assert not getattr(bpy.ops.portraitkit, operator).poll(), operator
    assert part("scene.body_attached").needs_free(bpy.context)
    assert "jaw" in armature.data.bones and "jaw" not in bones
    attached.armature["face_jawOpen"] = 0.5
    assert bpy.ops.portraitkit.detach_body() == {"FINISHED"}
    assert parts == {name: (bpy.data.objects[name].hide_viewport, bpy.data.objects[name].hide_render) for name in parts}
    assert set(armature.data.bones.keys()) == bones and not armature.get("portraitkit")
    assert not any(key.startswith(("face_", "portraitkit")) for key in list(armature.keys()))
    assert np.array_equal(evaluated(body), shape)
    assert ada.armature["face_jawOpen"] == 0.5
    assert part("scene.identity").selected_avatar(bpy.context).identity == ada.identity
    assert datablocks() == before


def test_a_body_of_other_size_place_and_turn(ada: Any, part: Part) -> None:
    """Ten times as large (MakeHuman's decimetres), turned, moved, its rig's object with a scale of its own."""
    body, armature = build_human(DATA, MAN)
    armature.matrix_world = (
        Matrix.Translation((3, 2, 1)) @ Matrix.Rotation(math.radians(90), 4, "Z") @ Matrix.Scale(10, 4)
    )
    bpy.context.view_layer.update()
    before = evaluated(body)
    attached = attach(ada, body, part)
    skin = attached.parts["skin"][0]
    assert evaluated(skin)[:, 2].max() == pytest.approx(before[:, 2].max(), abs=0.3)
    neck = armature.matrix_world @ armature.data.bones["neck_01"].head_local
    ahead = evaluated(attached.parts["eye_left"][0]).mean(axis=0) - np.array(neck)
    assert ahead[0] > 0.8 and ahead[1] == pytest.approx(0.3, abs=0.1)  # it looks along +x, as the body does
    around = np.linalg.norm(evaluated(skin) - np.array(neck), axis=1) < 1.8
    assert not around[open_edges(skin.data)].any()


def test_match_skin_makes_materials_of_its_own(ada: Any, part: Part) -> None:
    body, _armature = build_human(DATA, WOMAN)
    own = body.data.materials[0]
    plain = attach(ada, body, part).parts["skin"][0]
    assert [each.name for each in plain.data.materials] == [own.name, ada.meshes[0].data.materials[0].name]
    assert bpy.ops.portraitkit.detach_body() == {"FINISHED"}
    skin = attach(ada, body, part, colour=True).parts["skin"][0]
    assert [each.name for each in skin.data.materials] == ["Ada skin of body", "Ada skin fading"]
    shader = next(each for each in skin.data.materials[0].node_tree.nodes if each.type == "BSDF_PRINCIPLED")
    red, green, blue, _ = shader.inputs["Base Color"].default_value
    assert 0.9 > red > green > blue > 0.01  # skin
    fade = np.array([each.value for each in skin.data.attributes["portraitkit_seam"].data])
    assert fade.max() == 1 and 0.001 < (fade > 0).mean() < 0.2
    assert own.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value[0] == pytest.approx(0.62)


def test_bodies_that_cannot_be_taken(ada: Any, part: Part, datablocks: Callable[[], dict[str, int]]) -> None:
    def told(thing: Any) -> str:
        bpy.ops.object.select_all(action="DESELECT")
        if thing is not None:
            thing.select_set(True)
        ada.armature.select_set(True)
        bpy.context.view_layer.objects.active = ada.armature
        before = datablocks()
        with pytest.raises(RuntimeError) as caught:
            bpy.ops.portraitkit.attach_body()
        assert datablocks() == before
        return str(caught.value)

    assert "no rigged body" in told(None)
    body, armature = build_human(DATA, WOMAN)
    modifier = body.modifiers["Armature"]
    modifier.object = None
    assert "has no rig" in told(body)
    modifier.object = armature
    armature.data.bones["neck_01"].name = "giraffe"
    assert "known as neck" in told(body)
    armature.data.bones["giraffe"].name = "neck_01"
    mirror = body.modifiers.new("Both Sides", "MIRROR")
    assert "Both Sides" in told(body)
    body.modifiers.remove(mirror)
    collar = collared(body)
    assert "More than one surface" in told(collar)
    bpy.data.objects.remove(collar)
    headless = without_head(body)
    assert "no head" in told(headless)
    bpy.data.objects.remove(headless)


def collared(body: Any) -> Any:
    """The body with a tube around its neck in the same mesh."""
    made = body.copy()
    made.data = body.data.copy()
    made.name = "Collared"
    bpy.context.scene.collection.objects.link(made)
    made.shape_key_clear()
    work = bmesh.new()
    work.from_mesh(made.data)
    layer, group = work.verts.layers.deform.active, made.vertex_groups["body"].index
    neck = body.find_armature().data.bones["neck_01"].head_local
    rows = []
    for height in np.linspace(-0.04, 0.08, 13):
        turns = np.arange(48) * math.tau / 48
        row = [work.verts.new(neck + Vector((0.09 * math.sin(a), 0.09 * math.cos(a), height))) for a in turns]
        rows.append(row)
        for vertex in row:
            vertex[layer][group] = 1.0
    for low, high in itertools.pairwise(rows):
        for each in range(48):
            work.faces.new((low[each], low[each - 1], high[each - 1], high[each]))
    work.to_mesh(made.data)
    work.free()
    return made


def without_head(body: Any) -> Any:
    """The body cut off at its neck."""
    made = body.copy()
    made.data = body.data.copy()
    made.name = "Headless"
    bpy.context.scene.collection.objects.link(made)
    made.shape_key_clear()
    group = made.vertex_groups["body"]
    high = [each.index for each in made.data.vertices if each.co.z > 1.36]
    group.remove(high)
    return made
