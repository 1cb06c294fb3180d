# SPDX-License-Identifier: Apache-2.0
"""Does anything pile up? Whole exports in one process, one after another, with the memory after each.

    python -m benchmarks.soak [--count 1000] [--seeds 50] [--out benchmarks/results/soak.json]

Each export is the whole way with small settings: model to cleaned surface, atlas, maps, rig and thumbnail, and a GLB
with its thumbnail written to a folder that is removed again. Seeds repeat after ``--seeds``, so that a store that
grows with every avatar is told from one that grows with every new one. The bar: no failure, and no growth of memory
between the 100th export and the last.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import tempfile
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from portrait_core.formats.write import write_avatar
from portrait_core.models.load import load_model
from portrait_core.models.starter.model import CanonicalAvatarModel
from portrait_core.pipeline import make_avatar
from portrait_core.recipe import Recipe

SETTINGS: dict[str, Any] = {"faces": 500, "texture_size": 64, "lattice": 64, "normal_map": True}
SETTLED = 100
"""Exports after which caches, kernels and the allocator's pools have their size."""

WINDOW = 50
"""Memory at a moment is the median of this many exports: one export's own arrays come and go."""

_log = logging.getLogger("portraitkit")


def resident_mib() -> float:
    """Memory of this process that is in RAM now, MiB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def export(seed: int, model: CanonicalAvatarModel) -> int:
    """Make one avatar and write it; the bytes of its files."""
    with tempfile.TemporaryDirectory() as folder:
        paths = write_avatar(make_avatar(Recipe(seed=seed, **SETTINGS), model), Path(folder) / "avatar.glb")
        return sum(path.stat().st_size for path in paths)


def soak(count: int, seeds: int, model: CanonicalAvatarModel, out: Path | None = None) -> dict[str, Any]:
    """Make ``count`` exports; failures are counted, not raised. ``out`` gets the results so far every 50 exports."""
    memory: list[float] = []
    failures: list[dict[str, Any]] = []
    begin = time.perf_counter()
    for number in range(count):
        try:
            export(number % seeds, model)
        except Exception as error:
            failures.append({"export": number, "seed": number % seeds, "error": repr(error)})
            _log.error("export %d failed:\n%s", number, traceback.format_exc())
        memory.append(resident_mib())
        if number % 50 == 49:
            print(f"{number + 1} exports, {memory[-1]:.0f} MiB, {len(failures)} failures", flush=True)
            if out:
                write(out, facts(memory, failures, seeds, time.perf_counter() - begin))
    return facts(memory, failures, seeds, time.perf_counter() - begin)


def facts(memory: list[float], failures: list[dict[str, Any]], seeds: int, seconds: float) -> dict[str, Any]:
    """What is worth knowing of the exports so far: plain JSON data."""
    count = len(memory)
    return {
        "exports": count,
        "seeds": seeds,
        "settings": SETTINGS,
        "seconds_each": round(seconds / count, 3),
        "failures": failures,
        "open_files": len(list(Path("/proc/self/fd").iterdir())),
        "threads": threading.active_count(),
        **growth(memory),
        "memory_mib": [round(each, 1) for each in memory[:: max(1, count // 200)]],
    }


def write(path: Path, result: dict[str, Any]) -> None:
    """Write ``result`` as JSON."""
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def growth(memory: list[float]) -> dict[str, float]:
    """Memory at the 100th export (half-way, of a short run) and at the end, and the slope between, MiB."""
    start = min(SETTLED, len(memory) // 2)
    window = max(1, min(WINDOW, (len(memory) - start) // 2))
    settled, last = float(np.median(memory[start : start + window])), float(np.median(memory[-window:]))
    later = np.asarray(memory[start:])
    slope = float(np.polyfit(np.arange(len(later)), later, 1)[0]) if len(later) > 1 else 0.0
    return {
        "settled_mib": round(settled, 1),
        "last_mib": round(last, 1),
        "growth_mib": round(last - settled, 1),
        "slope_mib_per_100": round(100 * slope, 3),
        "peak_mib": round(max(memory), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    result = soak(options.count, options.seeds, load_model("starter", "cpu"), options.out)
    print(json.dumps({key: value for key, value in result.items() if key != "memory_mib"}, indent=1))
    if options.out:
        write(options.out, result)


if __name__ == "__main__":
    main()
