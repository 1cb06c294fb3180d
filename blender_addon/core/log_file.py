# SPDX-License-Identifier: GPL-3.0-or-later
"""A log file of bounded size that never stops its writer."""

from __future__ import annotations

import threading
import time
from pathlib import Path

LIMIT = 1_000_000
"""Bytes of one file; there are at most two, the second with the ending ``.old``."""


class LogFile:
    """Appends text from any thread. Where the disk is full or the folder is gone, lines are dropped."""

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        self.path = path
        self._limit = limit
        self._lock = threading.Lock()

    @property
    def older(self) -> Path:
        """Where the last full file is kept."""
        return self.path.with_name(self.path.name + ".old")

    def note(self, text: str) -> None:
        """A line of our own, with the time."""
        stamp = time.strftime("%Y-%m-%d %H:%M:%S")
        self.write(f"[{stamp}] {text}\n".encode("utf-8", "replace"))

    def write(self, data: bytes) -> None:
        """Append ``data`` as it is; start a new file when this one is full."""
        with self._lock:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with self.path.open("ab") as file:
                    file.write(data[: self._limit])
                    full = file.tell() >= self._limit
                if full:
                    self.path.replace(self.older)
            except OSError:
                # A log that cannot be written must not end the work.
                return

    def tail(self, lines: int = 60, most: int = 20_000) -> str:
        """The last lines, from the older file too if the newer one is short."""
        data = b""
        for path in (self.path, self.older):
            if data.count(b"\n") >= lines:
                break
            data = _last_bytes(path, most) + data
        text = data[-most:].decode("utf-8", "replace").replace("\r\n", "\n")
        return "\n".join(text.splitlines()[-lines:])


def _last_bytes(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - most))
            return file.read(most)
    except OSError:
        return b""
