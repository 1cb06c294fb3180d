# SPDX-License-Identifier: Apache-2.0
"""An avatar beside another busy program: how many times as long as alone, in one run.

``python -m benchmarks.beside`` times ``portrait generate`` alone, two of them at once, and one beside a torch program
of one and of two threads, in turn, and writes benchmarks/results/beside.json. Ratios are of medians.
``--before FOLDER`` times another checkout's command in the same run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "beside.json"
BUSY = """
import sys, torch
torch.set_num_threads(int(sys.argv[1]))
a = torch.randn(600, 600)
print("busy", flush=True)
while True:
    a = torch.tanh(a @ a)
"""


def start(checkout: Path, seed: int, out: Path) -> subprocess.Popen[bytes]:
    """One ``portrait generate`` of a checkout, by this Python."""
    words = [sys.executable, "-m", "cli.main", "generate", "--seed", str(seed), "--out", str(out), "--quiet"]
    return subprocess.Popen(words, cwd=checkout, stdout=subprocess.DEVNULL)


def seconds(checkout: Path, count: int) -> float:
    """Seconds until each of ``count`` avatars, begun at once, is done: their mean."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        running = {number: start(checkout, 3 + number, Path(folder) / str(number)) for number in range(count)}
        taken: list[float] = []
        while running:
            for number, process in list(running.items()):
                code = process.poll()
                if code is not None:
                    assert code == 0, f"generate ended with {code}"
                    taken.append(time.perf_counter() - begin)
                    del running[number]
            time.sleep(0.01)
        return sum(taken) / len(taken)


def beside(checkout: Path, threads: int) -> float:
    """Seconds of one avatar beside a torch program of so many threads."""
    words = [sys.executable, "-c", BUSY, str(threads)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as busy:
        assert busy.stdout is not None and busy.stdout.readline()
        try:
            return seconds(checkout, 1)
        finally:
            busy.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--before", type=Path, help="another checkout to be timed in turn")
    words = parser.parse_args()
    taken: dict[str, list[float]] = {}
    for _ in range(words.repeats):
        for name, checkout in (("now", ROOT), ("before", words.before)):
            if checkout is None:
                continue
            for what, value in (
                ("alone", seconds(checkout, 1)),
                ("two at once", seconds(checkout, 2)),
                ("beside one thread", beside(checkout, 1)),
                ("beside two threads", beside(checkout, 2)),
            ):
                taken.setdefault(f"{name}: {what}", []).append(round(value, 2))
                print(f"{name}: {what}: {value:.2f} s", flush=True)
    middle = {name: median(values) for name, values in taken.items()}
    ratios = {name: round(value / middle[f"{name.split(':')[0]}: alone"], 2) for name, value in middle.items()}
    if words.before:
        ratios["now alone, of before alone"] = round(middle["now: alone"] / middle["before: alone"], 2)
    facts = {"seconds": taken, "times as long as alone": ratios}
    RESULTS.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(ratios, indent=1))


if __name__ == "__main__":
    main()
