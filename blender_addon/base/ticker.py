# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's timers: the one way that work goes on beside the window."""

from __future__ import annotations

import logging
from collections.abc import Callable

import bpy

log = logging.getLogger("portraitkit")

AFTER_A_FAULT = 1.0
"""Seconds until the next call of a step that raised."""


class Ticker:
    """Calls ``step`` by a timer until it answers None: the seconds to wait, or that nothing is left to watch."""

    def __init__(self, step: Callable[[], float | None], what: str) -> None:
        """``what`` names the step in the log."""
        self._step = step
        self._what = what
        self._timer = self._tick  # one object: Blender knows a timer by its function's identity

    @property
    def runs(self) -> bool:
        """Whether the timer is on."""
        return bpy.app.timers.is_registered(self._timer)

    def start(self, after: float = 0.0) -> None:
        """Have the step called from now on, first ``after`` seconds from now. A running timer is started anew."""
        self.stop()
        bpy.app.timers.register(self._timer, first_interval=after, persistent=True)

    def stop(self) -> None:
        """No more calls."""
        if self.runs:
            bpy.app.timers.unregister(self._timer)

    def _tick(self) -> float | None:
        """The timer's function. It never raises: Blender drops a timer that does."""
        try:
            return self._step()
        except Exception:
            log.exception("%s: a step failed", self._what)
            return AFTER_A_FAULT
