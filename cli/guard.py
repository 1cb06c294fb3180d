# SPDX-License-Identifier: Apache-2.0
"""Where the memory of a process is limited (``ulimit -v``), the work is done in a child that may be ended.

Native libraries end the process where they find no memory: an uncaught ``std::bad_alloc``, a thread without a stack,
a library's own "giving up". None of that can be caught, so a parent that needs nothing tells of it in one line.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from types import FrameType
from typing import IO

from portrait_core.runtime.memory import address_space_limit

OUT_OF_MEMORY = -1
"""In place of an exit code: the child found no memory."""

ENOUGH = 64 << 30
"""Bytes: a limit above this is none."""

_SIGNS = (b"memory", b"bad_alloc", b"thread creation failed", b"pthread_create", b"resource temporarily unavailable")
"""What native code writes before it ends a process that has no memory."""


def in_a_child_where_memory_is_limited() -> int | None:
    """The exit code of the child that did the work, or :data:`OUT_OF_MEMORY`; None for whoever has to do it: the child,
    or this process where nothing is limited."""
    limit = address_space_limit()
    if limit is None or limit > ENOUGH or not hasattr(os, "fork"):
        return None
    try:
        native: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - of both processes, closed at their end
    except OSError:
        return None
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        _begin_child(native)
        return None
    status = _wait(child)
    native.seek(0)
    told = native.read(1 << 20)
    if os.WIFSIGNALED(status):
        ended = os.WTERMSIG(status)
        if ended in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGKILL, signal.SIGILL, signal.SIGTRAP):
            return OUT_OF_MEMORY
        return 128 + ended
    code = os.waitstatus_to_exitcode(status)
    if code != 0 and any(sign in told.lower() for sign in _SIGNS):
        return OUT_OF_MEMORY
    os.write(2, told)
    return code


def _begin_child(native: IO[bytes]) -> None:
    """What Python says goes where it should; what native code writes to stderr goes into ``native``."""
    kept = os.dup(2)
    os.dup2(native.fileno(), 2)
    sys.stderr = open(  # noqa: SIM115 - for as long as the process runs
        kept, "w", encoding=sys.stderr.encoding, errors=sys.stderr.errors, buffering=1
    )


def _wait(child: int) -> int:
    """The child's status; who ends this process ends the child. Ctrl-C reaches both by itself."""

    def hand_on(number: int, frame: FrameType | None) -> None:
        os.kill(child, number)

    before = {number: signal.signal(number, hand_on) for number in (signal.SIGTERM, signal.SIGHUP)}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return os.waitpid(child, 0)[1]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
