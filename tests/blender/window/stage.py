# SPDX-License-Identifier: Apache-2.0
"""A Blender window that plays a story by itself: events are simulated, a timer leads from one scene to the next.

    blender --factory-startup --enable-event-simulate --python tests/blender/window/STORY.py -- ADDON.zip [FOLDER]

installs the add-on's zip, plays the story and ends with status 0, or with 1 and the reason. Pictures go into FOLDER.
`PORTRAITKIT_ENGINE_PYTHON` names the engine's Python. Without a window, or without simulated events, a story says so
and ends with status 0. They are run by hand: nothing in them is collected by pytest.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy

PACKAGE = "bl_ext.user_default.portraitkit"
ARGUMENTS = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
FOLDER = Path(ARGUMENTS[1] if len(ARGUMENTS) > 1 else ".").absolute()

Story = Iterator[float]
"""Yields how many seconds Blender's main loop runs before it is resumed."""


def part(name: str) -> Any:
    """A module of the installed add-on."""
    return importlib.import_module(f"{PACKAGE}.{name}")


def window() -> Any:
    return bpy.context.window_manager.windows[0]


def view() -> Any:
    """The largest 3D view's area."""
    areas = [each for each in window().screen.areas if each.type == "VIEW_3D"]
    return max(areas, key=lambda each: each.width * each.height)


def region(area: Any, kind: str) -> Any:
    return next(each for each in area.regions if each.type == kind)


def middle(of: Any) -> tuple[int, int]:
    """Pixels of the window, from its lower left corner."""
    return of.x + of.width // 2, of.y + of.height // 2


def move(x: float, y: float) -> None:
    window().event_simulate(type="MOUSEMOVE", value="NOTHING", x=int(x), y=int(y))


def button(value: str, x: float, y: float) -> None:
    window().event_simulate(type="LEFTMOUSE", value=value, x=int(x), y=int(y))


def click(x: float, y: float) -> Story:
    """`yield from click(...)`, as of a hand."""
    move(x, y)
    yield 0.2
    button("PRESS", x, y)
    yield 0.05
    button("RELEASE", x, y)
    yield 0.4


def key(name: str, at: tuple[float, float], **held: bool) -> Story:
    x, y = (int(each) for each in at)
    move(x, y)
    yield 0.1
    for value in ("PRESS", "RELEASE"):
        window().event_simulate(type=name, value=value, x=x, y=y, **held)
        yield 0.05
    yield 0.3


def until(condition: Callable[[], object], timeout: float = 240.0) -> Story:
    """`yield from until(...)`: the main loop runs until something is so."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        yield 0.05


def sidebar(tab: str = "Portrait") -> Story:
    """Open the 3D view's sidebar at a tab."""
    area = view()
    area.spaces.active.show_region_ui = True
    yield 1.0
    found = region(area, "UI")
    found.active_panel_category = tab  # possible only once it has been drawn
    found.tag_redraw()
    yield 1.0


def picture(name: str) -> None:
    """What the window shows. Virtual screens are asked for it: Blender's own screenshot is black there."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.png"
    if os.environ.get("DISPLAY") and shutil.which("import"):
        subprocess.run(["import", "-window", "root", str(path)], check=True)
    else:
        bpy.ops.screen.screenshot(filepath=str(path))


def redraw() -> float:
    """Draw the window once; the seconds that it took, which are none of ours."""
    begin = time.perf_counter()
    bpy.ops.wm.redraw_timer(type="DRAW_WIN_SWAP", iterations=1)
    return time.perf_counter() - begin


def play(story: Callable[[], Story]) -> None:
    """Install the add-on and play; ends Blender."""
    if bpy.app.background:
        print("SKIPPED: needs a window")
        _end(0)
    if not ARGUMENTS:
        print("SKIPPED: no zip of the add-on was named")
        _end(0)
    bpy.context.preferences.view.show_splash = False
    bpy.app.timers.register(_Stage(story), first_interval=1.5, persistent=True)


class _Stage:
    """The timer."""

    def __init__(self, story: Callable[[], Story]) -> None:
        self._story = story
        self._told: Story | None = None
        self.__name__ = "stage"

    def __call__(self) -> float:
        try:
            if self._told is None:
                self._told = self._whole()
            return next(self._told)
        except StopIteration:
            print("PLAYED", flush=True)
            _end(0)
        except BaseException:
            traceback.print_exc()
            try:
                picture("failed")
            finally:
                _end(1)
        return 1.0

    def _whole(self) -> Story:
        try:
            move(5, 5)
        except RuntimeError as error:
            print(f"SKIPPED: {error}")
            _end(0)
        bpy.ops.extensions.package_install_files(filepath=ARGUMENTS[0], repo="user_default", enable_on_install=True)
        yield 0.5
        yield from self._story()


def _end(status: int) -> None:
    session = sys.modules.get(f"{PACKAGE}.jobs.session")
    if session is not None:
        session.session.close()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
