# SPDX-License-Identifier: Apache-2.0
"""Sliders move the mesh of an avatar: as a full generation of the changed recipe would, whatever moved them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest

Part = Callable[[str], ModuleType]
RECIPE = {"model": "starter", "seed": 7, "topology": "parts", "face": "both", "texture_size": 64, "normal_map": False}


@pytest.fixture(autouse=True)
def settled(scene: Any, engine: Path, part: Part) -> Iterator[None]:
    yield
    session = part("jobs.session").session
    assert not session.tasks
    assert session.notices.error is None, session.notices.error
    session.notices.forget()
    part("jobs.live").live.forget()


def made(part: Part, name: str = "Ada", **changes: Any) -> Any:
    """An avatar of the real engine, with its sliders."""
    assert bpy.ops.portraitkit.generate(recipe=json.dumps({**RECIPE, **changes}), name=name) == {"FINISHED"}
    avatar = part("scene.identity").selected_avatar(bpy.context)
    assert bpy.ops.portraitkit.show_looks() == {"FINISHED"}
    return avatar


def places(mesh: Any, shape: str = "Basis") -> Any:
    """Of an object or of mesh data."""
    data = getattr(mesh, "data", mesh)
    keys = data.shape_keys
    points = data.vertices if keys is None else keys.key_blocks[shape].points
    found = np.empty(3 * len(points), np.float32)
    points.foreach_get("co", found)
    return found.reshape(-1, 3)


def by_part(avatar: Any) -> dict[str, Any]:
    return {name: places(objects[0]) for name, objects in avatar.parts.items()}


def test_sliders_show_the_person(part: Part) -> None:
    avatar = made(part, attributes={"age": 1.5})
    looks = part("scene.looks")
    rig = avatar.armature
    values = looks.values_of(rig)
    assert len(values) > 30 and values["age"] == 1.5
    assert looks.set_of(rig) == {"age": 1.5}
    assert looks.own_of(rig, "gender") == pytest.approx(values["gender"]) and values["gender"] != 0
    facts = rig.id_properties_ui("look_gender").as_dict()
    assert (facts["min"], facts["max"]) == (-3.0, 3.0) and "masculine" in facts["description"]
    assert rig.is_property_overridable_library('["look_age"]')


def test_the_mesh_is_that_of_a_full_generation(part: Part) -> None:
    """The slow, obvious way: an avatar that is made of the changed recipe."""
    avatar = made(part)
    before = by_part(avatar)
    changed = {"chin_length": 2.0, "weight": 1.2, "eye_spacing": -2.0}
    assert bpy.ops.portraitkit.set_looks(values=json.dumps(changed)) == {"FINISHED"}
    found = by_part(avatar)
    skin = avatar.parts["skin"][0]
    opened = places(skin, "jawOpen") - places(skin)
    assert np.abs(opened).max() > 0.005, "shapes move along"
    other = made(part, "Slow", attributes=changed)
    exact = by_part(other)
    assert found.keys() == exact.keys()
    for name, own in found.items():
        if own.shape == exact[name].shape:
            off = np.linalg.norm(own - exact[name], axis=1)
            assert off.max() < 1e-5, (name, off.max())
    assert np.linalg.norm(found["skin"] - before["skin"], axis=1).max() > 0.003
    # Back again: nothing of it stays.
    bpy.context.view_layer.objects.active = avatar.armature
    assert bpy.ops.portraitkit.reset_looks() == {"FINISHED"}
    for name, own in by_part(avatar).items():
        assert np.abs(own - before[name]).max() < 1e-5, name


def test_what_was_sculpted_follows_and_stays(part: Part) -> None:
    avatar = made(part, face="none")
    skin = avatar.parts["skin"][0]
    before = places(skin)
    chosen = np.flatnonzero(before[:, 2] > before[:, 2].max() - 0.05)
    dent = before.copy()
    dent[chosen] += (0, 0.01, 0)
    skin.data.vertices.foreach_set("co", dent.ravel())
    part("jobs.live").live.forget()  # as in a file that was opened
    bpy.ops.portraitkit.set_looks(values='{"jaw_width": 2.0}')
    after = places(skin)
    others = np.setdiff1d(np.arange(len(before)), chosen)
    exact = places(made(part, "Slow", face="none", attributes={"jaw_width": 2.0}).parts["skin"][0])
    assert np.abs(after[others] - exact[others]).max() < 1e-5
    assert np.abs((after[chosen] - exact[chosen]) - (0, 0.01, 0)).max() < 0.002


def test_keys_and_drivers_move_it(part: Part) -> None:
    avatar = made(part)
    rig = avatar.armature
    for frame, value in ((1, 0.0), (11, 2.0)):
        rig["look_nose_length"] = value
        assert rig.keyframe_insert('["look_nose_length"]', frame=frame)
    scene = bpy.context.scene
    seen = []
    for frame in (1, 11, 6):
        scene.frame_set(frame)
        bpy.context.view_layer.update()
        seen.append(by_part(avatar)["skin"])
    assert np.abs(seen[1] - seen[0]).max() > 0.003
    assert 0.001 < np.abs(seen[2] - seen[0]).max() < np.abs(seen[1] - seen[0]).max()
    driver = rig.driver_add('["look_ear_size"]').driver
    driver.type = "SUM"
    variable = driver.variables.new()
    variable.targets[0].id, variable.targets[0].data_path = rig, '["wish"]'
    rig["wish"] = 3.0
    rig.update_tag()
    scene.frame_set(11)
    assert np.abs(by_part(avatar)["skin"] - seen[1]).max() > 0.003


def test_locks_groups_and_chance(part: Part) -> None:
    avatar = made(part)
    looks = part("scene.looks")
    rig = avatar.armature
    before = looks.values_of(rig)
    assert bpy.ops.portraitkit.lock_look(name="nose_width") == {"FINISHED"}
    assert bpy.ops.portraitkit.randomise_looks(group="Face", seed=5) == {"FINISHED"}
    after = looks.values_of(rig)
    moved = {name for name, value in after.items() if value != before[name]}
    assert "jaw_width" in moved and not moved & {"nose_width", "age", "hair_long"}
    assert bpy.ops.portraitkit.reset_looks(group="Face") == {"FINISHED"}
    assert looks.values_of(rig) == before
    with pytest.raises(RuntimeError, match="no such group"):
        bpy.ops.portraitkit.reset_looks(group="Nobody")


def test_a_duplicate_moves_alone(part: Part) -> None:
    avatar = made(part)
    rig = avatar.armature.copy()
    bpy.context.scene.collection.objects.link(rig)
    for mesh in avatar.meshes:
        copy = mesh.copy()
        copy.data = mesh.data.copy()
        copy.parent = rig
        next(each for each in copy.modifiers if each.type == "ARMATURE").object = rig
        bpy.context.scene.collection.objects.link(copy)
    before = by_part(avatar)
    bpy.ops.object.select_all(action="DESELECT")
    rig.select_set(True)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.portraitkit.set_looks(values='{"jaw_width": 3.0}')
    other = part("scene.identity").Avatar(rig)
    assert np.abs(by_part(other)["skin"] - before["skin"]).max() > 0.003
    for name, own in by_part(avatar).items():
        assert np.array_equal(own, before[name]), name


def test_a_linked_avatar_moves_in_its_override(part: Part, tmp_path: Path) -> None:
    """Its library stays as it is; saved and opened again, it is what its own sliders say."""
    avatar = made(part)
    name, path = avatar.collection.name, str(tmp_path / "library.blend")
    before = by_part(avatar)
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    with bpy.data.libraries.load(path, link=True) as (_, wanted):
        wanted.collections = [name]
    root = wanted.collections[0].override_hierarchy_create(bpy.context.scene, bpy.context.view_layer)
    identity, live = part("scene.identity"), part("jobs.live").live
    rig = next(each for each in root.all_objects if each.type == "ARMATURE")
    assert rig.override_library is not None
    rig["look_jaw_width"] = 3.0
    rig.update_tag()
    bpy.context.view_layer.update()
    live.catch_up(rig)
    moved = by_part(identity.Avatar(rig))
    assert np.abs(moved["skin"] - before["skin"]).max() > 0.003
    rig["face_jawOpen"] = 1.0
    rig.update_tag()
    bpy.context.view_layer.update()
    skin = identity.Avatar(rig).parts["skin"][0].evaluated_get(bpy.context.evaluated_depsgraph_get())
    assert skin.data.shape_keys.key_blocks["jawOpen"].value == 1.0
    linked = next(
        each for each in bpy.data.meshes if each.library is not None and len(each.vertices) == len(moved["skin"])
    )
    assert np.array_equal(places(linked), before["skin"])
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    rig = next(each for each in bpy.data.objects if each.type == "ARMATURE" and each.override_library is not None)
    assert rig["look_jaw_width"] == 3.0
    live.catch_up(rig)
    for part_name, own in by_part(identity.Avatar(rig)).items():
        assert np.abs(own - moved[part_name]).max() < 1e-5, part_name


def test_regenerate_makes_what_the_sliders_say(part: Part) -> None:
    avatar = made(part)
    bpy.ops.portraitkit.set_looks(values='{"jaw_width": 2.0}')
    moved = by_part(avatar)
    bpy.context.scene.portraitkit.seed = 99  # the Create panel is about others
    assert bpy.ops.portraitkit.regenerate() == {"FINISHED"}
    assert avatar.recipe["seed"] == 7 and avatar.recipe["attributes"] == {"jaw_width": 2.0}
    assert avatar.recipe["texture_size"] == 64
    own = part("jobs.own_settings").ensure(avatar)
    assert (own.seed, own.texture_size, own.face) == (7, "64", "both")
    for name, own in by_part(avatar).items():
        assert np.abs(own - moved[name]).max() < 1e-5, name
    assert bpy.ops.portraitkit.regenerate(changes='{"attributes": {}}') == {"FINISHED"}
    assert part("scene.looks").set_of(avatar.armature) == {}


def test_what_waited_does_not_undo_the_sliders(part: Part) -> None:
    """Made anew while another mesh is edited, and moved again before it may come in."""
    avatar = made(part)
    rig = avatar.armature
    session, live, arrivals = part("jobs.session").session, part("jobs.live").live, part("jobs.arrivals").arrivals
    thing = bpy.data.objects.new("work", bpy.data.meshes.new("work"))
    bpy.context.scene.collection.objects.link(thing)
    bpy.context.view_layer.objects.active = thing
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.context.window_manager.portraitkit_follow = False  # or a slow machine would begin to make it once more
    arrivals.at_once = False
    try:
        recipe = {**avatar.recipe, "attributes": {"jaw_width": 2.0}}
        label = part("core.text").Text("Regenerating")
        task = session.start("generate", label, part("jobs.workflows").regenerate(avatar.identity, "Ada", recipe))
        while not task.ended:
            time.sleep(min(session.step() or 0.0, 0.05))
        assert task.failure is None and len(arrivals.waiting) == 1
        part("scene.looks").put(rig, {"jaw_width": 1.0, "chin_length": 2.0})
        live.catch_up(rig)
        moved = by_part(avatar)
        bpy.ops.object.mode_set(mode="OBJECT")
        while arrivals.step():
            pass
        assert arrivals.waiting == []
        assert avatar.recipe["attributes"] == {"jaw_width": 2.0}
        assert np.abs(by_part(avatar)["skin"] - moved["skin"]).max() > 0.001
        live.catch_up(rig)
    finally:
        arrivals.at_once = True
        bpy.context.window_manager.portraitkit_follow = True
        session.ticker.stop()
    for name, own in by_part(avatar).items():
        # What it wears was grown on the jaw that it was made with, and keeps off that one.
        if name not in ("hair", "brows", "lashes", "garment"):
            assert np.abs(own - moved[name]).max() < 1e-5, name
    assert part("scene.looks").set_of(rig) == pytest.approx({"jaw_width": 1.0, "chin_length": 2.0})


def test_its_settings_are_its_own(part: Part) -> None:
    """Two avatars: each shows how it was made; a changed setting changes that one and nothing else of it."""
    first = made(part, "Ada", psi=0.8, expression={"jawOpen": 0.2})
    second = made(part, "Bea", seed=9)
    settings = part("jobs.own_settings")
    assert (settings.ensure(first).seed, settings.ensure(second).seed) == (7, 9)
    assert settings.ensure(first).psi == pytest.approx(0.8)
    before = dict(first.recipe)
    assert settings.recipe_for(first) == before
    settings.ensure(first).texture_size = "128"
    assert settings.recipe_for(first) == {**before, "texture_size": 128}
    settings.ensure(first).seed = 11
    bpy.context.view_layer.objects.active = first.armature
    assert bpy.ops.portraitkit.regenerate() == {"FINISHED"}
    assert first.recipe == {**before, "texture_size": 128, "seed": 11, "attributes": first.recipe["attributes"]}
    assert second.recipe["seed"] == 9 and settings.ensure(first).seed == 11
    assert bpy.context.scene.portraitkit.seed == 0


def test_an_engine_of_before_is_told(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    """It knows no such request: the mesh stays, Regenerate works, and the panel says why."""
    avatar = made(part)
    session, live = part("jobs.session").session, part("jobs.live").live
    live.forget()
    send = session.link.send
    old = lambda do, fields, on_item: send("reshape_of_tomorrow" if do == "reshape" else do, fields, on_item)  # noqa: E731
    monkeypatch.setattr(session.link, "send", old)
    before = by_part(avatar)["skin"]
    assert bpy.ops.portraitkit.set_looks(values='{"jaw_width": 2.0}') == {"FINISHED"}
    assert np.array_equal(by_part(avatar)["skin"], before)
    assert "older than the add-on" in str(session.notices.said)
    assert bpy.ops.portraitkit.regenerate() == {"FINISHED"}
    assert np.abs(by_part(avatar)["skin"] - before).max() > 0.002


def test_sliders_are_there_before_the_engine(scene: Any, part: Part) -> None:
    """From the add-on's own list, and other models' from what the engine said last."""
    part("jobs.session").session.restart()
    attributes = part("jobs.attributes")
    attributes.know(None)
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    settings = bpy.context.scene.portraitkit
    assert {"age", "nose_width"} <= {each.name for each in settings.attributes}
    assert settings.attributes["age"].group == "Person"
    mine = {
        "name": "mine",
        "attributes": [{"name": "horns", "description": "none (-) to big (+)", "low": 0, "high": 1}],
    }
    attributes.know({"models": [mine]})
    attributes.know(None)
    settings.model = "mine"
    assert [(each.name, each.low, each.high) for each in settings.attributes] == [("horns", 0.0, 1.0)]
