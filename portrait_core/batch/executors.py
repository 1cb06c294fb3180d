# SPDX-License-Identifier: Apache-2.0
"""Workers that make avatars: what the batch asks of them, and those that are processes of this machine."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from portrait_core.batch.records import Record
from portrait_core.batch.task import Task
from portrait_core.errors import PortraitError, remedy

_log = logging.getLogger("portraitkit")

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
END_SECONDS = 3.0
PER_CARD = 2
"""Workers a graphics card: while one unwraps and writes, the other computes."""

CARD_MEMORY = 0.95
"""Of a graphics card's memory that all workers on it may take together."""


@dataclass(frozen=True)
class Outcome:
    """What became of a task: its record, or ``lost`` with the reason when its worker did not survive it."""

    task: Task
    record: Record | None
    lost: str = ""


class Executor(Protocol):
    """Workers, each with one task at a time."""

    def idle(self) -> int:
        """How many tasks can be given now."""
        ...

    def give(self, task: Task) -> None:
        """Have a task carried out; only while :meth:`idle` is above zero."""
        ...

    def wait(self, seconds: float) -> Sequence[Outcome]:
        """What is finished; returns early with the first, and empty after ``seconds``."""
        ...

    def drop(self, task: Task) -> None:
        """End a task that hangs, with its worker; no outcome comes of it."""
        ...

    def close(self) -> None:
        """End all workers, whatever they do."""
        ...


class LocalExecutor:
    """Processes of this machine. A worker that dies is replaced when it is next needed."""

    def __init__(self, devices: Sequence[str], threads: int) -> None:
        """A worker for each of ``devices`` (``cpu``, ``cuda:0`` ...), each with so many threads."""
        self._threads = threads
        self._events: queue.SimpleQueue[tuple[_WorkerProcess, bytes | None]] = queue.SimpleQueue()
        self._workers: list[_WorkerProcess] = []
        self._devices = list(devices)
        self._started = 0
        for device in devices:
            self._start(device)

    def _start(self, device: str) -> None:
        share = CARD_MEMORY / self._devices.count(device)
        self._workers.append(_WorkerProcess(f"worker-{self._started}", device, share, self._threads, self._events))
        self._started += 1

    def idle(self) -> int:
        return sum(worker.task is None for worker in self._workers)

    def give(self, task: Task) -> None:
        # One that has worked is warm.
        worker = min((each for each in self._workers if each.task is None), key=lambda each: not each.ready)
        worker.give(task)

    def wait(self, seconds: float) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        try:
            outcomes += self._outcome(*self._events.get(timeout=max(0.0, seconds)))
            while True:
                outcomes += self._outcome(*self._events.get_nowait())
        except queue.Empty:
            return outcomes

    def _outcome(self, worker: _WorkerProcess, line: bytes | None) -> list[Outcome]:
        if worker not in self._workers:
            return []  # dropped meanwhile
        task = worker.task
        if line is None:
            code = worker.end()
            reason = f"its worker ended with status {code}{_meaning(code)}"
            self._replace(worker, code)
            _log.warning("%s %s", task.name if task else worker.name, reason)
            return [Outcome(task, None, reason)] if task else []
        try:
            event: dict[str, object] = json.loads(line)
            if event.get("event") == "ready":
                worker.ready = True
            if event.get("event") != "record" or task is None:
                return []
            record = Record.model_validate(event["record"])
        except ValueError as error:
            return [Outcome(task, None, f"its worker's answer could not be read ({error})")] if task else []
        worker.task = None
        return [Outcome(task, record)]

    def drop(self, task: Task) -> None:
        for worker in list(self._workers):
            if worker.task is task:
                self._replace(worker, worker.end())

    def _replace(self, worker: _WorkerProcess, code: int) -> None:
        self._workers.remove(worker)
        if worker.ready or worker.task is not None:
            self._start(worker.device)
        elif not self._workers:
            raise PortraitError(
                f"No worker process could be started on {worker.device}: the last one ended with status "
                f"{code}{_meaning(code)} before it was ready. What it said on its way out stands above; check that "
                "Portraitkit and torch load in this Python, and that memory is free.",
                remedy=remedy("examine"),
            )

    def close(self) -> None:
        for worker in self._workers:
            worker.end()
        self._workers = []

    @property
    def processes(self) -> list[int]:
        """Process numbers of the workers."""
        return [worker.pid for worker in self._workers]


class _WorkerProcess:
    def __init__(
        self,
        name: str,
        device: str,
        card_share: float,
        threads: int,
        events: queue.SimpleQueue[tuple[_WorkerProcess, bytes | None]],
    ) -> None:
        self.name, self.device = name, device
        self.task: Task | None = None
        self.ready = False
        environment = {**os.environ, **{name: str(threads) for name in THREAD_VARIABLES}}
        plain = device
        if device.startswith("cuda:"):
            environment["CUDA_VISIBLE_DEVICES"] = _visible(int(device[5:]))
            plain = "cuda"
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "portrait_core.batch.worker_process",
                name,
                plain,
                str(threads),
                f"{card_share:.3f}",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        self.pid = self._process.pid

        def read() -> None:
            assert self._process.stdout is not None
            for line in self._process.stdout:
                events.put((self, line))
            events.put((self, None))

        threading.Thread(target=read, name=f"{name}-read", daemon=True).start()

    def give(self, task: Task) -> None:
        self.task = task
        assert self._process.stdin is not None
        # A worker that has died meanwhile is told by its output's end.
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(task.facts()).encode() + b"\n")
            self._process.stdin.flush()

    def end(self) -> int:
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        try:
            return self._process.wait(0.2)
        except subprocess.TimeoutExpired:
            self._process.kill()
        try:
            return self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            return -9


def _visible(number: int) -> str:
    """The name of a graphics card among those that the user lets us see."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    names = [each.strip() for each in given.split(",") if each.strip()]
    return names[number] if number < len(names) else str(number)


def _meaning(code: int) -> str:
    if code == -9:
        return " (killed, perhaps because the memory was full)"
    return f" (signal {-code})" if code < 0 else ""
