# SPDX-License-Identifier: Apache-2.0
"""Clients of real and of bad workers; after each test no process and no thread of ours is left."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blender_addon.core.client import WorkerClient
from blender_addon.core.supervisor import Timing

BAD = Path(__file__).with_name("bad_worker.py")
QUICK = Timing(start=60.0, silence=5.0, cancel=0.5, falls=3)
"""Patient where a good worker on a busy machine may be late."""

Maker = Callable[..., WorkerClient]


def starts(client: WorkerClient) -> int:
    """How often a bad worker was started: it counts that itself."""
    return len((Path(client._supervisor.command[-1]) / "starts").read_bytes())  # pyright: ignore[reportPrivateUsage]


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie counts, as somebody forgot to collect it."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def gone(pid: int, seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    yield
    end = time.monotonic() + 60
    while left := [each.name for each in threading.enumerate() if each.name.startswith("portraitkit-")]:
        assert time.monotonic() < end, left
        time.sleep(0.02)


@pytest.fixture
def bad(tmp_path: Path) -> Iterator[Maker]:
    """Makes clients of a worker that misbehaves in the named way."""
    made: list[WorkerClient] = []

    def make(way: str, timing: Timing = QUICK, **more: object) -> WorkerClient:
        command = [sys.executable, "-I", "-u", str(BAD), way, str(tmp_path)]
        client = WorkerClient(command, tmp_path / "engine.log", timing=timing, **more)  # type: ignore[arg-type]
        made.append(client)
        return client

    yield make
    for client in made:
        with contextlib.suppress(Exception):
            client.close()
