# SPDX-License-Identifier: Apache-2.0
"""Every way a worker can misbehave: told plainly, recovered from, nothing left behind."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from blender_addon.core.failure import Failure
from blender_addon.core.jobs import Job, JobState
from blender_addon.core.supervisor import Life

from .conftest import BAD, QUICK, Maker, alive, gone, starts


def test_a_good_worker_answers_and_is_asked_what_it_can(bad: Maker) -> None:
    client = bad("good", configure={"device": "cpu"})
    job = client.submit("vary", {"recipe": {"seed": 7}})
    client.pump(job, 60)
    assert job.state is JobState.DONE and job.result is not None
    assert job.result["echo"]["recipe"] == {"seed": 7}
    client.pump(lambda: client.capabilities is not None, 60)
    assert client.engine["version"] == "9.9.9" and starts(client) == 1


def test_every_refused_setting_is_told(bad: Maker) -> None:
    """Nobody waits for the client's own requests: what becomes of them is told to whoever made the client."""
    told: list[Failure] = []
    client = bad("refuses", configure={"device": "warp"}, on_refused=told.append)
    client.pump(client.submit("ping"), 10)
    client.pump(lambda: len(told) == 1, 5)
    assert (told[0].code, str(told[0].message)) == ("usage", "Device warp is not available here.")
    assert str(told[0].advice) == "Choose the device cpu in the add-on's preferences."
    client.configure({"device": "warp"})
    client.pump(lambda: len(told) == 2, 5)
    client.restart()
    client.pump(client.submit("vary"), 10)
    client.pump(lambda: len(told) == 3, 5)


def test_an_engine_that_cannot_say_what_it_can_is_told(bad: Maker) -> None:
    told: list[Failure] = []
    client = bad("tells nothing", on_refused=told.append)
    job = client.submit("vary")
    client.pump(job, 10)
    assert job.state is JobState.DONE and [each.code for each in told] == ["usage"]


@pytest.mark.parametrize(
    ("way", "code"), [("silent", "start"), ("dies at once", "start"), ("wrong version", "version")]
)
def test_a_worker_that_never_gets_ready_is_given_up(bad: Maker, way: str, code: str) -> None:
    # Only the silent one is waited for: a busy machine may take its time with the others.
    client = bad(way, replace(QUICK, start=0.4 if way == "silent" else 30.0, falls=2))
    job = client.submit("vary", {})
    client.pump(job, 60)
    assert job.state is JobState.FAILED and job.failure is not None
    assert job.failure.code == code, job.failure
    assert job.failure.advice and job.failure.title
    assert client.life is Life.BROKEN and not client.busy


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    from blender_addon.core.client import WorkerClient

    client = WorkerClient([str(tmp_path / "python")], tmp_path / "log")
    job = client.submit("ping")
    client.pump(job, 60)
    assert job.failure is not None and job.failure.code == "start" and "cannot be run" in str(job.failure.message)
    client.close()


def test_somebody_who_asks_again_gets_another_start(bad: Maker) -> None:
    client = bad("dies at once", replace(QUICK, falls=1))
    first = client.submit("vary", {})
    client.pump(first, 60)
    assert client.life is Life.BROKEN and starts(client) == 1
    client.pump(client.submit("vary", {}), 60)
    assert starts(client) == 2


def test_rubbish_is_tolerated_and_logged(bad: Maker, tmp_path: Path) -> None:
    client = bad("rubbish")
    job = client.submit("vary", {})
    client.pump(job, 60)
    assert job.state is JobState.DONE and starts(client) == 1
    log = (tmp_path / "engine.log").read_text(errors="replace")
    assert "Welcome to torch" in log and "line without an end" in log and len(log) < 10_000


def test_an_answer_in_slices(bad: Maker) -> None:
    client = bad("slices")
    job = client.submit("vary", {})
    client.pump(job, 60)
    assert job.result == {"ä": "ö"}


@pytest.mark.parametrize("way", ["dies in a job", "half a line"])
def test_a_death_fails_the_job_and_the_next_gets_a_new_worker(bad: Maker, way: str) -> None:
    client = bad(way)
    job = client.submit("generate", {})
    client.pump(job, 60)
    assert job.state is JobState.FAILED and job.failure is not None and job.failure.code == "crashed"
    ping = client.submit("ping")
    client.pump(ping, 60)
    assert ping.state is JobState.DONE and starts(client) == 2


def test_a_safe_job_is_done_again_once(bad: Maker) -> None:
    client = bad("dies once")
    job = client.submit("preview", {}, retry=True)
    client.pump(job, 60)
    assert job.state is JobState.DONE and job.attempts == 2 and starts(client) == 2


def test_a_safe_job_that_kills_every_worker_ends(bad: Maker) -> None:
    client = bad("dies in a job")
    job = client.submit("preview", {}, retry=True)
    client.pump(job, 60)
    assert job.state is JobState.FAILED and job.attempts == 2


def test_a_hang_is_seen_and_ended(bad: Maker) -> None:
    client = bad("hangs later")
    job = client.submit("generate", {})
    client.pump(lambda: job.state is JobState.RUNNING, 60)
    pid = client.engine["pid"]
    client.pump(job, 60)
    assert job.failure is not None and job.failure.code == "hung"
    client.pump(lambda: not alive(pid), 60)  # later steps collect it: no zombie stays


def test_a_long_absence_of_the_main_thread_is_no_hang(bad: Maker) -> None:
    """A render blocks Blender for minutes; the worker was well all the time."""
    client = bad("good", replace(QUICK, silence=1.5))
    client.pump(client.submit("ping"), 60)
    time.sleep(2.5)
    job = client.submit("vary", {})
    client.pump(job, 60)
    assert job.state is JobState.DONE and starts(client) == 1


def test_closed_output_counts_as_ended(bad: Maker) -> None:
    client = bad("closes stdout")
    client.pump(client.submit("ping"), 60)
    client.pump(lambda: client.life is not Life.READY, 60)
    assert client.why is not None and client.why.code in ("crashed", "hung")


def test_a_deaf_worker_is_ended_after_a_cancel(bad: Maker) -> None:
    client = bad("deaf")
    job = client.submit("generate", {})
    waiting = client.submit("vary", {})
    client.pump(lambda: job.state is JobState.RUNNING, 60)
    client.cancel(waiting)
    assert waiting.state is JobState.CANCELLED
    client.cancel(job)
    client.pump(job, 60)
    assert job.state is JobState.CANCELLED
    ping = client.submit("ping")
    client.pump(ping, 60)
    assert ping.state is JobState.DONE


def test_a_job_over_its_time_fails(bad: Maker) -> None:
    client = bad("deaf")
    job = client.submit("generate", {}, limit=0.3)
    client.pump(job, 60)
    assert job.state is JobState.FAILED and job.failure is not None and job.failure.code == "timeout"


def test_errors_of_the_worker_come_through(bad: Maker) -> None:
    client = bad("error")
    job = client.submit("generate", {})
    client.pump(job, 60)
    assert job.failure is not None
    told = (job.failure.code, str(job.failure.message), str(job.failure.advice))
    assert told == ("disk", "The disk is full.", "Make room or choose another folder, then try again.")


def test_a_flood_leaves_the_main_thread_free(bad: Maker) -> None:
    seen: list[str] = []

    def on_item(_job: Job, _item: object) -> None:
        seen.append(threading.current_thread().name)

    client = bad("flood", replace(QUICK, silence=30, budget=0.0))
    client.pump(client.submit("ping"), 60)  # starting the process is another matter
    job = client.submit("generate", {}, on_item=on_item)
    counts = [0]
    while not job.final:
        client.step()
        counts.append(len(job.items))
    assert job.state is JobState.DONE and len(job.items) == 1000 and set(seen) == {"MainThread"}
    # with no time to spend, a step handles one message and gives the thread back
    assert max(after - before for before, after in pairwise(counts)) == 1


def test_listeners_that_raise_or_come_back_in(bad: Maker) -> None:
    client = bad("good")
    said: list[str] = []

    def listener(_job: Job) -> None:
        said.append("called")
        client.step()
        with pytest.raises(RuntimeError):
            client.pump(lambda: True)
        raise ValueError("a listener's fault")

    job = client.submit("vary", {}, on_done=listener)
    client.pump(job, 60)
    assert said == ["called"]


def test_a_grandchild_ends_too(bad: Maker, tmp_path: Path) -> None:
    client = bad("orphan")
    client.pump(client.submit("ping"), 60)
    job = client.submit("generate", {})
    client.pump(lambda: job.state is JobState.RUNNING, 60)
    pid, grandchild = client.engine["pid"], int((tmp_path / "grandchild").read_text())
    client.close(patience=0.3)
    assert job.state is JobState.FAILED
    assert gone(pid) and gone(grandchild)


def test_ending_python_ends_the_worker(tmp_path: Path) -> None:
    """At a normal exit, and when the parent is killed without a word: then the closed pipe ends a real worker."""
    script = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        import tests.addon_core
        from blender_addon.core.client import WorkerClient
        command = [sys.executable, "-I", "-u", {str(BAD)!r}, "good", {str(tmp_path)!r}]
        client = WorkerClient(command, Path({str(tmp_path / "log")!r}))
        client.pump(client.submit("ping"), 60)
        print(client.engine["pid"], flush=True)
        if sys.argv[1] == "killed":
            import os, signal
            os.kill(os.getpid(), signal.SIGKILL)
    """)
    root = BAD.parents[2]
    for how in ("normal", "killed"):
        done = subprocess.run(
            [sys.executable, "-c", script, how], cwd=root, capture_output=True, text=True, timeout=30, check=False
        )
        assert gone(int(done.stdout)), how


def test_a_request_that_no_line_holds_fails_at_once(bad: Maker) -> None:
    client = bad("good")
    job = client.submit("vary", {"x": "y" * 2_000_000})
    assert job.state is JobState.FAILED and job.failure is not None and job.failure.code == "bad_request"
    job = client.submit("vary", {"x": float("nan")})
    assert job.state is JobState.FAILED


def test_nothing_is_told_after_close(bad: Maker) -> None:
    client = bad("good")
    said: list[Job] = []
    job = client.submit("vary", {}, on_done=said.append)
    client.close()
    assert job.failure is not None and job.failure.code == "closed" and not said
    assert client.submit("vary", {}).state is JobState.FAILED
