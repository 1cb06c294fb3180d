# SPDX-License-Identifier: Apache-2.0
"""What the fuzzers of checkpoints, meshes, motions and tables share: alarm, canary, counts of ends, memory, command.

Each reads damaged copies by the thousand. A copy must end as a value that is sound, or in one plain error of ours, in
time. An audit hook is the canary: it hears of commands, processes, sockets and files while a copy is read.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import multiprocessing
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portrait_core.errors import PortraitError

RESULTS = Path(__file__).parent / "results"
WATCHED = ("os.system", "os.exec", "os.remove", "os.mkdir", "subprocess.", "socket.", "shutil.", "ctypes.", "pickle.")
"""What no file of data may bring about."""
LONGEST_TEXT = 1000
"""Characters of an error that is still one line to read."""
WAITS = 12
"""How many times as long a reading may take by the clock on the wall."""


class Hang(BaseException):
    """The alarm went off."""


def _was_read(_found: Any) -> str:
    return "read"


@dataclass(frozen=True)
class Reading:
    """One reading of a copy: ``way`` is what it is counted under, ``what`` names it where it ends badly.

    ``read`` runs under alarm and canary; ``judge`` says afterwards what its value is, among the good ends or not.
    """

    way: str
    what: str
    read: Callable[[], Any]
    judge: Callable[[Any], str] = _was_read


def read_all(
    readings: Iterable[Reading],
    *,
    good: tuple[str, ...] = ("read", "refused"),
    longest: float = 10.0,
    watched: tuple[str, ...] = WATCHED,
) -> dict[str, Any]:
    """Do all ``readings``: how each way ended, those that ended in none of the ``good`` ends, and the worst of all.

    ``longest`` is the seconds of processor time that one may take; ``watched`` the beginnings of audit events that none
    may cause.
    """
    heard: list[str] = []
    reading = False

    def listen(event: str, arguments: tuple[Any, ...]) -> None:
        if reading and event.startswith(watched):
            heard.append(f"{event} {str(arguments)[:80]}")

    def ring(*_: object) -> None:
        raise Hang

    sys.addaudithook(listen)
    signal.signal(signal.SIGPROF, ring)  # of processor time: a busy machine is no hang
    signal.signal(signal.SIGALRM, ring)  # but one that waits is
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ends: Counter[str] = Counter()
    wrong: list[str] = []
    slowest, slow = 0.0, ""
    for each in readings:
        found: Any = None
        begin = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, longest)
        signal.setitimer(signal.ITIMER_REAL, WAITS * longest)
        reading = True
        try:
            found = each.read()
            end, whole = "", ""
        except PortraitError as error:
            told = str(error)
            end = "refused" if told and "\n" not in told and len(told) < LONGEST_TEXT else "TOLD BADLY"
            whole = f"{end}: {told[:200]}"
        except Hang:
            end = whole = "HANG"
        except BaseException as error:
            end, whole = "CRASH", f"CRASH {type(error).__name__}: {str(error)[:100]}"
        reading = False
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        taken = time.process_time() - begin
        if taken > slowest:
            slowest, slow = taken, each.what
        if not end:
            end = whole = each.judge(found)
        ends[f"{each.way}: {end}"] += 1
        if heard or end not in good:
            wrong.append(f"{each.what}: {whole} {heard[:3]}")
            heard.clear()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    worst = {"slowest_s": slowest, "slowest": slow, "peak_mb": peak / 1024, "added_mb": (peak - base) / 1024}
    return {"ends": dict(ends), "wrong": wrong, **worst}


def main(module: str, *, count: int, most_memory: float = 1024) -> None:
    """The command of a fuzzer: ``read_copies`` of ``module`` (of this package) over ``--count`` copies, the sum into a
    file of results; exits with 1 where a copy ended badly, or a process grew by more than ``most_memory`` MB."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{module}")
    parser.add_argument("--count", type=int, default=count)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS / f"{module}.json")
    options = parser.parse_args()
    limits = [options.first + options.count * k // options.workers for k in range(options.workers + 1)]
    with multiprocessing.get_context("spawn").Pool(options.workers) as pool:
        parts = pool.starmap(_copies, [(module, *pair) for pair in itertools.pairwise(limits)])
    result = summed(options.count, parts, most_memory)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))
    sys.exit(bool(result["wrong"]))


def _copies(module: str, first: int, last: int) -> dict[str, Any]:
    return importlib.import_module(f"benchmarks.{module}").read_copies(first, last)


def summed(copies: int, parts: list[dict[str, Any]], most_memory: float) -> dict[str, Any]:
    """What the processes found, in one."""
    ways: Counter[str] = Counter()
    for part in parts:
        ways.update(part["ends"])
    total: Counter[str] = Counter()
    for key, count in ways.items():
        total[key.rsplit(": ", 1)[1]] += count
    added = max(part["added_mb"] for part in parts)
    wrong = [line for part in parts for line in part["wrong"]]
    if added > most_memory:
        wrong.append(f"a process grew by {added:.0f} MB")
    worst = max(parts, key=lambda part: part["slowest_s"])
    return {
        "copies": copies,
        "readings": total.total(),
        "ends": dict(sorted(total.items())),
        "by_way": dict(sorted(ways.items())),
        "wrong": wrong,
        "slowest_s": round(worst["slowest_s"], 2),
        "slowest": worst["slowest"],
        "added_mb_of_a_process": round(added),
        "peak_mb_of_a_process": round(max(part["peak_mb"] for part in parts)),
    }
