# SPDX-License-Identifier: Apache-2.0
"""An avatar is finished while the user sculpts, moves something, and plays an animation; Blender saves meanwhile.

Run as `stage.py` says. Pictures: what the panel says while it waits, and the avatar afterwards.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).parent))
import stage


def names() -> list[str]:
    return sorted(each.name for each in stage.part("scene.identity").avatars_of())


def waits(name: str) -> stage.Story:
    """Until a finished avatar waits; then for a while, in which it must not come in."""
    waiting = stage.part("jobs.notices").notices.waiting
    yield from stage.until(lambda: [each.name for each in waiting] == [name])
    yield 1.5
    assert [each.name for each in waiting] == [name] and waiting[0].why, waiting


def comes(name: str) -> stage.Story:
    yield from stage.until(lambda: name in names())
    yield from stage.until(lambda: stage.part("jobs.arrivals").arrivals.coming is None)
    yield 0.5


def asked_for(name: str, **options: Any) -> None:
    assert bpy.ops.portraitkit.generate(name=name, **options) == {"FINISHED"}


def story() -> stage.Story:
    yield from stage.sidebar()
    view = stage.region(stage.view(), "WINDOW")
    # While the user sculpts.
    cube = bpy.context.view_layer.objects.active
    asked_for("Sculpted", seed=3)
    bpy.ops.object.mode_set(mode="SCULPT")
    yield from waits("Sculpted")
    assert cube.mode == "SCULPT" and names() == []
    stage.picture("waits-sculpting")
    bpy.ops.object.mode_set(mode="OBJECT")
    yield from comes("Sculpted")
    assert bpy.context.view_layer.objects.active == cube and cube.select_get()
    stage.picture("came-after-sculpting")

    # While something is being moved: the tool runs until it is confirmed, and undo takes the avatar and then the move.
    before = cube.location.copy()
    asked_for("Moved", seed=4)
    at = stage.middle(view)
    yield from stage.key("G", at)
    stage.move(at[0] + 40, at[1] + 10)
    yield 0.3
    window = stage.window()
    assert any("translate" in each.bl_idname.lower() for each in window.modal_operators), "the tool runs"
    yield from waits("Moved")
    stage.picture("waits-moving")
    stage.move(at[0] + 80, at[1] + 20)
    yield 0.3
    assert any("translate" in each.bl_idname.lower() for each in window.modal_operators), "it still does"
    stage.button("PRESS", at[0] + 80, at[1] + 20)
    stage.button("RELEASE", at[0] + 80, at[1] + 20)
    yield from comes("Moved")
    assert (cube.location - before).length > 1e-4
    yield from stage.key("Z", at, ctrl=True)
    yield from stage.until(lambda: names() == ["Sculpted"], 20)
    yield from stage.key("Z", at, ctrl=True)
    yield 1.0
    cube = bpy.data.objects["Cube"]
    assert (cube.location - before).length < 1e-4, "the move was one step, and the avatar the next"
    yield from stage.key("Z", at, ctrl=True, shift=True)
    yield from stage.key("Z", at, ctrl=True, shift=True)
    yield from stage.until(lambda: names() == ["Moved", "Sculpted"], 20)

    # While an animation plays, which it goes on doing.
    asked_for("Played", seed=5)
    with bpy.context.temp_override(window=window, area=stage.view(), region=view):
        bpy.ops.screen.animation_play()
    yield from waits("Played")
    assert window.screen.is_animation_playing
    stage.picture("waits-playing")
    with bpy.context.temp_override(window=window, area=stage.view(), region=view):
        bpy.ops.screen.animation_play()
    yield from comes("Played")

    # Undone when half of it is there, with a step of the user's between two of its own.
    module, key = stage.part("jobs.arrivals"), stage.part("scene.datablocks").UNFINISHED_KEY
    usual, module.AT_ONCE = module.AT_ONCE, (0.01, 0.01)
    asked_for("Undone", seed=8)
    yield from stage.until(lambda: any(key in each for each in bpy.data.collections))
    bpy.data.objects["Cube"].location.z = 0.5
    bpy.ops.ed.undo_push(message="between")
    yield 0.2
    bpy.data.objects["Cube"].location.z = 0.7
    bpy.ops.ed.undo_push(message="between again")
    assert module.arrivals.coming is not None and "Undone" not in names(), "it is on its way"
    yield from stage.key("Z", at, ctrl=True)
    assert abs(bpy.data.objects["Cube"].location.z - 0.5) < 1e-6
    module.AT_ONCE = usual
    yield from comes("Undone")
    assert not any(key in each for each in bpy.data.collections)
    for _ in range(2):  # the avatar goes, then the step between, which holds nothing of it
        yield from stage.key("Z", at, ctrl=True)
        assert "Undone" not in names() and not any(key in each for each in bpy.data.collections)
    for _ in range(2):
        yield from stage.key("Z", at, ctrl=True, shift=True)
    yield from stage.until(lambda: "Undone" in names(), 20)
    stage.picture("undone-half-way")

    # Blender saves by itself in the middle of a long job.
    bpy.context.preferences.filepaths.use_auto_save_temporary_files = True
    bpy.context.preferences.filepaths.auto_save_time = 1
    folder = Path(bpy.context.preferences.filepaths.temporary_directory or bpy.app.tempdir).resolve()
    places = {folder, folder.parent, Path(bpy.app.tempdir).parent, Path("/tmp")}
    begin = time.time()
    session = stage.part("jobs.session").session
    asked_for("Saved", seed=6, texture_size=4096, faces=100_000)

    def saved() -> bool:
        return any(each.stat().st_mtime > begin for place in places for each in place.glob("*.blend"))

    end = time.monotonic() + 100
    while not saved() and time.monotonic() < end:
        if not session.tasks:
            asked_for("Saved", seed=6, texture_size=4096, faces=100_000)
        bpy.context.scene.frame_current += 1  # Blender saves what has changed
        yield 1.0
    assert saved(), "Blender did not save by itself"
    assert session.tasks, "while the job went on"
    for task in list(session.tasks):
        session.cancel(task)
    yield from stage.until(lambda: not session.tasks)
    stage.picture("saved-meanwhile")


stage.play(story)
