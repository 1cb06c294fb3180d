# SPDX-License-Identifier: Apache-2.0
"""Every operator of the add-on in every state that a scene can be in: it works, it is grey and says why, or it reports.

Never an AttributeError half way. Takes about two minutes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import bpy
import pytest

Part = Callable[[str], ModuleType]

OUTSIDE = {
    "set_up_engine": "installs",
    "remove_engine": "deletes the engine",
    "find_engine": "searches the machine",
    "open_log": "starts another program",
    "cancel_set_up": "of a set-up alone",
    "allow_online_access": "changes Blender's preferences",
}
"""Operators that reach beyond the scene: they are polled, not run."""
UNFORESEEN = re.compile(r"(Attribute|Type|Key|Reference|Index|Name|Value|Runtime|Assertion)Error|Traceback|StructRNA")
PLAIN = "context is incorrect"
"""What Blender says where nobody said why."""


def operators() -> list[str]:
    """The names of all of them, as behind ``bpy.ops.portraitkit``."""
    found = [name for name in dir(bpy.types) if name.startswith("PORTRAITKIT_OT_")]
    return sorted(name.removeprefix("PORTRAITKIT_OT_") for name in found) or sorted(dir(bpy.ops.portraitkit))


def link(library: Path) -> Any:
    with bpy.data.libraries.load(str(library), link=True) as (_, wanted):
        wanted.collections = ["Ada"]
    (found,) = wanted.collections
    bpy.context.scene.collection.children.link(found)
    return found


def rig_of(things: Any) -> Any:
    return next(each for each in things if each.type == "ARMATURE")


def activate(thing: Any) -> None:
    layer = bpy.context.view_layer
    layer.update()  # objects may have been removed a moment ago
    for each in list(layer.objects):
        each.select_set(each == thing)
    layer.objects.active = thing


@pytest.fixture(scope="module")
def states(
    addon: ModuleType, avatar_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Callable[[], None]]:
    """Ways to get into each state, quickly: files that are opened."""
    import importlib

    folder = tmp_path_factory.mktemp("states")
    bring_in = importlib.import_module(f"{addon.__name__}.scene.bring_in").bring_in
    library = folder / "people.blend"

    def save(name: str) -> Path:
        path = folder / f"{name}.blend"
        bpy.ops.wm.save_as_mainfile(filepath=str(path), check_existing=False)
        return path

    def begin() -> None:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)

    begin()
    paths = {"empty": save("empty")}
    avatar = bring_in(avatar_file, "Ada")
    bpy.data.libraries.write(str(library), {avatar.collection}, fake_user=True)
    activate(avatar.armature)
    paths["avatar"] = save("avatar")
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    bpy.context.scene.collection.objects.link(camera)
    activate(camera)
    paths["camera"] = save("camera")
    bpy.context.view_layer.objects.active = None
    paths["nothing"] = save("nothing")
    bring_in(avatar_file, "Bea")
    for each in bpy.context.view_layer.objects:
        each.select_set(True)
    bpy.context.view_layer.objects.active = None
    paths["two"] = save("two")
    begin()
    avatar = bring_in(avatar_file, "Ada")
    for mesh in avatar.meshes:
        bpy.data.objects.remove(mesh)
    activate(avatar.armature)
    paths["no mesh"] = save("no mesh")
    begin()
    avatar = bring_in(avatar_file, "Ada")
    avatar.armature["portraitkit"] = '{"recipe": {}}'
    activate(avatar.armature)
    paths["no recipe"] = save("no recipe")
    begin()
    avatar = bring_in(avatar_file, "Ada")
    avatar.armature["portraitkit"] = '{"recipe": {"seed": "seven", "attributes": 3, "lods": null, "faces": "many"}}'
    activate(avatar.armature)
    paths["bad recipe"] = save("bad recipe")
    begin()
    activate(rig_of(link(library).objects))
    paths["linked"] = save("linked")
    begin()
    found = link(library).override_hierarchy_create(bpy.context.scene, bpy.context.view_layer)
    activate(rig_of(found.all_objects))
    paths["override"] = save("override")
    begin()
    empty = bpy.data.objects.new("instance", None)
    empty.instance_type, empty.instance_collection = "COLLECTION", link(library)
    bpy.context.scene.collection.objects.link(empty)
    activate(empty)
    paths["instance"] = save("instance")

    def opened(path: Path, then: Callable[[], None] = lambda: None) -> Callable[[], None]:
        def run() -> None:
            bpy.ops.wm.open_mainfile(filepath=str(path))
            then()

        return run

    def edit_mesh() -> None:
        activate(next(each for each in bpy.data.objects if each.type == "MESH"))
        bpy.ops.object.mode_set(mode="EDIT")

    def sculpt() -> None:
        activate(next(each for each in bpy.data.objects if each.type == "MESH"))
        bpy.ops.object.mode_set(mode="SCULPT")

    def hide() -> None:
        for each in bpy.context.scene.objects:
            each.hide_set(True)

    ways = {name: opened(path) for name, path in paths.items()}
    ways["edit"] = opened(paths["avatar"], edit_mesh)
    ways["sculpt"] = opened(paths["avatar"], sculpt)
    ways["pose"] = opened(paths["avatar"], lambda: bpy.ops.object.mode_set(mode="POSE") and None)
    ways["hidden"] = opened(
        paths["avatar"], lambda: [each.hide_set(True) for each in bpy.context.scene.objects] and None
    )
    return ways


NAMES = (
    *("empty", "avatar", "camera", "nothing", "two", "no mesh", "no recipe", "bad recipe", "linked", "override"),
    *("instance", "edit", "sculpt", "pose", "hidden"),
)


@pytest.mark.parametrize("state", NAMES)
def test_it_works_or_says_why(
    states: dict[str, Callable[[], None]], part: Part, state: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session, failure = part("jobs.session").session, part("core.failure").Failure
    monkeypatch.setenv("PORTRAITKIT_ENGINE_PYTHON", str(tmp_path / "python"))

    def start(kind: str, label: Any, workflow: Any) -> Any:
        """As far as the first question to the engine."""
        try:
            next(workflow)
        except StopIteration:
            pass
        finally:
            workflow.close()
        return SimpleNamespace(failure=None, ended=True)

    def no_engine(*_: object) -> None:
        raise failure("no_engine", "No engine in this test.")

    monkeypatch.setattr(session, "start", start)
    monkeypatch.setattr(session.link, "open", no_engine)
    faults: list[str] = []
    assert set(NAMES) == set(states) and len(operators()) > 40
    for name in operators():
        operator = getattr(bpy.ops.portraitkit, name)
        states[state]()
        can = operator.poll()
        if name in OUTSIDE and can:
            continue
        try:
            said = str(operator(**(arguments(name, tmp_path) if can else {})))
        except RuntimeError as error:
            said = str(error)
        except TypeError as error:
            said = f"TypeError: {error}"
        if UNFORESEEN.search(said) or (not can and PLAIN in said):
            faults.append(f"{name} ({'can' if can else 'cannot'}): {said.strip()}")
        if bpy.context.mode != "OBJECT" and bpy.ops.object.mode_set.poll():
            bpy.ops.object.mode_set(mode="OBJECT")
    session.notices.forget()
    part("jobs.gallery").gallery.clear()
    assert not faults, "\n".join(faults)


def arguments(name: str, folder: Path) -> dict[str, Any]:
    """What an operator has to be given to go on at all: files that go into the test's own folder."""
    if name in ("export_avatar", "export_vrm", "save_recipe", "save_pose"):
        return {"filepath": str(folder / f"{name}.glb")}
    return {}
