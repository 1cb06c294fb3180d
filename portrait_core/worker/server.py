# SPDX-License-Identifier: Apache-2.0
"""Who does what in a worker: one thread reads, one writes, one says that we live, the main one works.

``Server.run`` belongs on the main thread. Nothing a client sends ends the worker, except that it stops sending.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from portrait_core.engine.engine import Engine, warm_up
from portrait_core.engine.faults import ADVICE, fault_of
from portrait_core.errors import Cancelled
from portrait_core.protocol import (
    END_SECONDS,
    HEARTBEAT_SECONDS,
    MAX_ID,
    MAX_WAITING,
    QUICK,
    Message,
    ProtocolError,
    decode_request,
)
from portrait_core.runtime.memory import resident_bytes
from portrait_core.runtime.priority import step_back
from portrait_core.worker import answers
from portrait_core.worker.channel import Writer
from portrait_core.worker.fields import Fields
from portrait_core.worker.watch import Watch

_log = logging.getLogger("portraitkit")


@dataclass
class _Job:
    id: str
    request: Message
    watch: Watch
    closed: bool = field(default=False)
    """Whether its result or error was sent."""


class Server:
    """Serves ``lines`` until they end, answering through ``writer``."""

    def __init__(self, lines: Iterable[bytes], writer: Writer) -> None:
        self._lines = lines
        self._writer = writer
        self._engine = Engine()
        self._open: dict[str, _Job] = {}
        self._lock = threading.Lock()
        self._waiting: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._running: _Job | None = None
        self._ending = threading.Event()
        self._ended = threading.Event()
        self._warm = threading.Event()
        self._slow: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._live: queue.SimpleQueue[Message] = queue.SimpleQueue()
        writer.on_broken = self._client_left

    def run(self) -> None:
        """Work until the end; returns when everything open was answered."""
        for target in (self._read, self._beat, self._answer_slowly, self._answer_live):
            threading.Thread(target=target, name=target.__name__.strip("_"), daemon=True).start()
        step_back()  # the jobs, in this thread; what follows a slider goes on as it was
        try:
            warm_up()
        except Exception as error:
            # The first job that needs it will tell; the rest works.
            _log.error("the engine is not whole: %s", error)
        self._warm.set()
        while not self._ending.is_set():
            job = self._waiting.get()
            if job is not None:
                self._work(job)
        for job in list(self._open.values()):
            self._fail(job, Cancelled("The engine was ended."))
        self._ended.set()

    def end(self, reason: str) -> None:
        """End soon: what runs is cancelled, and if it does not heed that, the process ends without it."""
        if self._ending.is_set():
            return
        _log.info("ending: %s", reason)
        self._ending.set()
        running = self._running
        if running is not None:
            running.watch.cancelled = True
        self._waiting.put(None)
        if not self._ended.wait(0.75 * END_SECONDS):
            _log.info("what runs did not stop in time; ending without it")
            self._abandon()
        # The main thread leaves now; a library's own threads must not keep the process.
        threading.Event().wait(0.5)
        os._exit(0)

    def _abandon(self) -> None:
        from portrait_core.formats.blender import stop_running

        stop_running()
        self._writer.close(0.1)
        os._exit(0)

    def _client_left(self) -> None:
        threading.Thread(target=self.end, args=("the client does not listen",), daemon=True).start()

    def _read(self) -> None:
        for line in self._lines:
            if line.strip():
                try:
                    self._take(line)
                except ProtocolError as error:
                    self._send_error(error.id, error)
                except Exception as error:
                    self._send_error(None, error)
        self.end("the input ended")

    def _take(self, line: bytes) -> None:
        request = decode_request(line)
        number, name = str(request["id"]), str(request["do"])
        if name in QUICK:
            if name in ("capabilities", "models", "describe"):
                self._slow.put(request)
            elif name == "reshape":
                self._live.put(request)
            else:
                self._quick(number, name, request)
            return
        with self._lock:
            if number in self._open:
                raise ProtocolError(f"id {number!r} belongs to a request that is still open; take another one")
            if len(self._open) >= MAX_WAITING:
                raise ProtocolError(f"{MAX_WAITING} jobs wait already; wait for one of them", id=number)
            job = _Job(number, request, Watch(number, self._writer.send))
            self._open[number] = job
        self._waiting.put(job)

    def _quick(self, number: str, name: str, request: Message) -> None:
        try:
            fields = Fields(request, known=("id", "do"))
            if name == "hello":
                result = answers.hello(fields)
            elif name == "cancel":
                target = fields.text("target")
                fields.done()
                result = {"cancelled": self._cancel(target[:MAX_ID])}
            else:
                fields.done()
                result = dict[str, Any]()
        except Exception as error:
            self._send_error(number, error)
            return
        self._writer.send({"event": "result", "id": number, "result": result})
        if name == "shutdown":
            self.end("asked to")

    def _answer_slowly(self) -> None:
        """Requests that need no job but some time: they wait for imports, and nobody waits for them."""
        self._warm.wait()
        while True:
            request = self._slow.get()
            number = str(request["id"])
            try:
                fields = Fields(request, known=("id", "do"))
                if request["do"] == "describe":
                    from portrait_core.worker.jobs.describing import describe

                    result = describe(fields, self._engine)
                else:
                    fields.done()
                    asked = answers.capabilities if request["do"] == "capabilities" else answers.models
                    result = asked(self._engine)
                self._writer.send({"event": "result", "id": number, "result": result})
            except Exception as error:
                self._send_error(number, error)

    def _answer_live(self) -> None:
        """Shapes for sliders that move: beside the jobs, one after the other."""
        self._warm.wait()
        is_first = True
        while True:
            request = self._live.get()
            number = str(request["id"])
            try:
                from portrait_core.worker.jobs.live import reshape

                result = reshape(Fields(request, known=("id", "do")), self._engine)
                self._writer.send({"event": "result", "id": number, "result": result})
            except Exception as error:
                self._send_error(number, error)
                continue
            if is_first:
                is_first = False
                threading.Thread(target=self._warm_drafts, args=(request,), name="warm_drafts", daemon=True).start()

    def _warm_drafts(self, request: Message) -> None:
        from portrait_core.worker.jobs.live import warm

        step_back()
        try:
            warm(request, self._engine)
        except Exception as error:
            # Whoever asks for a draft is told; nobody has asked for this.
            _log.info("nothing was made ahead for drafts: %s", error)

    def _cancel(self, target: str) -> bool:
        with self._lock:
            job = self._open.get(target)
            if job is None:
                return False
            job.watch.cancelled = True
            waits = job is not self._running
        if waits:
            self._fail(job, Cancelled("Stopped before it began, as was asked."))
        return True

    def _work(self, job: _Job) -> None:
        with self._lock:
            if job.closed:
                return
            self._running = job
        try:
            from portrait_core.worker.jobs import JOBS

            fields = Fields(job.request, known=("id", "do"))
            result = JOBS[str(job.request["do"])](fields, job.watch, self._engine)
            self._close(job, {"event": "result", "id": job.id, "result": result})
        except Exception as error:
            self._fail(job, error)
        finally:
            self._running = None

    def _fail(self, job: _Job, error: BaseException) -> None:
        self._close(job, {"event": "error", "id": job.id, **fault_of(error).facts()})

    def _close(self, job: _Job, event: dict[str, Any]) -> None:
        with self._lock:
            if job.closed:
                return
            job.closed = True
            self._open.pop(job.id, None)
        job.watch.close()
        self._writer.send(event)

    def _send_error(self, number: str | None, error: BaseException) -> None:
        self._writer.send({"event": "error", "id": number, **fault_of(error).facts()})

    def _beat(self) -> None:
        beats = 0
        while not self._ended.wait(HEARTBEAT_SECONDS / 2):
            job = self._running
            if job is not None:
                job.watch.tick()
            beats += 1
            if beats % 2:
                continue
            held = resident_bytes()
            limit = self._engine.memory_limit
            if job is not None and limit is not None and held is not None and held > limit:
                job.watch.over_limit = (
                    f"The engine holds {held / 1e9:.1f} GB of memory; it was told to stay below {limit / 1e9:.1f} GB. "
                    + ADVICE["memory"]
                )
            self._writer.send(
                {
                    "event": "heartbeat",
                    "busy": job is not None,
                    "id": None if job is None else job.id,
                    "waiting": max(0, len(self._open) - (job is not None)),
                    "memory": held,
                }
            )
