# SPDX-License-Identifier: Apache-2.0
"""A full disk, a read-only folder, kill -9, Ctrl-C: the real command, the starter at its smallest."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.batch import SMALL, TINY
from benchmarks.batch_faults import command, fuzz, kills
from portrait_core.batch.manifest import manifests, read_manifests
from portrait_core.batch.resume import is_whole

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="mounts and signals of Linux"),
    pytest.mark.timeout(900),
]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few avatars; only root may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=350k", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("no right to mount a small file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def run(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)


def test_a_full_disk_ends_the_batch_with_a_sentence_and_keeps_what_is_finished(small_disk: Path) -> None:
    out = small_disk / "out"
    done = run(command(40, out, TINY))
    assert done.returncode == 1
    assert "the disk is full" in done.stderr and "Traceback" not in done.stderr, done.stderr
    records = {name: each for name, each in read_manifests(manifests(out)).records.items() if each.status == "made"}
    assert records and all(is_whole(each, out) for each in records.values())
    assert not [path for path in out.rglob("*") if ".part" in path.name]
    before = {name: (out / f"{name}.glb").stat().st_mtime_ns for name in records}
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    count = len(records) + 2
    done = run(command(count, out, TINY, workers=1))
    assert done.returncode == 0, done.stderr
    after = read_manifests(manifests(out)).records
    assert sum(each.status == "made" for each in after.values()) >= count
    assert all((out / f"{name}.glb").stat().st_mtime_ns == stamp for name, stamp in before.items())


@pytest.mark.skipif(shutil.which("mount") is None or os.geteuid() != 0, reason="root writes everywhere but here")
def test_a_read_only_target_is_told_before_any_work(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = run(command(4, small_disk, TINY, workers=1))
    assert done.returncode == 1 and "read-only" in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("count", "times", "fields"),
    [
        (5, 1, TINY),
        pytest.param(6, 2, TINY, marks=pytest.mark.sweep),
        pytest.param(10, 3, SMALL, marks=pytest.mark.sweep),
    ],
)
def test_kill_nine_costs_what_was_in_work_and_nothing_else(count: int, times: int, fields: dict[str, Any]) -> None:
    """The sample is killed once, when the first record is fresh; the sweeps while further runs go on from earlier ones,
    too."""
    found = kills(count, times, fields, seed=1)
    assert (found["exit"], found["present_and_whole"], found["made_when_run_again"]) == (0, count, 0), found
    assert found["kills"] == times and found["made_twice"] == 0 and found["temporary_files_left"] == 0


def test_ctrl_c_finishes_cleanly(tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen(command(60, out, TINY), start_new_session=True, stderr=subprocess.PIPE, text=True)
    while not (out / "manifest.jsonl").is_file() or not (out / "manifest.jsonl").stat().st_size:
        time.sleep(0.05)
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the workers get it too
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    records = read_manifests(manifests(out)).records
    assert 1 <= len(records) < 60 and all(is_whole(each, out) for each in records.values())
    assert (out / "index.html").is_file() and "interrupted | yes" in (out / "report.md").read_text()


def test_wrong_rows_manifests_and_messages() -> None:
    found = fuzz(250, seed=3)
    assert found["files_made"] == 0 and found["slowest_seconds"] < 2.0
    assert found["bad rows"] > 100 and found["manifest lines refused"] > 100
