# SPDX-License-Identifier: Apache-2.0
"""The two ends of the protocol's pipe: lines in, of bounded length, and lines out, by a thread that may block."""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from portrait_core.protocol import MAX_LINE, ProtocolError, encode

_log = logging.getLogger("portraitkit")

_CHUNK = 1 << 16
FULL = 2000
"""Lines that may wait for a client that does not read; beyond it progress and heartbeats are left out."""

DISPENSABLE = ("progress", "heartbeat")


def private_streams() -> tuple[int, int]:
    """Descriptors of the real standard input and output, which from then on nobody else has.

    What prints, prints to the log, and children have no input. On Windows this also keeps libraries from touching an
    input pipe on which a thread waits, which would block them.
    """
    source, target = os.dup(0), os.dup(1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    os.dup2(2, 1)
    return source, target


class Lines:
    """Lines of a descriptor, without their ends; a line that is too long comes as its first ``MAX_LINE + 1`` bytes."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __iter__(self) -> Iterator[bytes]:
        waiting = bytearray()
        skipping = False
        while True:
            try:
                chunk = os.read(self._descriptor, _CHUNK)
            except OSError:
                return
            if not chunk:
                # What has no end was cut off: nobody meant it.
                return
            start = 0
            while (end := chunk.find(b"\n", start)) >= 0:
                if not skipping:
                    waiting += chunk[start:end]
                    yield bytes(waiting[: MAX_LINE + 1])
                waiting.clear()
                skipping = False
                start = end + 1
            if not skipping:
                waiting += chunk[start:]
                if len(waiting) > MAX_LINE:
                    yield bytes(waiting[: MAX_LINE + 1])
                    waiting.clear()
                    skipping = True


class Writer:
    """Sends events from any thread; a client that does not read holds nobody up."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.on_broken: Callable[[], None] | None = None
        """Called once when the client no longer listens."""
        self._thread = threading.Thread(target=self._write, name="writer", daemon=True)
        self._thread.start()

    def send(self, event: Mapping[str, Any]) -> None:
        """Send an event; one that fits no line becomes the error of its request."""
        if event.get("event") in DISPENSABLE and self._lines.qsize() > FULL:
            return
        try:
            line = encode(event)
        except ProtocolError as error:
            _log.error("an event could not be sent: %s", error)
            line = encode(
                {"event": "error", "id": event.get("id"), "code": "internal", "message": f"The answer is {error}."}
                | {"advice": "Ask for less at a time."}
            )
        self._lines.put(line)

    def close(self, timeout: float = 0.5) -> None:
        """Send what waits, for so many seconds at most."""
        self._lines.put(None)
        self._thread.join(timeout)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            rest = memoryview(line)
            try:
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
            except OSError:
                if self.on_broken is not None:
                    self.on_broken()
                return
