# SPDX-License-Identifier: Apache-2.0
"""How many small wrong changes of the core rooms the tests notice.

A seeded sample of mutants, spread evenly over the rooms and over the functions that tests execute, is applied to a
copy of the tree, one at a time; the tests that reach the changed function run, quickest first, until one fails, and
the golden net last. What survives says which property no test states.

Own code instead of mutmut or cosmic-ray: both mutate texts of errors and logs, which no test should pin, know neither
axes nor minima of arrays, draw no even sample of rooms, and run the whole suite, or a command, for each mutant. Here
one process has torch loaded and forks for each mutant, and a map from functions to tests, made once, keeps it to
seconds.

``python -m benchmarks.mutants map`` makes the map (.cache/mutants.json; again after tests were added),
``python -m benchmarks.mutants run --count 60 --seed 0`` applies and reports, and writes
benchmarks/results/mutants.json. Needs ``os.fork``: Linux or macOS.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from benchmarks.mutations import ROOMS, Mutant, sample
from benchmarks.tree_copy import Copy

ROOT = Path(__file__).parents[1]
MAP = ROOT / ".cache" / "mutants.json"
RESULTS = ROOT / "benchmarks" / "results" / "mutants.json"

TESTS = (
    *("rig", "shape", "textures", "body", "formats", "test_pipeline.py", "pipeline", "geometry"),
    *("latents", "models/starter", "cli/test_bake.py", "test_export.py"),
    *("field/test_meshes_gltf.py", "field/test_meshes_baked.py", "field/test_meshes_polygons.py"),
    *("field/test_motion_cases.py", "field/test_levels.py", "field/test_recipe_digest.py"),
)
"""What of tests/ reaches the core rooms within one process; the golden net comes after."""

GOLDEN = "tests/golden/test_golden.py"
LIMIT = 300
"""Seconds for the tests of one mutant. A mutant that runs on counts as noticed, as it would be by the tests' own
time limit."""
BUDGET = 120.0
"""Seconds, as measured for the map, of tests before the golden net; the quickest come first."""


class Reached:
    """A plugin of pytest: which functions of the rooms each test calls, and how long it takes."""

    def __init__(self) -> None:
        self.seen: set[CodeType] = set()
        self.calls: dict[str, set[str]] = defaultdict(set)
        self.of_file: dict[str, set[str]] = defaultdict(set)
        self.seconds: dict[str, float] = defaultdict(float)

    def _trace(self, frame: FrameType, _event: str, _arg: object) -> None:
        self.seen.add(frame.f_code)

    def _take(self) -> set[str]:
        found: set[str] = set()
        for code in list(self.seen):
            path = Path(code.co_filename)
            if path.is_relative_to(ROOT):
                inside = path.relative_to(ROOT).as_posix()
                if inside.startswith(tuple(f"{room}/" for room in ROOMS)):
                    found.add(f"{inside}::{code.co_qualname}")
        self.seen.clear()
        return found

    def pytest_sessionstart(self) -> None:
        threading.settrace(self._trace)
        sys.settrace(self._trace)

    def pytest_runtest_logreport(self, report: Any) -> None:
        sys.settrace(self._trace)  # a test may have taken it away
        self.seconds[report.nodeid] += report.duration
        # What a fixture of the whole file made belongs to all its tests.
        into = self.calls[report.nodeid] if report.when == "call" else self.of_file[report.nodeid.split("::")[0]]
        into |= self._take()

    def facts(self) -> dict[str, Any]:
        sys.settrace(None)
        tests: dict[str, list[str]] = defaultdict(list)
        for test in sorted(self.seconds):
            for function in sorted(self.calls[test] | self.of_file[test.split("::")[0]]):
                tests[function].append(test)
        return {"seconds": {test: round(each, 2) for test, each in self.seconds.items()}, "tests": tests}


def make_map(only: list[str]) -> None:
    """Run the tests of the rooms once and keep which functions each reaches; ``only`` adds these to a map there is."""
    facts: dict[str, Any] = {"seconds": {}, "tests": {}}
    if only and MAP.exists():
        facts = json.loads(MAP.read_text(encoding="utf-8"))
    MAP.parent.mkdir(exist_ok=True)
    for part in only or [f"tests/{part}" for part in TESTS if (ROOT / "tests" / part).exists()]:
        reached = Reached()
        pytest.main(["-q", "-n", "0", "-p", "no:cacheprovider", part], plugins=[reached])
        new = reached.facts()
        facts["seconds"] |= new["seconds"]
        for function, tests in new["tests"].items():
            facts["tests"][function] = sorted({*tests, *facts["tests"].get(function, [])})
        MAP.write_text(json.dumps(facts, indent=0), encoding="utf-8")


def tests_of(mutant: Mutant, facts: dict[str, Any]) -> list[str]:
    """The tests that reach the mutant's function (for constants of a module: any of its functions), quickest first."""
    found: set[str] = set()
    for function, tests in facts["tests"].items():
        path, _, name = function.partition("::")
        if path == mutant.path and (mutant.function in (name, "") or name.startswith(f"{mutant.function}.<locals>")):
            found.update(tests)
    there = [test for test in found if (ROOT / test.split("::")[0]).exists()]
    ordered = sorted(there, key=lambda test: (facts["seconds"][test], test))
    taken: list[str] = []
    spent = 0.0
    for test in ordered:
        spent += facts["seconds"][test]
        if taken and spent > BUDGET:
            break
        taken.append(test)
    return taken


def outcome(copy: Copy, tests: list[str], limit: float) -> tuple[str, str]:
    """``caught``, ``survived`` or ``time``, and the test that failed, of ``tests`` run in a child in ``copy``."""
    log = copy.folder / "tests.log"
    child = os.fork()
    if child == 0:
        os.setsid()
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.chdir(copy.tree)
        sys.path.insert(0, str(copy.tree))
        os.environ["PYTHONPATH"] = str(copy.tree)
        for name in [name for name in sys.modules if name.split(".")[0] in ("benchmarks", "tests")]:
            del sys.modules[name]
        options = ["-x", "-q", "-n", "0", "-p", "no:cacheprovider", "--tb=line", "--rootdir", str(copy.tree)]
        os._exit(int(pytest.main([*options, *tests])))
    end = time.monotonic() + limit
    status: int | None = None
    while status is None and time.monotonic() < end:
        done, code = os.waitpid(child, os.WNOHANG)
        status = os.waitstatus_to_exitcode(code) if done else None
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if status is None:
        os.waitpid(child, 0)
        return "time", ""
    text = log.read_text(encoding="utf-8", errors="replace")
    failed = next((line for line in text.splitlines() if line.startswith(("FAILED", "ERROR"))), f"exit {status}")
    return ("survived", "") if status == 0 else ("caught", failed)


def preload() -> None:
    """Load what every test loads, before forking: nothing of this repository, nothing that starts threads."""
    import hypothesis
    import numpy
    import PIL.Image
    import pydantic
    import scipy.sparse.linalg
    import scipy.spatial.transform
    import torch
    import trimesh

    del hypothesis, numpy, PIL, pydantic, scipy, torch, trimesh


def judge(copy: Copy, mutant: Mutant, facts: dict[str, Any], *, golden: bool) -> dict[str, Any]:
    """Apply one mutant, run its tests, undo it; what became of it."""
    tests = tests_of(mutant, facts)
    with copy.changed(mutant.path, mutant.text):
        verdict, by = outcome(copy, tests, LIMIT) if tests else ("survived", "")
        if verdict == "survived" and golden:
            verdict, by = outcome(copy, [GOLDEN], 3 * LIMIT)
    return {
        "room": mutant.room,
        "place": f"{mutant.path}:{mutant.line}",
        "function": mutant.function,
        "kind": mutant.kind,
        "diff": mutant.diff,
        "verdict": verdict,
        "by": by,
        "tests": len(tests),
    }


def run(count: int, seed: int, *, golden: bool, only: list[int]) -> None:
    """Judge ``count`` mutants drawn by ``seed`` and write what became of them."""
    facts = json.loads(MAP.read_text(encoding="utf-8"))
    mutants = sample(ROOT, set(facts["tests"]), count, seed)
    preload()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Copy.of(ROOT, Path(folder))
        for number, mutant in enumerate(mutants):
            if only and number not in only:
                continue
            row = judge(copy, mutant, facts, golden=golden)
            rows.append(row)
            print(
                f"{number:3d} {row['verdict']:8s} {row['place']} {mutant.kind}: {row['by'] or row['diff']}", flush=True
            )
            if not only:
                keep(seed, rows, count)
    survivors = [row for row in rows if row["verdict"] == "survived"]
    print(f"\nseed {seed}: {len(rows) - len(survivors)} of {len(rows)} caught")
    for row in survivors:
        print(f"\n{row['place']} in {row['function'] or 'the module'}, {row['kind']}\n{row['diff']}")


def keep(seed: int, rows: list[dict[str, Any]], count: int) -> None:
    """Write what became of the mutants judged so far, so that a run that is ended early leaves its findings."""
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    known[f"seed {seed}"] = {
        "asked": count,
        "count": len(rows),
        "caught": sum(row["verdict"] != "survived" for row in rows),
        "by golden net alone": sum("tests/golden" in row["by"] for row in rows),
        "mutants": rows,
    }
    RESULTS.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    mapping = commands.add_parser("map", help="which tests reach which functions")
    mapping.add_argument("tests", nargs="*", help="only these, added to the map there is")
    running = commands.add_parser("run", help="apply mutants and run their tests")
    running.add_argument("--count", type=int, default=60)
    running.add_argument("--seed", type=int, default=0)
    running.add_argument("--no-golden", action="store_true", help="leave out the golden net")
    running.add_argument("--only", type=int, nargs="*", default=[], help="numbers of mutants; writes no results")
    words = parser.parse_args()
    os.chdir(ROOT)
    if words.command == "map":
        make_map(words.tests)
    else:
        run(words.count, words.seed, golden=not words.no_golden, only=words.only)


if __name__ == "__main__":
    main()
