# SPDX-License-Identifier: Apache-2.0
"""From an empty profile to the first avatar that can be seen: the clicks, counted. An engine is there already.

Run as `stage.py` says. What `stage.py` does instead of a hand is what comes before: the zip. Every click after it is
one of the mouse, simulated. Picture: the first avatar in the view.
"""

from __future__ import annotations

import sys
from pathlib import Path

import bpy
from mathutils import Vector

sys.path.insert(0, str(Path(__file__).parent))
import stage

MOST = 5


def story() -> stage.Story:
    session = stage.part("jobs.session").session
    clicks = 0
    area = stage.view()
    assert not area.spaces.active.show_region_ui
    yield from stage.key("N", stage.middle(stage.region(area, "WINDOW")))  # the sidebar
    clicks += 1
    yield 1.0
    side = stage.region(area, "UI")
    assert area.spaces.active.show_region_ui and side.width > 50
    tabs = side.x + side.width - 12
    for y in range(side.y + side.height - 20, side.y, -12):  # where a hand sees the tab, this looks for it
        if side.active_panel_category == "Portrait":
            break
        stage.move(tabs, y)
        yield 0.1
        stage.button("PRESS", tabs, y)
        stage.button("RELEASE", tabs, y)
        yield 0.2
    assert side.active_panel_category == "Portrait"
    clicks += 1
    yield 1.0
    stage.picture("panel")
    scale = bpy.context.preferences.system.ui_scale
    yield from stage.click(side.x + side.width // 2, side.y + side.height - 166 * scale)  # where Generate is
    assert session.tasks, "Generate was pressed"
    clicks += 1
    yield from stage.until(lambda: stage.part("scene.identity").avatars_of() and not session.tasks)
    yield 1.5
    avatar = stage.part("scene.identity").avatars_of()[0]
    space = area.spaces.active.region_3d
    middle = sum((avatar.mesh.matrix_world @ vertex.co for vertex in avatar.mesh.data.vertices[:400]),
                 avatar.mesh.location * 0) / 400  # fmt: skip
    assert (space.view_rotation @ Vector((0, 0, 1))).y < -0.9, "it looks at the face"
    assert (space.view_location - middle).length < 0.5 and space.view_distance < 3, "it fills the view"
    print(f"{clicks} clicks to the first avatar")
    assert clicks <= MOST
    stage.picture("first-avatar")


stage.play(story)
