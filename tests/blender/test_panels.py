# SPDX-License-Identifier: Apache-2.0
"""Every panel and dialog is drawn, onto a layout that knows which properties and operators there are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import bpy
import pytest

Part = Callable[[str], ModuleType]


class Layout:
    """Takes what panels ask of a layout, and notes what a user would read."""

    def __init__(self, said: list[str]) -> None:
        self.said = said
        self.shown: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name in ("row", "column", "box", "split", "grid_flow"):
            return lambda **_: self
        if name in ("separator", "template_icon", "template_icon_view"):
            return lambda *_, **__: None
        raise AttributeError(name)

    def label(self, text: str = "", icon: str = "NONE", translate: bool = True) -> None:
        assert isinstance(text, str) and "{" not in text, text
        self.said.append(text)

    def prop(self, data: Any, name: str, text: str | None = None, **_: Any) -> None:
        own = re.fullmatch(r'\["(\w+)"\]', name)
        assert own[1] in data if own else name in data.bl_rna.properties, f"{data} has no property {name}"
        self.shown.append(name)
        self.said.append(text or "")

    def progress(self, text: str, factor: float, translate: bool = True) -> None:
        assert isinstance(text, str) and 0 <= factor <= 1
        self.said.append(text)

    def operator(self, name: str, text: str = "", **_: Any) -> Any:
        room, _, word = name.partition(".")
        assert word in dir(getattr(bpy.ops, room)), name
        assert isinstance(text, str)
        return SimpleNamespace()

    def operator_menu_enum(self, name: str, choice: str, **_: Any) -> None:
        self.operator(name)
        room, _dot, word = name.partition(".")
        assert choice in getattr(getattr(bpy.ops, room), word).get_rna_type().properties

    def menu(self, name: str, **_: Any) -> None:
        assert hasattr(bpy.types, name), name


def draw_all(part: Part, addon: ModuleType) -> Layout:
    """Draw every panel, the preferences and the dialogs."""
    layout = Layout([])
    drawn = [each for each in part("ui").CLASSES if issubclass(each, bpy.types.Panel | bpy.types.Menu)]
    assert len(drawn) > 6
    for each in drawn:
        if getattr(each, "poll", lambda _: True)(bpy.context):
            each.draw(SimpleNamespace(layout=layout, group=getattr(each, "group", "")), bpy.context)
    part("ui.preferences").draw_engine(layout, bpy.context.preferences.addons[addon.__name__].preferences, bpy.context)
    part("jobs.error_dialog").draw_failure(layout, bpy.context)
    return layout


def test_without_an_engine(scene: Any, part: Part, addon: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORTRAITKIT_ENGINE_PYTHON", raising=False)
    assert "There is no engine yet." in " ".join(draw_all(part, addon).said)


def test_with_everything(
    scene: Any, part: Part, addon: ModuleType, engine: Path, avatar_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine, a task, an avatar, a gallery, an error, an avatar that waits."""
    session, text = part("jobs.session").session, part("core.text").Text
    part("scene.bring_in").bring_in(avatar_copy, "Ada")
    assert bpy.ops.portraitkit.explore(count=2, seed=5) == {"FINISHED"}
    for place in (0, 1):
        bpy.ops.portraitkit.pick(index=place)
    task = part("jobs.task").Task("generate", text("Generating {name}", name="Bea"), iter(()))
    task.stage, task.remaining, task.overall = "unwrap", 12.0, 0.5
    monkeypatch.setattr(session, "tasks", [task])
    session.notices.fail(text("Generating {name}", name="Bea"), part("core.failure").Failure("disk"))
    made = part("jobs.arrival").Arrival
    asked = part("scene.undisturbed").asked_from(bpy.context)
    left = made(avatar_copy.with_name("left.glb"), "Cleo", part("jobs.files").OpenFile(-1, "/tmp/a.blend"), asked)
    with pytest.raises(part("core.failure").Failure, match="did not come in"):
        part("jobs.arrivals").arrivals.arrive(left)
    try:
        layout = draw_all(part, addon)
    finally:
        monkeypatch.undo()
        session.notices.forget()
        session.restart()
    said = " ".join(layout.said)
    for words in ("Ada", "Generating Bea", "Unwrapping, 12 s left", "The disk is full", "Cleo is ready", "for a.blend"):
        assert words in said, said
    fields = {row.name for row in part("jobs.recipe_properties").PLAIN}
    assert fields | {"texture_size", "levels", "shared_maps"} <= set(layout.shown)


def test_sliders_of_an_avatar(scene: Any, part: Part, engine: Path) -> None:
    """All under their headings, those that are looked for, and its settings."""
    recipe = {"model": "starter", "seed": 7, "topology": "parts", "texture_size": 64, "normal_map": False}
    assert bpy.ops.portraitkit.generate(recipe=json.dumps(recipe), name="Ada") == {"FINISHED"}
    assert bpy.ops.portraitkit.show_looks() == {"FINISHED"}
    ui, manager = part("ui.looks"), bpy.context.window_manager
    layout = Layout([])
    for each in ui.CLASSES:
        if each.poll(bpy.context):
            each.draw(SimpleNamespace(layout=layout, group=getattr(each, "group", "")), bpy.context)
    names = part("scene.looks").names_of(part("scene.identity").selected_avatar(bpy.context).armature)
    assert sorted(own for own in layout.shown if own.startswith("[")) == sorted(f'["look_{name}"]' for name in names)
    assert {"Gender", "Feminine – Masculine"} <= set(layout.said)
    assert {"seed", "texture_size"} <= set(layout.shown)
    manager.portraitkit_search = "nose"
    layout = Layout([])
    ui.PORTRAITKIT_PT_looks.draw(SimpleNamespace(layout=layout), bpy.context)
    manager.portraitkit_search = ""
    assert sum(own.startswith("[") for own in layout.shown) == 3
    part("jobs.session").session.restart()
