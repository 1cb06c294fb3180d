# SPDX-License-Identifier: Apache-2.0
"""Two runs never work in one folder at once, except shards of one batch.

The locks are the system's own (``filelock``): they end with the process, however it ends, and know no clock.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import filelock

from portrait_core.errors import OutputError, remedy
from portrait_core.files.whole_file import output_error

_GATE = ".portrait-gate.lock"
_WHOLE = ".portrait-batch.lock"
_GATE_SECONDS = 20.0


@contextmanager
def folder_lock(folder: Path, shard: tuple[int, int] | None = None) -> Generator[None, None, None]:
    """Hold ``folder`` for this run, or for this shard of a batch; raises :class:`OutputError` when it is taken."""
    mine = _WHOLE if shard is None else f".portrait-shard-{shard[0]}-of-{shard[1]}.lock"
    lock = filelock.FileLock(folder / mine)
    try:
        with filelock.FileLock(folder / _GATE, timeout=_GATE_SECONDS):
            others = [folder / _WHOLE] if shard else sorted(folder.glob(".portrait-shard-*.lock"))
            for other in others:
                if _taken(other):
                    raise _refusal(folder, other)
            lock.acquire(timeout=0)
    except filelock.Timeout:
        raise _refusal(folder, folder / mine) from None
    except OSError as error:
        raise output_error(folder / mine, error) from error
    with contextlib.suppress(OSError):
        (folder / f"{mine}.txt").write_text(json.dumps({"host": socket.gethostname(), "pid": os.getpid()}))
    try:
        yield
    finally:
        for each in (folder / f"{mine}.txt", folder / mine):
            with contextlib.suppress(OSError):
                each.unlink(missing_ok=True)
        lock.release()


def _taken(path: Path) -> bool:
    if not path.exists():
        return False
    trial = filelock.FileLock(path)
    try:
        trial.acquire(timeout=0)
    except filelock.Timeout:
        return True
    trial.release()
    return False


def _refusal(folder: Path, lock: Path) -> OutputError:
    who = ""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        told: dict[str, object] = json.loads(Path(f"{lock}.txt").read_text())
        who = f" (process {told['pid']} on {told['host']})"
    return OutputError(
        f"{folder}: another batch works in this folder{who}. Wait for it or end it.",
        remedy=remedy("other_folder_or_shard"),
    )
