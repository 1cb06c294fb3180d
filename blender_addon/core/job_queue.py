# SPDX-License-Identifier: GPL-3.0-or-later
"""Which jobs wait, which the worker has, and which have ended and are not told yet. It knows no process."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from typing import Any

from .engine_copies import protocol
from .failure import Failure, engine_failure
from .jobs import Job, JobState, call_back
from .text import Text

ATTEMPTS = 2


class JobQueue:
    """Jobs from submitted to told. Quick requests pass at once, heavy ones one at a time."""

    def __init__(self) -> None:
        self.waiting: deque[Job] = deque()
        self.open: dict[str, Job] = {}
        self._ended: deque[Job] = deque()
        self._deadlines: dict[str, float] = {}
        self._overdue: set[str] = set()
        self.of_age = ""
        """Which of engine and add-on to update, where they are of different age."""

    @property
    def heavy(self) -> Job | None:
        """The heavy job that the worker has."""
        return next((job for job in self.open.values() if job.do not in protocol.QUICK), None)

    @property
    def jobs(self) -> list[Job]:
        """All jobs that have not ended, the running one first."""
        return [*self.open.values(), *self.waiting]

    @property
    def busy(self) -> bool:
        """Whether any job has not ended or not been told to its listeners."""
        return bool(self.open or self.waiting or self._ended)

    def told(self, job: Job) -> bool:
        """Whether ``job`` has ended and its listeners know."""
        return job.final and job not in self._ended

    def add(self, job: Job) -> None:
        """A new job: it waits, or is told at once if it has failed already."""
        (self._ended if job.final else self.waiting).append(job)

    def first(self, job: Job) -> None:
        """Move a waiting job before everything that waits."""
        if job in self.waiting:
            self.waiting.remove(job)
            self.waiting.appendleft(job)

    def drop_waiting(self, job: Job) -> bool:
        """Cancel ``job`` without the worker; False if the worker has it."""
        if job not in self.waiting:
            return False
        self.waiting.remove(job)
        job.fail_as_cancelled()
        self._ended.append(job)
        return True

    def take_turns(self, *, heavy: bool = True) -> Iterator[Job]:
        """The jobs to be sent now, each marked as running: one heavy job at a time, so we know which one a fall hit.

        Without ``heavy`` only quick ones and settings: the engine has not said yet what it can do.
        """
        free = self.heavy is None
        for job in list(self.waiting):
            quick = job.do in protocol.QUICK
            if not (quick or (free and (heavy or job.do == "configure"))) or job not in self.waiting:
                continue
            self.waiting.remove(job)
            job.move(JobState.RUNNING)
            self.open[job.id] = job
            free = free and quick
            yield job

    def take(self, job: Job, message: dict[str, Any]) -> bool:
        """Give ``job`` what the worker said of it. Returns whether that was its result."""
        event = message["event"]
        if event == "progress":
            if job.take_progress(message):
                call_back(job.on_change, job)
        elif event == "item":
            job.items.append(message)
            call_back(job.on_item, job, message)
        elif event == "result":
            found: object = message.get("result")
            # The worker may have been quicker than a cancel; what it made is there then, and is told.
            job.finish(found if isinstance(found, dict) else {})  # pyright: ignore[reportUnknownArgumentType]
            self._end(job)
            return True
        elif event == "error":
            job.fail(_too_slow(job) if job.id in self._overdue else engine_failure(message, self.of_age))
            self._end(job)
        return False

    def tell(self, end: float) -> bool:
        """Tell listeners of ended jobs until ``end`` (monotonic seconds). Returns whether some are left."""
        while self._ended:
            job = self._ended.popleft()
            call_back(job.on_done, job)
            if time.monotonic() > end:
                break
        return bool(self._ended)

    def must_end_by(self, job: Job, when: float) -> None:
        """The worker was asked to stop ``job`` and has until ``when`` to do so."""
        self._deadlines[job.id] = when

    def newly_overdue(self, now: float) -> list[Job]:
        """Running jobs past their limit that were not known to be so; they fail as too slow when they end."""
        found = [
            job
            for job in self.open.values()
            if job.limit is not None and job.seconds(now) > job.limit and job.id not in self._overdue
        ]
        self._overdue.update(job.id for job in found)
        return found

    def deaf(self, now: float) -> bool:
        """Whether the worker did not stop a job in time."""
        return any(now > when for when in self._deadlines.values())

    def lose_worker(self, why: Failure) -> None:
        """The worker is gone: what it had waits again if it may, or fails."""
        lost = list(self.open.values())
        self.open.clear()
        again: list[Job] = []
        for job in lost:
            self._deadlines.pop(job.id, None)
            if job.cancel_wanted:
                job.fail_as_cancelled()
            elif job.id in self._overdue:
                job.fail(_too_slow(job))
            elif (job.retry or job.do in protocol.QUICK) and job.attempts < ATTEMPTS:
                job.move(JobState.QUEUED)
                again.append(job)
                call_back(job.on_change, job)
                continue
            else:
                job.fail(why)
            self._end(job)
        self.waiting.extendleft(reversed(again))

    def give_up(self, why: Failure) -> None:
        """No worker will come: everything that waits fails."""
        while self.waiting:
            job = self.waiting.popleft()
            job.fail(why)
            self._ended.append(job)

    def clear(self) -> None:
        """Forget everything, telling nobody."""
        self.waiting.clear()
        self.open.clear()
        self._ended.clear()
        self._deadlines.clear()

    def refuse(self, job: Job, why: Failure) -> None:
        """A running job fails before the worker has heard of it."""
        job.fail(why)
        self._end(job)

    def _end(self, job: Job) -> None:
        self.open.pop(job.id, None)
        self._deadlines.pop(job.id, None)
        self._overdue.discard(job.id)
        self._ended.append(job)


def _too_slow(job: Job) -> Failure:
    limit = f"{job.limit:g}"
    return Failure("timeout", Text("{request} took longer than {seconds} seconds.", request=job.do, seconds=limit))
