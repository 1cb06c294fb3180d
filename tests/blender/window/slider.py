# SPDX-License-Identifier: Apache-2.0
"""A slider of an avatar is dragged with the mouse and let go, its textures follow, and Ctrl+Z goes back.

Run as `stage.py` says; `PORTRAITKIT_DRAGS` is how often it is dragged. Pictures: before, while the mouse is down, with
its first textures, with the full ones, and after undo. Times end at the main loop's first turn after
what they tell.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import bpy
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import stage


def places(avatar: Any) -> np.ndarray:
    mesh = avatar.mesh.data
    points = mesh.shape_keys.reference_key.points if mesh.shape_keys is not None else mesh.vertices
    found = np.empty(3 * len(points), np.float32)
    points.foreach_get("co", found)
    return found.reshape(-1, 3)


DRAGS = int(os.environ.get("PORTRAITKIT_DRAGS", "3"))


def rig() -> Any:
    return next(each.armature for each in stage.part("scene.identity").avatars_of())


def avatar_of(thing: Any) -> Any:
    return stage.part("scene.identity").Avatar(thing)


def dragged(live: Any, x: int, y: int, way: int) -> stage.Story:
    """The button goes down on the slider, and the mouse by 64 pixels, until the mesh has moved."""
    seen = len(live.seconds)
    stage.move(x, y)
    yield 0.3
    stage.button("PRESS", x, y)
    yield 0.2
    begin = time.perf_counter()
    for step in range(1, 9):
        stage.move(x + 8 * way * step, y)
        yield 0.1
    yield from stage.until(lambda: len(live.seconds) > seen, 20)
    print(f"from the first movement of the mouse to a moved mesh: {1000 * (time.perf_counter() - begin):.0f} ms")


def story() -> stage.Story:
    session, arrivals = stage.part("jobs.session").session, stage.part("jobs.arrivals").arrivals
    live = stage.part("jobs.live").live
    bpy.data.batch_remove(list(bpy.data.objects))
    yield from stage.sidebar()
    assert bpy.ops.portraitkit.generate(seed=7, name="Ada") == {"FINISHED"}
    yield from stage.until(lambda: stage.part("scene.identity").avatars_of() and not session.tasks)
    rig().select_set(True)
    bpy.context.view_layer.objects.active = rig()
    bpy.ops.portraitkit.show_looks()
    yield from stage.until(lambda: rig().session_uid not in live._open)
    bpy.ops.ed.undo_push(message="looked at")
    # The slider of one attribute alone, at a place of the window that is known.
    assert "look_jaw_width" in rig()

    class Slider(bpy.types.Panel):
        bl_idname, bl_label = "STAGE_PT_slider", "Slider"
        bl_space_type, bl_region_type, bl_category = "VIEW_3D", "UI", "Stage"

        def draw(self, _context: Any) -> None:
            row = self.layout.column()
            row.scale_y = 2.0
            row.prop(rig(), '["look_jaw_width"]', text="Jaw Width", slider=True)

    bpy.utils.register_class(Slider)
    side = stage.region(stage.view(), "UI")
    side.tag_redraw()
    yield 1.5  # its tab is there once it has been drawn
    side.active_panel_category = "Stage"
    side.tag_redraw()
    yield 1.0
    stage.picture("slider-before")
    x, y = side.x + side.width // 3, side.y + side.height - 60
    first = places(avatar_of(rig()))
    was = float(rig()["look_jaw_width"])
    drafts = stage.part("jobs.avatars").DRAFT_KEY
    for drag in range(DRAGS):
        before, way = places(avatar_of(rig())), -1 if drag % 2 else 1
        yield from dragged(live, x, y, way)
        x += 64 * way
        yield 0.5
        if drag == 0:
            stage.picture("slider-held")
        assert np.abs(places(avatar_of(rig())) - before).max() > 0.0005, "the mesh follows while the button is down"
        stage.button("RELEASE", x, y)
        begin = time.perf_counter()
        value = float(rig()["look_jaw_width"])
        assert drag or abs(value - was) > 0.1
        mesh = avatar_of(rig()).mesh.data.session_uid
        yield from stage.until(lambda mesh=mesh: drafts in rig() or avatar_of(rig()).mesh.data.session_uid != mesh, 60)
        stays = avatar_of(rig()).mesh.data.session_uid == mesh
        print(f"from letting go to textures: {time.perf_counter() - begin:.2f} s, on the mesh that is there: {stays}")
        if drag == 0:
            stage.picture("slider-draft")
        yield from stage.until(lambda: not session.tasks and arrivals.coming is None and drafts not in rig(), 120)
        print(f"from letting go to the full ones: {time.perf_counter() - begin:.2f} s")
        yield from stage.until(lambda: rig().session_uid not in live._open)
        yield 0.5
        if drag == 0:
            stage.picture("slider-whole")
        assert abs(float(rig()["look_jaw_width"]) - value) < 1e-5
    view = stage.middle(stage.region(stage.view(), "WINDOW"))
    for _ in range(4 * DRAGS + 2):  # the textures, and the slider, are steps of their own
        yield from stage.key("Z", view, ctrl=True)
        yield 0.5
        if abs(float(rig()["look_jaw_width"]) - was) < 1e-5:
            break
    assert abs(float(rig()["look_jaw_width"]) - was) < 1e-5
    yield from stage.until(lambda: rig().session_uid not in live._open, 60)
    found = places(avatar_of(rig()))
    assert found.shape == first.shape and np.abs(found - first).max() < 1e-5, "the mesh went back as well"
    stage.picture("slider-undone")
    assert session.notices.error is None, session.notices.error


stage.play(story)
