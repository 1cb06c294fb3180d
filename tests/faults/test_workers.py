# SPDX-License-Identifier: Apache-2.0
"""Real workers that crash, hang, or lose their batch: the starter at its smallest, in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.batch import SMALL, jobs_of
from portrait_core.batch.executors import LocalExecutor
from portrait_core.batch.manifest import Manifest
from portrait_core.batch.records import Outputs
from portrait_core.batch.run import Limits, Run

pytestmark = [pytest.mark.skipif(os.name != "posix", reason="signals"), pytest.mark.timeout(900)]


def test_workers_that_are_killed_or_hang_are_replaced(tmp_path: Path) -> None:
    executor = LocalExecutor(["cpu"], 1)
    harmed: list[int] = []

    def harm() -> int:
        # The first worker is killed and the second one stopped while it works; only that one's time is short.
        pid = executor.processes[0]
        run.limits = replace(run.limits, time_limit=0.5 if len(harmed) == 2 and pid in harmed else 300.0)
        busy = bool(run._begun)  # pyright: ignore[reportPrivateUsage]
        if busy and len(harmed) < 2 and pid not in harmed:
            harmed.append(pid)
            os.kill(pid, signal.SIGKILL if len(harmed) == 1 else signal.SIGSTOP)
        return 0

    run = Run(jobs_of(range(2), SMALL), Outputs(), tmp_path, Manifest(tmp_path), Limits(retries=2), stop=harm)
    try:
        summary = run.go(executor, run.missing())
    finally:
        executor.close()
    assert (summary.made, summary.failed) == (2, 0)
    assert len(harmed) == 2 and max(each.attempts for each in run.manifest.records.values()) == 3


def test_workers_end_with_their_batch(tmp_path: Path) -> None:
    program = (
        "import os, time\nfrom portrait_core.batch.executors import LocalExecutor\n"
        "executor = LocalExecutor(['cpu'], 1)\nprint(*executor.processes, flush=True)\ntime.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    (worker,) = map(int, process.stdout.readline().split())
    process.kill()
    process.wait()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        state = Path(f"/proc/{worker}/stat")
        if state.is_file() and state.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.1)
    raise AssertionError("the worker outlived its batch")
