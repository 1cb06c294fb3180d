# SPDX-License-Identifier: GPL-3.0-or-later
"""A command whose output is read line by line, without ever waiting for it."""

from __future__ import annotations

import queue
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence

from ..environment import CREATION_FLAGS, NEW_SESSION, clean_environment, end_now, home_folder


class Child:
    """A started command; its lines come from :meth:`take`."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start it; raises OSError where it cannot be run."""
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**clean_environment(), **(environment or {})},
            cwd=home_folder(),
            creationflags=CREATION_FLAGS,
            start_new_session=NEW_SESSION,
        )
        self._reader = threading.Thread(target=self._read, name=f"portraitkit-setup-{self.pid}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Its exit status once it has ended and all lines are in :meth:`take`; None before."""
        found = self._process.poll()
        return None if found is None or self._reader.is_alive() else found

    def take(self) -> str | None:
        """The next line, or None if there is none yet."""
        try:
            return self._lines.get_nowait()
        except queue.Empty:
            return None

    def stop(self) -> None:
        """End it with its children by force. Returns at once."""
        end_now(self._process)

    def kill(self, patience: float = 3.0) -> None:
        """End it with its children, and wait for that, ``patience`` seconds at most."""
        end_now(self._process)
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            return
        self._reader.join(1.0)

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        last_progress = 0.0
        with stream:
            for raw in stream:
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
                # pip tells each kilobyte; ten a second are enough, but the last of a file must come through.
                if line.startswith("Progress ") and (parts := line.split())[1:2] != parts[3:4]:
                    now = time.monotonic()
                    if now - last_progress < 0.1:
                        continue
                    last_progress = now
                self._lines.put(line)
