# SPDX-License-Identifier: GPL-3.0-or-later
"""One worker process with its three pipes. Only threads of this module ever wait on a pipe."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from .engine_copies import protocol
from .environment import CREATION_FLAGS, NEW_SESSION, clean_environment, end_now, home_folder
from .inbox import Inbox
from .log_file import LogFile

Message = dict[str, Any]
CHUNK = 65536
# A worker that floods must not keep the main thread from the interpreter: the reader rests after so many lines.
LINES = 50
REST = 0.002
# The engine takes all cores that it can get; Blender's window shall go first.
NICE = 10
# Linux: the engine gives its jobs that priority itself, and answers sliders in its own.
NICE_VARIABLE = "PORTRAITKIT_NICE"
if sys.platform == "win32":
    LOWER = subprocess.BELOW_NORMAL_PRIORITY_CLASS
else:
    LOWER = 0


class WorkerProcess:
    """A started worker. ``take`` and ``send`` never wait; ``heard`` is when it last said something of the protocol."""

    def __init__(
        self,
        command: Sequence[str],
        log: LogFile,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start it; raises OSError where the program cannot be run."""
        self._log = log
        self._inbox = Inbox()
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env={**clean_environment(environment), NICE_VARIABLE: str(NICE)},
            cwd=home_folder(),  # not Blender's folder: nothing is imported from there
            creationflags=CREATION_FLAGS | LOWER,
            start_new_session=NEW_SESSION,
        )
        _step_back(self._process.pid)
        self.started = self.heard = time.monotonic()
        self.rubbish = 0
        self._since_rest = 0
        self._threads = [
            threading.Thread(target=work, name=f"portraitkit-{name}-{self.pid}", daemon=True)
            for name, work in (("reader", self._read), ("writer", self._write), ("log", self._copy_log))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """Its exit status, or None while it runs."""
        return self._process.poll()

    @property
    def silent_pipe(self) -> bool:
        """Whether its output has ended (it may still run)."""
        return not self._threads[0].is_alive()

    def take(self) -> Message | None:
        """The next message from it, or None."""
        return self._inbox.take()

    def send(self, message: Mapping[str, Any]) -> None:
        """Queue a message for it; raises protocol.ProtocolError for one that no line holds."""
        self._outbox.put(protocol.encode(message))

    def ask_to_end(self) -> None:
        """Close its input, which tells it to end. Returns at once."""
        self._outbox.put(None)

    def kill(self) -> None:
        """End it and its children by force. Returns at once."""
        self._inbox.close()
        end_now(self._process)

    def close(self, patience: float = 2.0) -> None:
        """End it: its input closed, then asked, then forced. Waits ``patience`` seconds at most, and a little."""
        self._inbox.close()
        self.ask_to_end()
        for end in (None, True, False):
            if end is not None:
                end_now(self._process, gently=end)
            try:
                self._process.wait(patience if end is None else 0.5)
                break
            except subprocess.TimeoutExpired:
                continue
        self._join()

    def reap(self) -> bool:
        """After ``kill``: whether it is gone and its threads have ended. Does not wait."""
        if self._process.poll() is None:
            return False
        self.ask_to_end()  # wakes a writer that waits for work
        return not any(thread.is_alive() for thread in self._threads)

    def _join(self) -> None:
        self.ask_to_end()
        end = time.monotonic() + 1.0
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, end - time.monotonic()))

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        line = bytearray()
        skipping = False
        with stream:
            while chunk := _read_some(stream.fileno()):
                *ended, rest = chunk.split(b"\n")
                for part in ended:
                    if skipping:  # the end of a line that was too long
                        skipping = False
                    else:
                        line += part
                        self._understand(bytes(line))
                    line.clear()
                if not skipping:
                    line += rest
                if len(line) > protocol.MAX_LINE:
                    self._note_rubbish(bytes(line[:100]), "a line without an end")
                    line.clear()
                    skipping = True
        if line:
            self._note_rubbish(bytes(line), "half a line at the end")

    def _understand(self, line: bytes) -> None:
        if not line.strip():
            return
        self._since_rest += 1
        if self._since_rest >= LINES:
            self._since_rest = 0
            time.sleep(REST)
        try:
            message = protocol.decode(line)
        except protocol.ProtocolError as error:
            self._note_rubbish(line, str(error))
            return
        if message.get("event") not in protocol.EVENTS:
            self._note_rubbish(line, "no event of the protocol")
            return
        self.heard = time.monotonic()
        if message["event"] != "heartbeat":
            self._inbox.put(message)

    def _note_rubbish(self, line: bytes, why: str) -> None:
        self.rubbish += 1
        if self.rubbish <= 20:
            self._log.note(f"not understood from the engine ({why}): {line[:200]!r}")

    def _write(self) -> None:
        stream = self._process.stdin
        assert stream is not None
        broken = False
        while (data := self._outbox.get()) is not None:
            view = memoryview(data)
            while view and not broken:
                try:
                    view = view[stream.write(view) or 0 :]
                except (OSError, ValueError):  # it has ended; the client sees that by its exit status
                    broken = True
        try:
            stream.close()
        except OSError:
            return

    def _copy_log(self) -> None:
        stream = self._process.stderr
        assert stream is not None
        with stream:
            while chunk := _read_some(stream.fileno()):
                self._log.write(chunk)


def _step_back(pid: int) -> None:
    """Give the engine a lower priority: Blender's window goes first. On Windows the creation flags say so, on Linux the
    environment."""
    if sys.platform not in ("win32", "linux"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, pid, NICE)


def _read_some(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, CHUNK)
    except OSError:
        return b""
