# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C, and a machine's request to end, heard instead of obeyed at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_signals(heard: Callable[[], None]) -> Generator[None, None, None]:
    """Call ``heard`` for each SIGINT and SIGTERM while this lasts; in the main thread only, as Python has it."""

    def ask(number: int, frame: FrameType | None) -> None:
        heard()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave_stopping_to_parent() -> None:
    """From now on Ctrl-C, which reaches the whole process group, is not heard in this worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
