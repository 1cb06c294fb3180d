# SPDX-License-Identifier: Apache-2.0
"""The machine as the engine sees it: cores, memory, and the seconds of stages."""

from __future__ import annotations

import mmap
import platform
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portrait_core.runtime import cores
from portrait_core.runtime.cores import available_cores, container_share
from portrait_core.runtime.memory import free_memory_mib, resident_bytes
from portrait_core.runtime.stage_clock import StageClock
from portrait_core.runtime.threads import alone, limit_threads, take_short_turns, thread_count


@pytest.mark.parametrize(("text", "share"), [("150000 100000", 1.5), ("max 100000", None), ("", None), ("1 0", None)])
def test_a_container_s_share_is_read(tmp_path: Path, text: str, share: float | None) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(text)
    assert container_share(file) == share
    assert container_share(tmp_path / "missing") is None


def test_cores_are_no_more_than_the_container_s_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "cpu.max"
    file.write_text("50000 100000")
    monkeypatch.setattr(cores, "QUOTA", file)
    assert available_cores() == 1


def test_threads_are_limited_by_cores_or_by_what_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1 <= thread_count(10_000) == available_cores()
    limit_threads(3)
    try:
        assert (thread_count(10_000), thread_count(2), thread_count(0)) == (3, 2, 1)
    finally:
        limit_threads(None)


def test_memory_that_is_taken_is_seen() -> None:
    before = resident_bytes()
    size = 64 << 20
    with mmap.mmap(-1, size) as taken:  # pages of its own: an allocator may hand out what the process holds already
        taken.write(b"\1" * size)
        after = resident_bytes()
    assert before is not None and after is not None and after - before > size // 2
    free = free_memory_mib()
    assert free is not None and free > 1.0


def test_stages_that_come_again_add_up() -> None:
    clock = StageClock()
    begin = time.perf_counter()
    assert clock.enter("one") and not clock.enter("one")
    time.sleep(0.01)
    clock("two", 0.0)
    clock("one", 1.0)
    time.sleep(0.01)
    seconds = clock.close()
    assert list(seconds) == ["one", "two"]
    assert seconds["one"] >= 0.019 and sum(seconds.values()) <= time.perf_counter() - begin + 0.001
    clock.restart()
    assert clock.close() == {}


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries have one heap, or heaps of their own")
def test_threads_of_our_processes_share_one_heap() -> None:
    """What threads have freed is there for others: eight of them in turn hold little more than one of them."""
    program = """
import sys, threading
from portrait_core.runtime.heap import share_one_heap
if sys.argv[1] == "one":
    share_one_heap()
from portrait_core.runtime.memory import resident_bytes
before, at_once = resident_bytes(), threading.Barrier(8)
def work():
    at_once.wait()
    blocks = [bytearray(100_000) for _ in range(100)]  # 10 MB, freed above something that stays
    kept.append(bytearray(50_000))
    at_once.wait()
kept = []
threads = [threading.Thread(target=work) for _ in range(8)]
for each in threads:
    each.start()
for each in threads:
    each.join()
blocks = [bytearray(100_000) for _ in range(800)]
print(resident_bytes() - before)
"""
    held = [int(subprocess.check_output([sys.executable, "-c", program, how])) for how in ("one", "many")]
    assert held[0] < 0.8 * held[1]


def test_threads_of_our_processes_take_short_turns() -> None:
    before = sys.getswitchinterval()
    try:
        take_short_turns()
        assert sys.getswitchinterval() < 0.001
    finally:
        sys.setswitchinterval(before)


def test_a_thread_works_alone_while_it_says_so() -> None:
    before = thread_count(8)
    with ThreadPoolExecutor(1) as pool, alone():
        assert thread_count(8) == 1
        with alone():
            pass
        assert thread_count(8) == 1
        assert pool.submit(thread_count, 8).result() == before, "others do as they did"
    assert thread_count(8) == before
