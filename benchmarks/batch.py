# SPDX-License-Identifier: Apache-2.0
"""The batch layer measured: throughput, overhead, Ray, memory, presets, the cost model, and kill -9 again and again.

    python -m benchmarks.batch [--part throughput,overhead,ray,memory,presets,costs,kills,fuzz] [--out RESULTS.json]

Results are merged into ``--out`` (default benchmarks/results/batch.json); without ``--part`` the file's table is shown.
All rates are of warm workers: each has made avatars before the clock starts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.batch_faults import fuzz, kills
from portrait_core.batch.costs import cost_of
from portrait_core.batch.executors import Executor, LocalExecutor
from portrait_core.batch.manifest import Manifest
from portrait_core.batch.presets import PRESETS
from portrait_core.batch.records import Job, Outputs, Record
from portrait_core.batch.run import Run
from portrait_core.recipe import Recipe
from portrait_core.runtime.cores import available_cores
from portrait_core.weights.header import read_header
from portrait_core.weights.registry import find_model

RESULTS = Path(__file__).parent / "results" / "batch.json"
SMALL: dict[str, Any] = {"faces": 2000, "texture_size": 256, "lattice": 96, "normal_map": False}
TINY: dict[str, Any] = {
    "faces": 500, "texture_size": 64, "lattice": 64, "normal_map": False, "unwrap": "xatlas", "topology": "shell",
}  # fmt: skip
"""Quicker than SMALL: how long an avatar takes does not matter to disks, signals and nodes."""
LAYER = ("score", "view", "sync")
"""Stages that the batch adds to an avatar's own."""


def jobs_of(seeds: Sequence[int], fields: dict[str, Any]) -> list[Job]:
    """Jobs of the starter."""
    digest = read_header(find_model("starter")).digest
    return [Job(index, f"starter-{seed}", Recipe(seed=seed, **fields), digest) for index, seed in enumerate(seeds)]


def timed(executor: Executor, seeds: Sequence[int], fields: dict[str, Any], warm: int) -> tuple[float, list[Record]]:
    """Wall seconds of a run of ``seeds`` on an executor that has made ``warm`` others, and the records."""
    records: list[Record] = []
    for number, (wanted, kept) in enumerate(((range(9000, 9000 + warm), None), (seeds, records))):
        with tempfile.TemporaryDirectory() as folder:
            heard = kept.append if kept is not None else lambda record: None
            manifest = Manifest(Path(folder))
            run = Run(jobs_of(list(wanted), fields), Outputs(), Path(folder), manifest, heard=heard)
            begin = time.perf_counter()
            run.go(executor, run.missing())
            seconds = time.perf_counter() - begin
            manifest.close()
            assert number == 0 or run.summary.made == len(seeds), run.summary
    return seconds, records


def throughput(count: int, fields: dict[str, Any]) -> dict[str, Any]:
    """Avatars an hour of one worker with one thread, one with all threads, and a worker a core."""
    cores = available_cores()
    found: dict[str, Any] = {"settings": fields, "avatars": count}
    for name, workers, threads in (("one_thread", 1, 1), ("one_worker", 1, cores), ("workers", cores, 1)):
        executor = LocalExecutor(["cpu"] * workers, threads)
        try:
            seconds, _ = timed(executor, range(count), fields, 2 * workers)
        finally:
            executor.close()
        found[name] = {"workers": workers, "threads": threads, "an_hour": round(3600 * count / seconds, 1)}
        print(name, found[name], flush=True)
    found["over_one_thread"] = round(found["workers"]["an_hour"] / found["one_thread"]["an_hour"], 3)
    found["over_one_worker"] = round(found["workers"]["an_hour"] / found["one_worker"]["an_hour"], 3)
    return found


def overhead(count: int, fields: dict[str, Any]) -> dict[str, Any]:
    """The share of a run's time that is not making and writing avatars: scores, view data, digests, syncs, messages."""
    executor = LocalExecutor(["cpu"], available_cores())
    try:
        seconds, records = timed(executor, range(count), fields, 2)
    finally:
        executor.close()
    own = sum(sum(value for stage, value in each.stages.items() if stage not in LAYER) for each in records)
    layer = {stage: round(statistics.mean(each.stages.get(stage, 0.0) for each in records), 4) for stage in LAYER}
    return {
        "settings": fields,
        "avatars": count,
        "seconds_each": round(seconds / count, 3),
        "layer_stages": layer,
        "share": round((seconds - own) / seconds, 4),
    }


def ray(count: int, fields: dict[str, Any]) -> dict[str, Any]:
    """Two workers of a local Ray cluster against two processes, turn by turn."""
    from portrait_core.batch.ray_executor import RayExecutor

    local, cluster = LocalExecutor(["cpu"] * 2, 1), None
    rates: dict[str, list[float]] = {"local": [], "ray": []}
    try:
        cluster = RayExecutor(None, 2, "cpu", 1)
        for turn in range(3):
            for name, executor in (("local", local), ("ray", cluster)):
                seconds, _ = timed(executor, range(count), fields, 4 if turn == 0 else 0)
                rates[name].append(3600 * count / seconds)
    finally:
        local.close()
        if cluster is not None:
            cluster.close()
    found = {name: round(statistics.median(values), 1) for name, values in rates.items()}
    return {"settings": fields, "avatars": count, **found, "ratio": round(found["ray"] / found["local"], 3)}


def memory(count: int) -> dict[str, Any]:
    """Resident memory of a worker after each of ``count`` avatars, and of the batch itself."""
    from portrait_core.runtime.memory import resident_bytes

    executor = LocalExecutor(["cpu"] * 2, 1)
    try:
        before = (resident_bytes() or 0) / 2**20
        seconds, records = timed(executor, range(count), SMALL, 4)
        after = (resident_bytes() or 0) / 2**20
    finally:
        executor.close()
    found: dict[str, Any] = {"avatars": count, "settings": SMALL, "seconds": round(seconds, 1), "workers": {}}
    for worker in sorted({each.worker for each in records}):
        values = [each.memory_mib for each in records if each.worker == worker]
        settled, last = np.median(values[len(values) // 10 :][:50]), np.median(values[-50:])
        found["workers"][worker] = {
            "avatars": len(values),
            "settled_mib": round(float(settled), 1),
            "last_mib": round(float(last), 1),
            "growth_mib": round(float(last - settled), 1),
        }
    found["batch_mib"] = [round(before, 1), round(after, 1)]
    found["failed"] = sum(each.status != "made" for each in records)
    return found


def presets(counts: dict[str, int], topologies: Sequence[str], known: dict[str, Any]) -> dict[str, Any]:
    """Avatars an hour, size and memory of each preset and topology, with a worker a core; ``known`` are results of
    other ones. A shell's are under the preset's name, as they always were; those of parts under ``NAME parts``."""
    found = dict(known)
    for (name, count), topology in product(counts.items(), topologies):
        executor = LocalExecutor(["cpu"] * available_cores(), 1)
        fields = {**PRESETS[name], "topology": topology}
        try:
            # Parts take longer to warm up: what all persons share is made by the first of a worker.
            seconds, records = timed(executor, range(count), fields, 2 if topology == "shell" else 8)
        finally:
            executor.close()
        name = name if topology == "shell" else f"{name} {topology}"
        found[name] = {
            "avatars": count,
            "an_hour": round(3600 * count / seconds),
            "seconds_each_worker": round(statistics.median(each.seconds for each in records), 2),
            "megabytes": round(statistics.median(each.bytes for each in records) / 1e6, 2),
            "memory_mib": round(max(each.memory_mib for each in records)),
        }
        print(name, found[name], flush=True)
    return found


def costs(seeds: int) -> list[dict[str, Any]]:
    """One setting changed at a time from the standard: measured seconds, bytes and memory beside the model's."""
    base = PRESETS["standard"]
    grid: list[dict[str, Any]] = [base]
    grid += [{**base, "lattice": each} for each in (128, 384, 512)]
    grid += [{**base, "faces": each} for each in (5000, 60_000)]
    grid += [{**base, "texture_size": each} for each in (512, 2048, 4096)]
    found: list[dict[str, Any]] = []
    for fields in grid:
        executor = LocalExecutor(["cpu"], available_cores())
        try:
            _, records = timed(executor, range(seeds), fields, 1)
        finally:
            executor.close()
        guess = cost_of(Recipe(**fields), Outputs())
        found.append(
            {
                **{key: fields[key] for key in ("lattice", "faces", "texture_size")},
                "seconds": round(statistics.median(each.seconds for each in records), 2),
                "model_seconds": round(guess.seconds, 2),
                "megabytes": round(statistics.median(each.bytes for each in records) / 1e6, 2),
                "model_megabytes": round(guess.bytes / 1e6, 2),
                "memory_mib": round(max(each.memory_mib for each in records)),
                "model_memory_mib": round(guess.memory_mib),
            }
        )
        print(found[-1], flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", default="")
    parser.add_argument("--count", type=int, default=0, help="avatars of each part instead of its own number")
    parser.add_argument("--presets", default="draft,standard,hero", help="which of them the part of that name measures")
    parser.add_argument("--topologies", default="shell,parts", help="of avatars of the presets")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    found: dict[str, Any] = json.loads(options.out.read_text(encoding="utf-8")) if options.out.is_file() else {}
    standard = PRESETS["standard"]
    count = options.count
    counts = {name: count or {"draft": 24, "standard": 16, "hero": 6}[name] for name in options.presets.split(",")}
    parts: dict[str, Any] = {
        "throughput": lambda: throughput(count or 16, standard),
        "overhead": lambda: overhead(count or 12, standard),
        "ray": lambda: ray(count or 12, PRESETS["draft"]),
        "memory": lambda: memory(count or 1000),
        "presets": lambda: presets(counts, options.topologies.split(","), found.get("presets", {})),
        "costs": lambda: costs(count or 3),
        "kills": lambda: kills(count or 200, 20, SMALL),
        "fuzz": lambda: fuzz(count or 5000),
    }
    for part in filter(None, options.part.split(",")):
        found[part] = parts[part]()
        print(json.dumps({part: found[part]}, indent=1), flush=True)
        options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if not options.part:
        print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
