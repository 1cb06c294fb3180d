# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of the worker process: started, greeted, watched, ended, started again; given up after too many falls."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from . import ages
from .failure import Failure
from .log_file import LogFile
from .process import WorkerProcess
from .text import Text

Message = dict[str, Any]


@dataclass(frozen=True)
class Timing:
    """All waits, in seconds."""

    start: float = 45.0
    """Until the first line; a virus scanner may read every file of a new environment first."""
    silence: float = 45.0
    """Without a sign of life; one comes every second, but loading torch from a slow disk can hold it up."""
    cancel: float = 10.0
    """From a cancel to the end of the job, before the worker is ended by force."""
    calm: float = 120.0
    """After so long without a fall, earlier ones are forgotten."""
    falls: int = 3
    """So many falls in a row, and the worker is not started again until somebody asks."""
    budget: float = 0.004
    """How long one step may handle messages."""
    busy_wait: float = 0.05
    idle_wait: float = 0.2


class Life(StrEnum):
    """What the worker process is doing."""

    OFF = "off"
    STARTING = "starting"
    READY = "ready"
    BROKEN = "broken"


class Supervisor:
    """Owns at most one living worker, and those that are still ending."""

    def __init__(
        self,
        command: Sequence[str],
        log: LogFile,
        timing: Timing,
        environment: Mapping[str, str] | None,
    ) -> None:
        self.command = list(command)
        self.life = Life.OFF
        self.worker: WorkerProcess | None = None
        self.hello: Message = {}
        self.why: Failure | None = None
        """Why it is broken, or fell last."""
        self.falls = 0
        self._log = log
        self._timing = timing
        self._environment = environment
        self._ending: list[WorkerProcess] = []
        self._not_before = 0.0
        self._looked = 0.0
        self._grace = 0.0
        self._exit_seen: float | None = None

    def start(self, now: float) -> Failure | None:
        """Start a worker if that may be now; the failure if the program cannot be run."""
        if self.life is not Life.OFF or now < self._not_before:
            return None
        self._exit_seen, self._looked, self._grace = None, now, now
        self._log.note(f"starting the engine: {self.command[0]}")
        try:
            self.worker = WorkerProcess(self.command, self._log, environment=self._environment)
        except (OSError, ValueError) as error:
            return self.break_down(_cannot_run(self.command[0], error))
        self.life = Life.STARTING
        return None

    def greet(self, message: Message) -> Failure | None:
        """Take the worker's first line; the failure if it speaks another protocol."""
        refusal = ages.refusal(message)
        if refusal is not None:
            return self.break_down(refusal)
        self.hello, self.life, self.why = message, Life.READY, None
        self._log.note(f"the engine {message.get('version')} is ready, process {message.get('pid')}")
        return None

    def check(self, now: float) -> Failure | None:
        """Look after the worker; the failure if it has just ended or stopped answering. Call when its box is empty."""
        worker, timing = self.worker, self._timing
        if worker is None:
            return None
        if now - self._looked > timing.silence / 3:
            # We were not looked at ourselves: a long render, or the computer slept. Not the worker's fault.
            self._grace = now
        self._looked = now
        silent = now - max(worker.heard, self._grace)
        status = worker.exit_status
        if status is not None or worker.silent_pipe:
            self._exit_seen = self._exit_seen or now
            # Its last words may still be under way; a child of its own may hold the pipe open.
            if (worker.silent_pipe and status is not None) or now - self._exit_seen > 1.0:
                return self.fall(Failure("crashed", Text("The engine ended: {how}.", how=describe_exit(status))), now)
            return None
        if self.life is Life.STARTING and silent > timing.start:
            seconds = f"{timing.start:.0f}"
            return self.fall(
                Failure("start", Text("The engine said nothing for {seconds} seconds.", seconds=seconds)), now
            )
        if self.life is Life.READY and silent > timing.silence:
            seconds = f"{timing.silence:.0f}"
            return self.fall(
                Failure("hung", Text("The engine has not answered for {seconds} seconds.", seconds=seconds)), now
            )
        return None

    def fall(self, why: Failure, now: float) -> Failure:
        """End the worker because of ``why``; start no other before a while, or at all after too many falls."""
        worker = self.worker
        calm = worker is not None and now - worker.started > self._timing.calm
        never_ready = self.life is Life.STARTING
        self.falls = 1 if calm else self.falls + 1
        self.drop()
        self._log.note(f"{why.message} (fall {self.falls})")
        self.why = why
        if self.falls >= self._timing.falls:
            message = Text("{reason} It was started {count} times.", reason=why.message, count=self.falls)
            return self.break_down(Failure("start" if never_ready else why.code, message, why.advice))
        self._not_before = now + (0.0, 0.5, 2.0, 5.0)[min(self.falls - 1, 3)]
        return why

    def break_down(self, why: Failure) -> Failure:
        """Give up until :meth:`mend`."""
        self.drop()
        self._log.note(f"given up: {why.message}")
        self.life, self.why = Life.BROKEN, why
        return why

    def mend(self) -> None:
        """Somebody asks again: forget the falls."""
        if self.life is Life.BROKEN:
            self.life = Life.OFF
        self.falls, self._not_before = 0, 0.0

    def settled(self) -> None:
        """A job went well: earlier falls are forgotten."""
        self.falls = 0

    def drop(self) -> None:
        """End the worker by force, without waiting."""
        if self.worker is not None:
            self.worker.kill()
            self._ending.append(self.worker)
            self.worker = None
        self.life, self.hello = Life.OFF, {}

    def reap(self) -> None:
        """Collect those that have ended, so that no zombie stays."""
        self._ending = [worker for worker in self._ending if not worker.reap()]

    def close(self, patience: float) -> None:
        """End everything, waiting ``patience`` seconds and a little at most."""
        worker, self.worker = self.worker, None
        self.life, self.hello = Life.OFF, {}
        if worker is not None:
            worker.close(patience)
        end = time.monotonic() + 2.0
        while self._ending and time.monotonic() < end:
            self.reap()
            time.sleep(0.01)


def _cannot_run(program: str, error: Exception) -> Failure:
    return Failure("start", Text("{program} cannot be run: {reason}", program=program, reason=error))


def describe_exit(status: int | None) -> Text:
    """An exit status in words."""
    if status is None:
        return Text("it closed its output")
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = str(-status)
        if name == "SIGKILL" and sys.platform != "win32":
            return Text("ended by the signal {name}, often because memory ran out", name=name)
        return Text("ended by the signal {name}", name=name)
    if status > 0x7FFFFFFF:  # Windows: access violation, missing DLL
        return Text("error {code}", code=f"0x{status:08X}")
    return Text("exit status {status}", status=status)
