# SPDX-License-Identifier: GPL-3.0-or-later
"""What the reader thread leaves for the main thread: bounded, and with progress that replaces older progress."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

Message = dict[str, Any]

MOST = 2000
"""Messages that may wait. Then the reader waits, the pipe fills and the worker waits too."""


class Inbox:
    """Filled by one reader thread, emptied by the main thread, which never waits here."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._messages: deque[Message] = deque()
        self._progress: dict[str, Message] = {}
        self._room = threading.Condition()
        self._closed = False

    def put(self, message: Message) -> None:
        """Leave a message; waits while the box is full. Progress of a job replaces what was not yet read of it."""
        with self._room:
            if message.get("event") == "progress":
                self._progress[str(message.get("id"))[:200]] = message
                while len(self._progress) > self._most:  # ids that nobody asked for
                    self._progress.pop(next(iter(self._progress)))
                return
            while len(self._messages) >= self._most and not self._closed:
                self._room.wait(0.5)
            if not self._closed:
                self._messages.append(message)

    def take(self) -> Message | None:
        """The next message, progress before the rest; None if there is nothing."""
        with self._room:
            if self._progress:
                return self._progress.pop(next(iter(self._progress)))
            if not self._messages:
                return None
            message = self._messages.popleft()
            self._room.notify()
            return message

    def close(self) -> None:
        """Nobody will take any more: a waiting reader goes on and what comes is dropped."""
        with self._room:
            self._closed = True
            self._room.notify_all()
