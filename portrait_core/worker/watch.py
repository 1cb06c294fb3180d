# SPDX-License-Identifier: Apache-2.0
"""The watcher of a running job: progress events, not too many, and the place where a job is stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

from portrait_core.engine.faults import MemoryLimit
from portrait_core.errors import Cancelled
from portrait_core.protocol import PROGRESS_PER_SECOND
from portrait_core.runtime.stage_clock import StageClock
from portrait_core.worker.estimate import Estimate, Step

EARLY = (0.05, 0.2)
"""Before this share and so many seconds nothing is said about the remaining time."""

SILENCE = 0.4
"""Seconds without a word of the engine after which the bar is moved by the clock."""


class Watch:
    """Handed to the engine as its progress watcher; jobs also send items by it.

    ``cancelled`` and ``over_limit`` are set by other threads; the next report of the engine then ends the job.
    """

    def __init__(self, job: str, send: Callable[[dict[str, Any]], None]) -> None:
        self.job = job
        self.cancelled = False
        self.over_limit = ""
        self._send = send
        self._estimate = Estimate(())
        self._begun = time.monotonic()
        self._sent = -1.0
        self._clock = StageClock()
        self._share = (0.0, 1.0)
        self._overall = 0.0
        self._heard = self._planned = self._begun
        self._fraction = 0.0
        self._over = False
        self._lock = threading.Lock()

    def plan(self, steps: Sequence[Step]) -> None:
        """What comes now; the stages' seconds are measured from here."""
        self.finish()
        with self._lock:
            self._estimate = Estimate(steps)
            self._planned = time.monotonic()
            self._clock.restart()

    @contextmanager
    def piece(self, number: int, count: int) -> Generator[None, None, None]:
        """What is planned inside is one of ``count`` equal pieces of the job."""
        self.finish()
        with self._lock:
            self._share = (number / count, 1.0 / count)
            self._estimate = Estimate(())
        yield
        with self._lock:
            self._overall = max(self._overall, (number + 1) / count)

    def check(self) -> None:
        """Raise when the job is to stop."""
        if self.cancelled:
            raise Cancelled("Stopped, as was asked.")
        if self.over_limit:
            raise MemoryLimit(self.over_limit)

    def item(self, index: int, **facts: Any) -> None:
        """A finished piece."""
        with self._lock:
            if self._over:
                return
        self._send({"event": "item", "id": self.job, "index": index, **facts})

    def finish(self) -> dict[str, float]:
        """Close the last stage; returns the seconds of each."""
        with self._lock:
            return {stage: round(seconds, 3) for stage, seconds in self._clock.close().items()}

    def close(self) -> None:
        """The job is over: nothing more is told of it."""
        with self._lock:
            self._over = True

    def tick(self) -> None:
        """Move the bar on by the clock while the engine says nothing; called by another thread now and then."""
        with self._lock:
            now = time.monotonic()
            if not self._clock.stage or now - self._sent < SILENCE:
                return
            planned = now - self._planned
            inner = self._estimate.assume(self._clock.stage, now - self._heard, planned)
            self._tell(now, inner)

    def __call__(self, stage: str, fraction: float) -> None:
        self.check()
        with self._lock:
            self._report(stage, fraction, time.monotonic())

    def _report(self, stage: str, fraction: float, now: float) -> None:
        changed = self._clock.enter(stage)
        inner = self._estimate.update(stage, fraction)
        self._heard, self._fraction = now, min(max(fraction, 0.0), 1.0)
        # A new stage is always told: the one before may be long over when the next word comes.
        # So is the end of all work: no bar should stop short of it because the last stage was quick.
        if not changed and inner < 1.0 and now - self._sent < 1.0 / PROGRESS_PER_SECOND:
            return
        self._tell(now, inner)

    def _tell(self, now: float, inner: float) -> None:
        if self._over:
            return
        start, width = self._share
        self._overall = max(self._overall, start + width * inner)
        self._sent = now
        elapsed, overall = now - self._begun, self._overall
        known = overall > EARLY[0] and elapsed > EARLY[1]
        remaining = round(elapsed * (1 - overall) / overall, 1) if known else None
        self._send(
            {
                "event": "progress",
                "id": self.job,
                "stage": self._clock.stage,
                "fraction": round(self._fraction, 4),
                "overall": round(overall, 4),
                "remaining": remaining,
            }
        )
