# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker's client: jobs in, callbacks out, and a ``step`` that a timer calls.

Everything here runs on the thread that calls ``step`` or ``pump``; nothing waits for the worker. One path serves the
window (a timer calls ``step``), the background and tests (``pump`` calls it in a loop).
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import ages
from .engine_copies import protocol
from .failure import Failure
from .job_queue import JobQueue
from .jobs import ItemCallback, Job, JobCallback, call_back
from .log_file import LogFile
from .supervisor import Life, Supervisor, Timing
from .text import Text

log = logging.getLogger("portraitkit")

Message = dict[str, Any]


class WorkerClient:
    """Starts the worker when the first job comes, keeps it, and starts it again when it fell."""

    def __init__(
        self,
        command: Sequence[str],
        log_path: Path,
        *,
        timing: Timing | None = None,
        configure: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        on_refused: Callable[[Failure], None] | None = None,
    ) -> None:
        """``configure`` is sent after each start; ``environment`` replaces our own (it is cleaned either way).

        ``on_refused`` is told of what the client asks for by itself, settings and capabilities, and does not get.
        """
        self.log = LogFile(log_path)
        self.timing = timing or Timing()
        self.capabilities: Message | None = None
        self._on_refused = on_refused
        self._has_told = False
        self._settings = dict(configure or {})
        self._supervisor = Supervisor(command, self.log, self.timing, environment)
        self._queue = JobQueue()
        self._number = 0
        self._inside = False
        self._closed = False
        self._at_exit = _close_at_exit(self)

    @property
    def life(self) -> Life:
        """What the worker process is doing."""
        return self._supervisor.life

    @property
    def why(self) -> Failure | None:
        """Why the worker fell last, or is given up; None when all is well."""
        return self._supervisor.why

    @property
    def engine(self) -> Message:
        """The worker's greeting: version, python, pid; empty while there is none."""
        return self._supervisor.hello

    @property
    def jobs(self) -> list[Job]:
        """All jobs that have not ended, the running one first."""
        return self._queue.jobs

    @property
    def busy(self) -> bool:
        """Whether any job has not ended or not been told to its listeners."""
        return self._queue.busy

    def submit(
        self,
        do: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        retry: bool = False,
        limit: float | None = None,
        on_change: JobCallback | None = None,
        on_item: ItemCallback | None = None,
        on_done: JobCallback | None = None,
    ) -> Job:
        """Ask the worker for something. Returns at once; listeners are called by a later ``step``."""
        self._number += 1
        job = Job(
            id=f"r{self._number}",
            do=do,
            arguments=dict(arguments or {}),
            retry=retry,
            limit=limit,
            on_change=on_change,
            on_item=on_item,
            on_done=on_done,
        )
        try:
            protocol.encode(job.request)
        except protocol.ProtocolError as error:
            job.fail(Failure("bad_request", Text("{request} cannot be sent: {reason}", request=do, reason=error)))
        if self._closed:
            job.fail(Failure("closed"))
        if self.life is Life.BROKEN and not job.final:
            self._supervisor.mend()
        self._queue.add(job)
        return job

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Use these settings from now on: sent at once to a living worker, and after each start."""
        self._settings = dict(settings)
        if self.life is Life.READY:
            self._send_settings()

    def cancel(self, job: Job) -> None:
        """Stop ``job`` as soon as possible; its listeners are told by a later ``step``."""
        if job.final or job.cancel_wanted:
            return
        job.cancel_wanted = True
        if not self._queue.drop_waiting(job):
            self._stop(job)

    def restart(self) -> None:
        """End the worker; what it was doing fails, what waits goes on with a new one."""
        self._lose_worker(Failure("closed", "The engine was restarted."))
        self._supervisor.drop()
        self._supervisor.mend()

    def step(self) -> float:
        """Handle what has come, for a few milliseconds. Returns the seconds until the next call."""
        if self._inside or self._closed:
            return self.timing.idle_wait
        begun = time.monotonic()
        self._inside = True
        try:
            more = self._step(begun)
        finally:
            self._inside = False
        if more:
            return 0.01
        return self.timing.busy_wait if self.busy or self.life is Life.STARTING else self.timing.idle_wait

    def pump(self, until: Job | Callable[[], bool], timeout: float | None = None) -> None:
        """Step until a job has ended (and been told) or a condition holds; raises TimeoutError."""
        if self._inside:
            raise RuntimeError("pump was called by a listener: only the outermost caller may wait")
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            wait = self.step()
            if self._queue.told(until) if isinstance(until, Job) else until():
                return
            if self._closed:
                raise RuntimeError("the client was closed while somebody waited for it")
            if end is not None and time.monotonic() > end:
                what = until.do if isinstance(until, Job) else "the condition"
                raise TimeoutError(f"{what} did not end within {timeout:g} seconds")
            time.sleep(min(wait, 0.02))

    def close(self, patience: float = 1.5) -> None:
        """End the worker and every job, telling no listener. Waits ``patience`` seconds and a little at most."""
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self._at_exit)
        for job in self.jobs:
            job.fail(Failure("closed"))
        self._queue.clear()
        self._supervisor.close(patience)

    def _step(self, begun: float) -> bool:
        supervisor = self._supervisor
        supervisor.reap()
        if supervisor.life is Life.OFF and self._queue.waiting:
            fault = supervisor.start(begun)
            if fault is not None:
                self._lose_worker(fault)
        end = begun + self.timing.budget
        more = self._take_messages(end)
        worker = supervisor.worker
        if worker is not None and not more:
            fault = supervisor.check(time.monotonic())
            if fault is not None:
                self._lose_worker(fault)
        if supervisor.life is Life.READY:
            self._watch_deadlines(time.monotonic())
            self._send_waiting()
        left = self._queue.tell(end)
        return more or left

    def _take_messages(self, end: float) -> bool:
        while (worker := self._supervisor.worker) is not None:
            message = worker.take()
            if message is None:
                return False
            self._take(message)
            if time.monotonic() > end:
                return True
        return False

    def _take(self, message: Message) -> None:
        event = message["event"]
        if event == "hello":
            if self.life is Life.STARTING:
                fault = self._supervisor.greet(message)
                if fault is not None:
                    self._lose_worker(fault)
                else:
                    self._after_hello()
            return
        job = self._queue.open.get(str(message.get("id")))
        if job is None:
            if event == "error" and message.get("id") is None:
                self.log.note(f"the engine did not understand a line: {message.get('message')}")
        elif self._queue.take(job, message):
            self._supervisor.settled()

    def _after_hello(self) -> None:
        self._has_told = False
        self._queue.of_age = ages.advice(self.engine.get("version"))
        if self._settings:
            self._send_settings()

        def keep(job: Job) -> None:
            self._tell_refused(job)
            self._has_told = True
            if job.result is not None:
                self.capabilities = job.result

        self._queue.first(self.submit("capabilities", on_done=keep))

    def _send_settings(self) -> None:
        self._queue.first(self.submit("configure", self._settings, on_done=self._tell_refused))

    def _tell_refused(self, job: Job) -> None:
        """Nobody waits for this job, so its failure would be seen by nobody. Being ended by us is none."""
        if job.failure is not None and job.failure.code not in ("closed", "cancelled"):
            call_back(self._on_refused, job.failure)

    def _send_waiting(self) -> None:
        worker = self._supervisor.worker
        if worker is not None:
            for job in self._queue.take_turns(heavy=self._has_told):
                try:
                    worker.send(ages.fitted(job.request, self.capabilities))
                except Failure as failure:
                    self._queue.refuse(job, failure)
                    continue
                call_back(job.on_change, job)

    def _stop(self, job: Job) -> None:
        worker = self._supervisor.worker
        self._queue.must_end_by(job, time.monotonic() + self.timing.cancel)
        if worker is not None:
            self._number += 1
            with contextlib.suppress(protocol.ProtocolError):
                worker.send({"id": f"c{self._number}", "do": "cancel", "target": job.id})

    def _watch_deadlines(self, now: float) -> None:
        for job in self._queue.newly_overdue(now):
            self._stop(job)
        if self._queue.deaf(now):
            self.log.note("a job did not stop when asked: the engine is ended")
            self._lose_worker(Failure("closed", "The engine was ended because another job did not stop."))
            self._supervisor.drop()

    def _lose_worker(self, why: Failure) -> None:
        self._queue.lose_worker(why)
        if self.life is Life.BROKEN:
            self._queue.give_up(why)


def _close_at_exit(client: WorkerClient) -> Callable[[], None]:
    reference = weakref.ref(client)

    def close() -> None:
        found = reference()
        if found is not None:
            found.close(patience=0.5)

    atexit.register(close)
    return close
