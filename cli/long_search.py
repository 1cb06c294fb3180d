# SPDX-License-Identifier: Apache-2.0
"""Searches that take minutes: how long is said at their beginning, and Ctrl-C ends them with what was best."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cli.show import Show, Watcher

LONG = 60.0
"""Seconds from which on it is said how long a search will take."""
TRIED = 3
"""Steps that are timed for that, unless one takes long."""


class Pace:
    """A progress watcher that says how long a search will take, once it has gone a few steps."""

    def __init__(self, watcher: Watcher, show: Show, option: str) -> None:
        self._watcher, self._show, self._option = watcher, show, option
        self._begin: float | None = None
        self._calls = 0

    def __call__(self, stage: str, fraction: float) -> None:
        """As `portrait_core.progress.Progress`."""
        self._watcher(stage, fraction)
        now = time.perf_counter()
        if self._begin is None:
            self._begin = now
            return
        self._calls += 1
        gone = now - self._begin
        if (self._calls == TRIED or (self._calls == 1 and gone > LONG / 6)) and 0 < fraction < 1:
            left = gone / fraction
            if left > LONG:
                self._show.note(f"{stage} will take about {_minutes(left)}; fewer steps ({self._option}) shorten it.")
            self._calls = TRIED + 1


def _minutes(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds > 5400 else f"{max(seconds / 60, 1):.0f} minutes"


@contextmanager
def stopped_by_interrupt(say: Callable[[str], None]) -> Generator[Callable[[], bool], None, None]:
    """Whether Ctrl-C was pressed since; the second one ends the command as anywhere."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def ask(number: int, frame: Any) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        say("stopping after this step; the best so far is kept. Ctrl-C again ends it at once.")

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
