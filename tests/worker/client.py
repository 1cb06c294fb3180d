# SPDX-License-Identifier: Apache-2.0
"""A small client for tests: starts a real worker and talks to it over its pipes."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from portrait_core.protocol import worker_command

SMALL: dict[str, Any] = {"faces": 1000, "texture_size": 128, "lattice": 64, "unwrap": "xatlas"}
LONG: dict[str, Any] = {"faces": 40_000, "texture_size": 2048, "lattice": 384}


class Worker:
    """``events`` holds everything that came, heartbeats too; ``log`` is where standard error goes."""

    def __init__(self, log: Path, env: dict[str, str] | None = None) -> None:
        self.log = log
        self.events: list[dict[str, Any]] = []
        self._came: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._unasked: list[dict[str, Any]] = []
        self._numbers = itertools.count()
        environment = {**os.environ, "OMP_NUM_THREADS": "1", **(env or {})}
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                worker_command(sys.executable),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                env=environment,
            )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            event = json.loads(line)
            self.events.append(event)
            self._came.put(event)
        self._came.put(None)

    def raw(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, do: str, **fields: Any) -> str:
        number = f"r{next(self._numbers)}"
        self.raw(json.dumps({"id": number, "do": do, **fields}).encode() + b"\n")
        return number

    def next(self, timeout: float = 60.0) -> dict[str, Any] | None:
        """The next event of any kind; None when the worker has ended."""
        return self._came.get(timeout=timeout)

    def answer(self, number: str | None, timeout: float = 120.0) -> dict[str, Any]:
        """The result or error of a request."""
        end = time.monotonic() + timeout
        while True:
            # It may have come while something else was waited for.
            for each in self._unasked:
                if each["id"] == number:
                    self._unasked.remove(each)
                    return each
            event = self.next(max(0.01, end - time.monotonic()))
            assert event is not None, f"the worker ended: {self.log.read_text(errors='replace')[-3000:]}"
            if event["event"] in ("result", "error"):
                self._unasked.append(event)

    def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        """The result of a request that must go well."""
        event = self.answer(self.send(do, **fields))
        assert event["event"] == "result", event
        return event["result"]

    def refuse(self, do: str, **fields: Any) -> dict[str, Any]:
        """The error of a request that must not go well."""
        event = self.answer(self.send(do, **fields))
        assert event["event"] == "error", event
        return event

    def of(self, number: str | None, kind: str) -> list[dict[str, Any]]:
        return [each for each in self.events if each["event"] == kind and each.get("id") == number]

    def wait_for_stage(self, number: str, stage: str, timeout: float = 60.0) -> None:
        end = time.monotonic() + timeout
        while not any(each["stage"] == stage for each in self.of(number, "progress")):
            assert time.monotonic() < end, self.events[-5:]
            time.sleep(0.02)

    def resident(self) -> int:
        """Bytes of memory, from a heartbeat that comes after now."""
        seen = len(self.events)
        while True:
            for each in self.events[seen:]:
                if each["event"] == "heartbeat":
                    return int(each["memory"])
            time.sleep(0.1)

    def close_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdin is not None and self.process.stdout is not None
        self._thread.join(5)
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
