# SPDX-License-Identifier: Apache-2.0
"""From an empty profile to the first avatar that can be seen: the clicks, counted. An engine is there already.

Run as `stage.py` says. What `stage.py` does instead of a hand is what comes before: the zip. Every click after it is
one of the mouse, simulated. Picture: the first avatar in the view.
"""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

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
    tabs = side.x + side.width - 8
    for y in range(side.y + side.height - 20, side.y, -12):  # where a hand sees the tab, this looks for it
        if side.active_panel_category == "Portrait":
            break
        stage.button("PRESS", tabs, y)
        stage.button("RELEASE", tabs, y)
        yield 0.25
    assert side.active_panel_category == "Portrait"
    clicks += 1
    yield 1.0
    x = side.x + side.width // 2 - 10
    for y in range(side.y + side.height - 40, side.y + side.height // 3, -10):  # the button, likewise
        stage.move(x, y)
        yield 0.05
        if session.tasks:
            break
        if _is_button(x, y):
            stage.button("PRESS", x, y)
            stage.button("RELEASE", x, y)
            yield 0.4
    assert session.tasks, "Generate was pressed"
    clicks += 1
    yield from stage.until(lambda: stage.part("scene.identity").avatars_of() and not session.tasks)
    yield 1.5
    avatar = stage.part("scene.identity").avatars_of()[0]
    space = area.spaces.active.region_3d
    middle = sum((avatar.mesh.matrix_world @ vertex.co for vertex in avatar.mesh.data.vertices[:400]),
                 avatar.mesh.location * 0) / 400  # fmt: skip
    assert (space.view_location - middle).length < 0.5 and space.view_distance < 3, "it fills the view"
    print(f"{clicks} clicks to the first avatar")
    assert clicks <= MOST
    stage.picture("first-avatar")


def _is_button(x: int, y: int) -> bool:
    """Whether the button under the mouse is Generate, as Blender tells it."""
    context = bpy.context
    with context.temp_override(window=stage.window(), area=stage.view(), region=stage.region(stage.view(), "UI")):
        operator = getattr(bpy.context, "button_operator", None)
    return operator is not None and operator.bl_rna.identifier == "PORTRAITKIT_OT_generate"


stage.play(story)
