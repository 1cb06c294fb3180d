# SPDX-License-Identifier: Apache-2.0
"""Jobs that wait, are stopped, run out of memory; workers whose client goes away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.worker.client import LONG, SMALL, Worker

PATIENCE = 180
"""Seconds until an end that does not come is a fault, on a machine as busy as may be."""

posix_only = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")


def test_progress_grows_and_the_rest_is_answered_meanwhile(shared: Worker, tmp_path: Path) -> None:
    number = shared.send("generate", recipe={"seed": 2, **SMALL, "faces": 6000}, path=str(tmp_path / "a.glb"))
    shared.wait_for_stage(number, "unwrap")
    assert shared.ask("ping") == {}
    assert "generate" in shared.ask("capabilities")["features"]
    assert shared.of(number, "result") == []  # answered while the job was still at work
    assert shared.answer(number)["event"] == "result"
    told = shared.of(number, "progress")
    overall = [each["overall"] for each in told]
    assert overall == sorted(overall) and overall[0] >= 0 and overall[-1] == 1
    assert len(told) <= 60
    assert any(each["remaining"] for each in told)
    last = next(k for k, each in enumerate(shared.events) if each["event"] == "result" and each["id"] == number)
    assert all(each.get("id") != number for each in shared.events[last + 1 :])


def test_jobs_wait_for_each_other(shared: Worker, tmp_path: Path) -> None:
    numbers = [
        shared.send("generate", recipe={"seed": seed, **SMALL}, path=str(tmp_path / f"{seed}.glb")) for seed in range(3)
    ]
    assert all(shared.answer(number)["event"] == "result" for number in numbers)
    owners = [each["id"] for each in shared.events if each["event"] == "progress" and each["id"] in numbers]
    assert [owner for k, owner in enumerate(owners) if k == 0 or owners[k - 1] != owner] == numbers


def test_an_id_serves_one_open_request(shared: Worker, tmp_path: Path) -> None:
    number = shared.send("generate", recipe={"seed": 2, **SMALL}, path=str(tmp_path / "a.glb"))
    shared.raw(b'{"id":"%s","do":"attributes","recipe":{}}\n' % number.encode())
    error = shared.answer(None)
    assert error["code"] == "bad_request" and number in error["message"]
    assert shared.answer(number)["event"] == "result"


def test_cancel_of_a_running_and_of_a_waiting_job(shared: Worker, tmp_path: Path) -> None:
    running = shared.send("generate", recipe={"seed": 3, **LONG}, path=str(tmp_path / "a.glb"))
    waiting = shared.send("generate", recipe={"seed": 3, **SMALL}, path=str(tmp_path / "b.glb"))
    shared.wait_for_stage(running, "lattice")
    assert shared.ask("cancel", target=waiting) == {"cancelled": True}
    assert shared.answer(waiting)["code"] == "cancelled"
    assert shared.ask("cancel", target=running) == {"cancelled": True}
    assert shared.answer(running)["code"] == "cancelled"
    assert shared.ask("cancel", target=running) == {"cancelled": False}
    assert list(tmp_path.iterdir()) == []
    # As good as before.
    assert shared.ask("generate", recipe={"seed": 3, **SMALL}, path=str(tmp_path / "c.glb"))["faces"] > 0


def test_cancel_of_a_batch_keeps_what_is_done(shared: Worker, tmp_path: Path) -> None:
    number = shared.send("batch", recipe={**SMALL, "faces": 500}, seed_range=[0, 1000], folder=str(tmp_path))
    while not shared.of(number, "item"):
        time.sleep(0.05)
    shared.ask("cancel", target=number)
    assert shared.answer(number)["code"] == "cancelled"
    assert (tmp_path / "starter-0.glb").is_file()
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]


def test_memory_limit_ends_the_job_and_not_the_worker(tmp_path: Path) -> None:
    with Worker(tmp_path / "log") as worker:
        worker.ask("configure", memory_limit=2**28)
        error = worker.refuse("generate", recipe={"seed": 1, **LONG}, path=str(tmp_path / "a.glb"))
        assert error["code"] == "memory" and "lattice" in error["message"]
        worker.ask("configure", memory_limit=None)
        assert worker.ask("generate", recipe={"seed": 1, **SMALL}, path=str(tmp_path / "b.glb"))


@pytest.mark.parametrize("busy", [False, True])
def test_the_end_of_input_ends_the_worker(tmp_path: Path, busy: bool) -> None:
    with Worker(tmp_path / "log") as worker:
        if busy:
            number = worker.send("generate", recipe={"seed": 1, **LONG}, path=str(tmp_path / "a.glb"))
            worker.wait_for_stage(number, "clean")
        else:
            worker.ask("ping")
        worker.close_input()
        assert worker.process.wait(PATIENCE) == 0
        assert not (tmp_path / "a.glb").exists()  # it did not work on to the end
        assert "Traceback" not in worker.log.read_text()


def test_shutdown_answers_and_ends(tmp_path: Path) -> None:
    with Worker(tmp_path / "log") as worker:
        number = worker.send("generate", recipe={"seed": 1, **LONG}, path=str(tmp_path / "a.glb"))
        worker.wait_for_stage(number, "lattice")
        assert worker.ask("shutdown") == {}
        assert worker.process.wait(PATIENCE) == 0


@posix_only
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with Worker(tmp_path / "log") as worker:
        worker.ask("ping")
        worker.process.send_signal(number)
        assert worker.process.wait(PATIENCE) == 0
        assert "Traceback" not in worker.log.read_text()


@posix_only
def test_a_killed_parent_leaves_no_orphan(tmp_path: Path) -> None:
    program = (
        "import json, subprocess, sys, time\n"
        "from portrait_core.protocol import worker_command\n"
        "child = subprocess.Popen(worker_command(sys.executable), stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "print(json.loads(child.stdout.readline())['pid'], flush=True)\n"
        f"order = {{'id': 'a', 'do': 'generate', 'recipe': {LONG!r}, 'path': {str(tmp_path / 'a.glb')!r}}}\n"
        "child.stdin.write(json.dumps(order).encode() + b'\\n')\n"
        "child.stdin.flush()\n"
        "while json.loads(child.stdout.readline())['event'] != 'progress': pass\n"
        "print('at work', flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    )
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    assert parent.stdout.readline() == b"at work\n"
    parent.kill()
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + PATIENCE
    while _alive(worker) and time.monotonic() < end:
        time.sleep(0.1)
    assert not _alive(worker)


def _alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
        return not Path("/proc/self/stat").exists()
    return state != "Z"


def test_a_client_that_does_not_read_holds_nobody_up(tmp_path: Path) -> None:
    from portrait_core.protocol import worker_command

    child = subprocess.Popen(
        worker_command(sys.executable), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert child.stdin is not None and child.stdout is not None
    # Far more answers than a pipe holds; the worker must still see that its input ended.
    child.stdin.write(b'{"id":"x","do":"ping"}\n' * 20_000)
    child.stdin.close()
    assert child.wait(20) == 0
    child.stdout.close()


@posix_only
@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() == 0, reason="root writes everywhere")
def test_read_only_folder_is_a_matter_of_permission(shared: Worker, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert shared.refuse("generate", recipe=SMALL, path=str(tmp_path / "a.glb"))["code"] == "permission"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_faults_have_their_codes() -> None:
    import errno

    from portrait_core.engine.faults import fault_of
    from portrait_core.errors import OutputError
    from portrait_core.files.whole_file import output_error

    def wrapped(number: int) -> OutputError:
        try:
            try:
                raise OSError(number, os.strerror(number))
            except OSError as error:
                raise output_error(Path("x"), error) from error
        except OutputError as error:
            return error

    assert fault_of(wrapped(errno.ENOSPC)).code == "disk"
    assert fault_of(wrapped(errno.EACCES)).code == "permission"
    assert fault_of(PermissionError(errno.EACCES, "no")).code == "permission"
    assert fault_of(MemoryError()).code == "memory"
    assert fault_of(RuntimeError("CUDA error: out of memory")).code == "memory"
    internal = fault_of(KeyError("/home/somebody/secret"))
    assert internal.code == "internal" and "secret" not in internal.message
