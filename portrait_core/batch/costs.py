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

MEGATEXEL = 1024**2
FINE = 40_000
"""Faces from which on an avatar of parts has its skin subdivided once."""


@dataclass(frozen=True)
class Cost:
    """Of an avatar with one worker: ``seconds``, ``bytes`` on the disk, and the worker's ``memory_mib`` at its peak."""

    seconds: float
    bytes: float
    memory_mib: float


def cost_of(recipe: Recipe, outputs: Outputs) -> Cost:
    """The cost of a recipe, as measured on two cores: within a fifth of the measurements in docs/batch.md."""
    if recipe.topology == "parts":
        return _of_parts(recipe, outputs)
    faces = (recipe.faces, *recipe.lods)
    painted = len(faces) if recipe.lod_maps == "own" else 1
    texels = [max(recipe.texture_size >> number, 256) ** 2 / MEGATEXEL for number in range(painted)]
    files, cells = len(outputs.endings), recipe.lattice / 256

    seconds = 0.6 + 0.6 * recipe.normal_map + 0.95 * cells**2 + 0.09 * cells**4
    seconds += 0.3 * (painted - 1) + sum(0.41 * (count / 20_000) ** 1.7 for count in faces)
    seconds += (0.25 + 0.1 * recipe.occlusion) * sum(texels) + (files - 1) * (0.1 + 0.05 * texels[0])

    # Pictures of more texels are smoother, and their files grow less.
    maps = 1.9 + 1.3 * recipe.normal_map + 0.3 * recipe.occlusion
    size = files * (58.0 * sum(faces) + 0.41e6 * maps * sum(each**0.75 for each in texels)) + 260_000
    if outputs.view:
        size += 6.0 * min(20_000, recipe.faces) + 60_000

    memory = 745 + 400 * cells**1.2 + 15 * sum(texels) + 2.5 * sum(faces) / 1000
    return Cost(seconds, size, memory)


def _of_parts(recipe: Recipe, outputs: Outputs) -> Cost:
    """Of an avatar of parts: faces are nearly the same for everybody, and maps what counts (benchmarks.parts_speed)."""
    texels = recipe.texture_size**2 / MEGATEXEL
    fine = recipe.faces >= FINE
    seconds = 0.55 + 0.45 * texels + 0.3 * fine + 0.1 * len(recipe.lods) + 0.15 * (len(outputs.endings) - 1)
    maps = (1.1 + 0.5 * recipe.normal_map) * max(texels, 0.25) ** 0.75
    maps *= 0.5 if recipe.image_format == "jpeg" else 1.0
    shapes = 0.0
    if recipe.face in ("morphs", "both"):
        seconds += 0.2 + 0.3 * fine
        shapes = (1.65e6 + 3.6e6 * fine + 0.45e6 * len(recipe.lods)) * (1.8 if recipe.face_normals else 1.0)
    size = len(outputs.endings) * (1.1e6 + 1.6e6 * fine + 0.5e6 * len(recipe.lods) + 1e6 * maps + shapes) + 260_000
    if outputs.view:
        size += 600_000
    return Cost(seconds, size, 900 + 120 * texels)


def estimate(jobs: Sequence[Job], outputs: Outputs, made: Iterable[Record] = ()) -> Cost:
    """Of all ``jobs`` together: the sums of seconds and bytes, the largest memory.

    ``made`` are avatars of before, whose time and size are taken where one of the same settings is among them.
    """
    seen: dict[tuple[object, ...], list[Record]] = {}
    for record in made:
        if record.status == "made" and record.seconds:
            seen.setdefault(_settings(record.recipe), []).append(record)
    usual = {
        key: (statistics.median(each.seconds for each in alike), statistics.median(each.bytes for each in alike))
        for key, alike in seen.items()
    }
    seconds = size = memory = 0.0
    for job in jobs:
        cost = cost_of(job.recipe, outputs)
        known = usual.get(_settings(job.recipe.facts()), (cost.seconds, cost.bytes))
        seconds, size = seconds + known[0], size + known[1]
        memory = max(memory, cost.memory_mib)
    return Cost(seconds, size, memory)


def _settings(recipe: dict[str, object]) -> tuple[object, ...]:
    names = (
        "model",
        "topology",
        "faces",
        "lods",
        "lod_maps",
        "texture_size",
        "texture",
        "normal_map",
        "occlusion",
        "lattice",
        "face",
        "face_normals",
        "image_format",
    )
    return tuple(str(recipe.get(name)) for name in names)
