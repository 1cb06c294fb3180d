# SPDX-License-Identifier: Apache-2.0
"""How long each stage of a piece of work takes, as its reports of progress tell."""

from __future__ import annotations

import time


class StageClock:
    """A progress watcher that keeps the seconds of each stage; others wrap it. Not for several threads at once."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget all stages; the first begins with its first report."""
        self.stage = ""
        self._seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def __call__(self, stage: str, fraction: float) -> None:
        self.enter(stage)

    def enter(self, stage: str) -> bool:
        """The work is in ``stage`` now; returns whether that is new."""
        if stage == self.stage:
            return False
        self.close()
        self.stage = stage
        return True

    def close(self) -> dict[str, float]:
        """The stage is over; returns the seconds of each so far, in the order in which they began."""
        now = time.perf_counter()
        if self.stage:
            self._seconds[self.stage] = self._seconds.get(self.stage, 0.0) + now - self._since
        self.stage, self._since = "", now
        return {stage: round(seconds, 4) for stage, seconds in self._seconds.items()}
