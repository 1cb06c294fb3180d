# SPDX-License-Identifier: Apache-2.0
"""What an avatar costs before it is made: seconds, bytes and memory, by lattice, faces and size of the maps.

Fitted to measurements on two CPU cores (``python -m benchmarks.batch --part costs``, docs/batch.md); what a folder's
manifest tells of avatars that are like it goes first.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from portrait_core.batch.records import Job, Outputs, Record
from portrait_core.recipe import Recipe
from portrait_core.worker.estimate import generate_steps

BASE_MIB = 620.0
"""A worker with the starter in memory, before its first avatar."""


@dataclass(frozen=True)
class Cost:
    """Of an avatar with one worker: ``seconds``, ``bytes`` on the disk, and the worker's ``memory_mib`` at its peak."""

    seconds: float
    bytes: float
    memory_mib: float


def cost_of(recipe: Recipe, outputs: Outputs) -> Cost:
    """The cost of a recipe, as measured on two cores."""
    faces = (recipe.faces, *recipe.lods)
    sizes = [max(recipe.texture_size >> number, 256) for number in range(len(faces) if recipe.lod_maps == "own" else 1)]
    texels = sum(size * size for size in sizes)
    maps = 1.9 + 1.3 * recipe.normal_map + 0.3 * recipe.occlusion
    size = len(outputs.endings) * (45.0 * sum(faces) + 0.65 * maps * texels) + 260_000
    if outputs.view:
        size += 25.0 * min(20_000, recipe.faces) + 60_000
    seconds = sum(step.seconds for step in generate_steps(recipe, len(outputs.endings)))
    cells = recipe.lattice / 256
    memory = BASE_MIB + 150 * cells**2 + 90 * texels / 1024**2 + 6 * sum(faces) / 1000
    return Cost(seconds, size, memory)


def estimate(jobs: Sequence[Job], outputs: Outputs, made: Iterable[Record] = ()) -> Cost:
    """Of all ``jobs`` together: the sums of seconds and bytes, the largest memory.

    ``made`` are avatars of before, whose time and size are taken where one of the same settings is among them.
    """
    seen: dict[tuple[object, ...], list[Record]] = {}
    for record in made:
        if record.status == "made" and record.seconds:
            seen.setdefault(_settings(record.recipe), []).append(record)
    seconds = size = memory = 0.0
    for job in jobs:
        cost = cost_of(job.recipe, outputs)
        alike = seen.get(_settings(job.recipe.facts()), ())
        seconds += statistics.median(each.seconds for each in alike) if alike else cost.seconds
        size += statistics.median(each.bytes for each in alike) if alike else cost.bytes
        memory = max(memory, cost.memory_mib)
    return Cost(seconds, size, memory)


def _settings(recipe: dict[str, object]) -> tuple[object, ...]:
    names = ("model", "faces", "lods", "lod_maps", "texture_size", "texture", "normal_map", "occlusion", "lattice")
    return tuple(str(recipe.get(name)) for name in names)
