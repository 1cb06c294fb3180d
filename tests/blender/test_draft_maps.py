# SPDX-License-Identifier: Apache-2.0
"""Small maps first, the full ones after; and what the engine read or baked waits until the user's hands are free."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import bmesh
import bpy
import numpy as np
import pytest

Part = Callable[[str], ModuleType]
RECIPE = {"model": "starter", "seed": 7, "topology": "parts", "face": "none", "texture_size": 128, "normal_map": False}


@pytest.fixture
def session(scene: Any, engine: Path, part: Part) -> Iterator[Any]:
    found = part("jobs.session").session
    yield found
    found.waits = True
    found.restart()
    found.notices.forget()


def finish(session: Any, task: Any, seen: Callable[[], None] = lambda: None) -> None:
    end = time.monotonic() + 300
    while not task.ended:
        assert time.monotonic() < end
        seen()
        time.sleep(min(session.step() or 0.05, 0.02))
    assert task.failure is None, task.failure


def made(part: Part, name: str, **changes: Any) -> Any:
    assert bpy.ops.portraitkit.generate(recipe=json.dumps({**RECIPE, **changes}), name=name) == {"FINISHED"}
    return part("scene.identity").selected_avatar(bpy.context)


def pixels(avatar: Any, part: Part) -> dict[str, np.ndarray]:
    """The maps by the name that they have behind the avatar's."""
    found: dict[str, np.ndarray] = {}
    for mesh in avatar.meshes:
        for image in part("scene.datablocks").images_of(mesh.data.materials[0]):
            values = np.empty(4 * image.size[0] * image.size[1], np.float32)
            image.pixels.foreach_get(values)
            found[image.name.removeprefix(avatar.name)] = values
    return found


def test_only_the_maps_are_exchanged(session: Any, part: Part, tmp_path: Path) -> None:
    """The slow way is an avatar that had the large maps from the beginning."""
    avatar = made(part, "Ada")
    large = tmp_path / "large.glb"
    slow = made(part, "Bea", texture_size=256)
    assert bpy.ops.portraitkit.generate(
        recipe=json.dumps({**RECIPE, "texture_size": 256}), name="Cleo", filepath=str(large)
    ) == {"FINISHED"}
    other = tmp_path / "other.glb"
    assert bpy.ops.portraitkit.generate(recipe=json.dumps({**RECIPE, "seed": 8}), name="Dora", filepath=str(other)) == {
        "FINISHED"
    }
    exchange = part("scene.finer_maps").take_maps
    before, mesh = pixels(avatar, part), avatar.mesh.data.session_uid
    node = next(each for each in avatar.mesh.data.materials[0].node_tree.nodes if each.type == "BSDF_PRINCIPLED")
    node.inputs["Roughness"].default_value = 0.123
    assert not exchange(avatar, other) and avatar.recipe["texture_size"] == 128
    assert {name: len(each) for name, each in pixels(avatar, part).items()} == {k: len(v) for k, v in before.items()}
    assert exchange(avatar, large)
    after, wanted = pixels(avatar, part), pixels(slow, part)
    assert after.keys() == wanted.keys() == before.keys() and len(after) > 5
    for name, each in after.items():
        assert np.array_equal(each, wanted[name]), name
    assert len(after[" skin base colour"]) == 4 * 256 * 256 != len(before[" skin base colour"])
    assert avatar.recipe["texture_size"] == 256 and avatar.mesh.data.session_uid == mesh
    assert node.inputs["Roughness"].default_value == pytest.approx(0.123)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "kept.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "kept.blend"))
    again = next(each for each in part("scene.identity").avatars_of() if each.name == "Ada")
    for name, each in pixels(again, part).items():
        assert np.array_equal(each, wanted[name]), name


@pytest.mark.parametrize("kind", ["same faces", "other faces"])
def test_a_slider_let_go_gets_small_maps_first(
    kind: str, session: Any, part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once where the parts have the same faces; else with the small avatar's own."""
    workflows, avatars = part("jobs.workflows"), part("jobs.avatars")
    monkeypatch.setattr(workflows, "DRAFT_SIZE", 64)
    avatar = made(part, "Ada")
    session.waits = False
    first = avatar.mesh.data.session_uid
    if kind == "other faces":
        bpy.data.objects.remove(avatar.parts["hair"][0])
    seen: list[tuple[int, bool, bool]] = []

    def look() -> None:
        own = part("scene.identity").find(identity)
        edge = next(image.size[0] for image in bpy.data.images if image.name == "Ada skin base colour")
        now = edge, avatars.DRAFT_KEY in own.armature, own.mesh.data.session_uid == first
        if not seen or seen[-1] != now:
            seen.append(now)
            assert avatars.recipe_of(own)["texture_size"] == 128, "whatever it shows for a while"

    identity = avatar.identity
    recipe = {**avatar.recipe, "attributes": {"jaw_width": 2.0}}
    task = session.start("follow", part("core.text").Text("x"), workflows.follow(identity, "Ada", recipe))
    session.hurry(task)
    job = task.job
    assert job is not None and job.do == "generate", "asked for before the window is drawn"
    session.hurry(task)
    assert task.job is job
    finish(session, task, look)
    look()
    stays = kind == "same faces"
    assert seen == [(128, False, True), (64, True, stays), (128, False, False)]
    assert part("scene.identity").find(identity).recipe == recipe and len(part("scene.identity").avatars_of()) == 1
    assert not list(part("base.preferences_access").cache_folder("avatars").glob("*"))


def test_maps_are_shown_on_a_moved_mesh(session: Any, part: Part, tmp_path: Path) -> None:
    """Only where they fit; what the avatar tells of itself stays."""
    avatar, file = made(part, "Ada"), tmp_path / "other.glb"
    changes = {**RECIPE, "attributes": {"jaw_width": 2.0, "hair_red": 1.0}}
    assert bpy.ops.portraitkit.generate(recipe=json.dumps(changes), name="Bea", filepath=str(file)) == {"FINISHED"}
    slow = part("scene.identity").selected_avatar(bpy.context)
    show, recipe = part("scene.finer_maps").show_maps, avatar.recipe
    before, wanted = pixels(avatar, part), pixels(slow, part)
    assert not np.array_equal(before[" skin base colour"], wanted[" skin base colour"])
    edited = bmesh.new()
    edited.from_mesh(avatar.mesh.data)
    whole = avatar.mesh.data.copy()
    bmesh.ops.delete(edited, geom=list(edited.faces)[:1], context="FACES")
    edited.to_mesh(avatar.mesh.data)
    edited.free()
    assert not show(avatar, file), "a mesh that was edited has no place for them"
    for name, each in pixels(avatar, part).items():
        assert np.array_equal(each, before[name]), name
    avatar.mesh.data = whole
    kept = next(each for each in avatar.mesh.data.materials)
    kept.diffuse_color = (0.1, 0.2, 0.3, 1.0)
    assert show(avatar, file) and avatar.recipe == recipe
    for name, each in pixels(avatar, part).items():
        assert np.array_equal(each, wanted[name]), name
    assert np.allclose(kept.diffuse_color, (0.1, 0.2, 0.3, 1.0)), "a colour that the user gave stays"
    for mine, theirs in zip(avatar.meshes[1:], slow.meshes[1:], strict=True):
        assert np.allclose(mine.data.materials[0].diffuse_color, theirs.data.materials[0].diffuse_color), mine.name


@pytest.mark.parametrize("kind", ["pose", "motion", "bake"])
def test_what_the_engine_answers_waits_for_the_user(
    kind: str, session: Any, part: Part, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """While a tool runs nothing changes, and the panel says what it waits for."""
    coast = part("scene.coast")
    shell = {"topology": "shell", "lods": [], "faces": 1000, "lattice": 64} if kind == "bake" else {}
    avatar = made(part, "Ada", **shell)
    rig, skin = avatar.armature, avatar.mesh
    session.waits = False
    busy = ["TRANSFORM_OT_translate"]
    monkeypatch.setattr(coast, "tools_of", lambda _window: busy)
    file = tmp_path / "turn.json"
    if kind == "pose":
        file.write_text(json.dumps({"head": [0.0, 0.5, 0.0]}))
        assert bpy.ops.portraitkit.load_pose(filepath=str(file)) == {"FINISHED"}
    elif kind == "motion":
        file = tmp_path / "turn.npz"
        np.savez(file, poses=np.zeros((3, 72), np.float32) + 0.1, mocap_framerate=30.0)
        assert bpy.ops.portraitkit.load_motion(filepath=str(file)) == {"FINISHED"}
    else:
        bpy.context.view_layer.objects.active = skin
        assert bpy.ops.portraitkit.bake() == {"FINISHED"}
    task = session.tasks[-1]

    def changed() -> bool:
        if kind == "pose":
            return any(each.rotation_quaternion.angle > 1e-3 for each in rig.pose.bones)
        if kind == "motion":
            return rig.animation_data is not None and rig.animation_data.action is not None
        return [len(skin.data.materials), skin.data.materials[0].name] != made_of

    made_of = [len(skin.data.materials), skin.data.materials[0].name]
    users = {each.name for each in bpy.data.images}
    end = time.monotonic() + 300
    while not task.waits:
        assert time.monotonic() < end and not task.ended, task.failure
        session.step()
        time.sleep(0.02)
    for _ in range(5):
        session.step()
    assert not changed() and {each.name for each in bpy.data.images} == users
    assert str(task.line()) == coast.TOOL and not task.ended
    busy.clear()
    finish(session, task)
    assert changed() or {each.name for each in bpy.data.images} != users
