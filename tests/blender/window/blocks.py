# SPDX-License-Identifier: Apache-2.0
"""How long the main thread is held at once: while an avatar is made, as it comes in, and as a slider moves.

Run as `stage.py` says. Of each it tells the longest turn of ours (on the clock and of the thread's own processor time,
which other programs do not lengthen) and the longest gap between two turns of the main loop, which has Blender's
drawing in it; and how long one bare drawing takes. A slider is timed from its change to the moved mesh and to the
first turn of the main loop after that, which begins when the window has been drawn.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).parent))
import stage

MOVES = int(os.environ.get("PORTRAITKIT_MOVES", "20"))


class Beat:
    """Gaps of the main loop, and the turns of our timers in it."""

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self.turns: list[tuple[float, float]] = []
        self._last = time.perf_counter()
        bpy.app.timers.register(self._beat, persistent=True)
        for ticker in (stage.part("jobs.session").session.ticker, stage.part("jobs.live").live.ticker):
            ticker._step = self._timed(ticker._step)

    def _beat(self) -> float:
        now = time.perf_counter()
        self.gaps.append(now - self._last)
        self._last = now
        return 0.005

    def _timed(self, step: Any) -> Any:
        def timed() -> Any:
            clock, own = time.perf_counter(), time.thread_time()
            try:
                return step()
            finally:
                self.turns.append((time.perf_counter() - clock, time.thread_time() - own))

        return timed

    def begin(self) -> None:
        self.gaps.clear()
        self.turns.clear()

    def told(self) -> dict[str, float]:
        clock = max((each[0] for each in self.turns), default=0.0)
        own = max((each[1] for each in self.turns), default=0.0)
        found = {"turn": clock, "turn own": own, "gap": max(self.gaps, default=0.0)}
        return {name: round(1000 * value) for name, value in found.items()}


def story() -> stage.Story:
    yield from stage.sidebar()
    session, arrivals = stage.part("jobs.session").session, stage.part("jobs.arrivals").arrivals
    live, looks = stage.part("jobs.live").live, stage.part("scene.looks")
    beat = Beat()
    told: dict[str, Any] = {"redraw": round(1000 * statistics.median(stage.redraw() for _ in range(5)))}
    bpy.ops.portraitkit.check_engine()
    yield from stage.until(lambda: not session.tasks)
    begun: list[dict[str, float]] = []
    begin_to_come = arrivals._begin

    def beginning(arrival: Any) -> None:
        begin_to_come(arrival)
        begun.append(beat.told())
        beat.begin()

    arrivals._begin = beginning
    for turn in range(3):
        beat.begin()
        bpy.ops.portraitkit.generate(seed=7 + turn)
        yield from stage.until(lambda: arrivals.coming is not None)
        told[f"generating {turn}"] = begun[-1]
        begin = time.perf_counter()
        yield from stage.until(lambda: not session.tasks and arrivals.coming is None)
        took = time.perf_counter() - begin
        yield 1.0
        told[f"arrival {turn}"] = {**beat.told(), "whole": round(1000 * took)}
    del arrivals._begin
    avatar = stage.part("scene.identity").avatars_of()[0]
    rig = avatar.armature
    bpy.context.view_layer.objects.active = rig
    rig.select_set(True)
    bpy.ops.portraitkit.show_looks()
    yield from stage.until(lambda: rig.session_uid not in live._open)
    bpy.context.window_manager.portraitkit_follow = False
    names = [name for name in looks.names_of(rig) if name in ("jaw_width", "nose_length", "weight", "age", "ear_size")]
    moved: list[float] = []
    shown: list[float] = []
    move = live._move

    def moving(*given: Any) -> None:
        move(*given)
        moved.append(time.perf_counter())

    live._move = moving
    beat.begin()
    for number in range(MOVES):
        name = names[number % len(names)]
        begin, seen = time.perf_counter(), len(live.seconds)
        rig[looks.property_of(name)] = ((number * 7) % 11) / 2.5 - 2.0  # never twice the same for one name
        rig.update_tag()
        while len(live.seconds) == seen and time.perf_counter() - begin < 10:
            yield 0.01
        shown.append(time.perf_counter() - begin)
        moved[-1] -= begin
        yield 0.1
    told["slider"] = beat.told()
    for name, took in (("moved", moved), ("drawn", shown)):
        cut = statistics.quantiles(took, n=20)
        told["slider"][name] = {"median": round(1000 * statistics.median(took)), "p95": round(1000 * cut[-1])}
    del live._move
    told["redraw after"] = round(1000 * statistics.median(stage.redraw() for _ in range(5)))
    bpy.context.window_manager.portraitkit_follow = True
    drafts = stage.part("jobs.avatars").DRAFT_KEY
    whole: list[float] = []
    for value in (1.5, -1.0, 0.5):
        yield 1.0
        was = avatar.mesh.data.session_uid
        rig["look_jaw_width"] = value
        rig.update_tag()
        seen = len(live.seconds)
        yield from stage.until(lambda seen=seen: len(live.seconds) > seen)
        begin = time.perf_counter()
        # Small maps on the mesh that is there, or with a mesh of their own where faces are others.
        yield from stage.until(lambda was=was: drafts in rig or avatar.mesh.data.session_uid != was)
        whole.append(round(time.perf_counter() - begin, 2))
        yield from stage.until(lambda: not session.tasks and arrivals.coming is None and drafts not in rig)
    told["textures"] = whole
    stage.picture("blocks")
    print("TOLD " + json.dumps(told), flush=True)


stage.play(story)
