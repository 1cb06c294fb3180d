# SPDX-License-Identifier: GPL-3.0-or-later
"""One request to the worker, from asked to answered, as a small state machine."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .failure import Failure
from .text import Text

log = logging.getLogger("portraitkit")

Message = dict[str, Any]


class JobState(StrEnum):
    """Where a job is. A job in one of the last three never changes again."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether the job has ended."""
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


# A running job goes back to queued when the worker died and the job may be tried once more.
_NEXT: dict[JobState, tuple[JobState, ...]] = {
    JobState.QUEUED: (JobState.RUNNING, JobState.DONE, JobState.FAILED, JobState.CANCELLED),
    JobState.RUNNING: (JobState.QUEUED, JobState.DONE, JobState.FAILED, JobState.CANCELLED),
    JobState.DONE: (),
    JobState.FAILED: (),
    JobState.CANCELLED: (),
}

JobCallback = Callable[["Job"], None]
ItemCallback = Callable[["Job", Message], None]


@dataclass(eq=False)
class Job:
    """A request and what has become of it. Read it at any time; only the client changes it."""

    id: str
    do: str
    arguments: Mapping[str, Any]
    retry: bool = False
    """Whether it may run a second time after the worker died (it changes nothing but its own output files)."""
    limit: float | None = None
    """Seconds that it may run, or None."""
    on_change: JobCallback | None = None
    on_item: ItemCallback | None = None
    on_done: JobCallback | None = None
    state: JobState = JobState.QUEUED
    stage: str = ""
    overall: float = 0.0
    remaining: float | None = None
    items: list[Message] = field(default_factory=list[Message])
    result: Message | None = None
    failure: Failure | None = None
    attempts: int = 0
    cancel_wanted: bool = False
    started: float | None = None
    ended: float | None = None

    @property
    def final(self) -> bool:
        """Whether it has ended, one way or another."""
        return self.state.final

    @property
    def request(self) -> Message:
        """The message that asks for it."""
        return {**self.arguments, "id": self.id, "do": self.do}

    def seconds(self, now: float | None = None) -> float:
        """How long it has been running, or ran."""
        if self.started is None:
            return 0.0
        end = self.ended if self.ended is not None else (time.monotonic() if now is None else now)
        return max(0.0, end - self.started)

    def move(self, state: JobState) -> bool:
        """Go to ``state`` if that is a legal step; False (and nothing happens) otherwise."""
        if state not in _NEXT[self.state]:
            return False
        self.state = state
        now = time.monotonic()
        if state is JobState.RUNNING:
            self.started = now
            self.attempts += 1
        elif state is JobState.QUEUED:
            self.started, self.stage, self.remaining = None, "", None
            self.overall = 0.0
            self.items.clear()  # a second run makes every piece again
        else:
            self.ended = now
            self.remaining = None
        return True

    def take_progress(self, event: Message) -> bool:
        """Note a progress event; ``overall`` never goes back within a run."""
        if self.final:
            return False
        self.stage = str(event.get("stage", self.stage))
        self.overall = max(self.overall, _share(event.get("overall"), self.overall))
        left: object = event.get("remaining")
        self.remaining = float(left) if isinstance(left, int | float) and left >= 0 else None
        return True

    def finish(self, result: Message) -> bool:
        """It went well."""
        if not self.move(JobState.DONE):
            return False
        self.result, self.overall = result, 1.0
        return True

    def fail(self, why: Failure) -> bool:
        """It did not; a failure with the code "cancelled" ends it as cancelled."""
        state = JobState.CANCELLED if why.code == "cancelled" else JobState.FAILED
        if not self.move(state):
            return False
        self.failure = why
        return True

    def fail_as_cancelled(self) -> bool:
        """It was cancelled, and the worker need not be asked."""
        return self.fail(Failure("cancelled", Text("{request} was cancelled.", request=self.do)))


def call_back(callback: Callable[..., None] | None, *arguments: object) -> None:
    """Call it; what it raises is logged and goes no further, so that one bad listener stops nobody else."""
    if callback is None:
        return
    try:
        callback(*arguments)
    except Exception:
        log.exception("a listener of a job failed")


def _share(value: object, otherwise: float) -> float:
    return min(1.0, max(0.0, float(value))) if isinstance(value, int | float) else otherwise
