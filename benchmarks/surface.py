# SPDX-License-Identifier: Apache-2.0
"""How fast surfaces are extracted, and how true they are.

    python -m benchmarks.surface [--model starter] [--seeds 8] [--part all|time|truth] [--out FILE]

Time: the whole extraction at 256 and 512 cells, warm, the best of three, on the first seed; of it the evaluation of the
field, which is the preparation of its lattice form and the sampling with all its bookkeeping; placing the vertices; and
dense evaluation, point by point through ``Field.value``, timed on a random sample of the same lattice's points in the
same run and scaled to all of them. ``evaluation_times_faster`` compares evaluation with dense evaluation,
``extraction_times_faster`` the whole extraction with dense evaluation alone.

Truth at 256 and 512, every seed: the lattice is evaluated densely by the field's lattice form, whose marching cubes by
a library must give the same surface: the largest distance of a vertex of either to the other is ``distance_to_dense``.
A sample of those values, at points beside the surface, is compared with ``Field.value``: distances between values at
lattice points, divided by the spacing, which is what a surface moves where its slope is one.

Edges at 512, every seed: 40,000 of the surface's edges are evaluated at both ends by ``Field.value``, point by point.
The values are compared as above, and the crossings with the vertices: the distance along the edge, in voxels, which is
more than that of the surfaces where an edge grazes them. That no piece is missing is
checked on every fourth point of the dense lattice: none may be inside where the shells say outside, or the other way.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.geometry.surface import Surface, outer_shell
from portrait_core.models.load import load_model
from portrait_core.models.starter.field import BustField
from portrait_core.progress import silent
from portrait_core.recipe import Recipe
from portrait_core.shape.adaptive_sampling import Reader, reader, sample_sparse_grid
from portrait_core.shape.grid import Lattice
from portrait_core.shape.isosurface import extract_surface, triangulate, triangulate_bricks

SAMPLE = 60_000
"""Points of the dense lattice that are timed."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--first", type=int, default=0, help="first seed; seeds of an earlier run stay in the file")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "surface.json")
    parser.add_argument(
        "--part",
        choices=("all", "time", "truth"),
        default="all",
        help="keep the other part of an earlier run",
    )
    options = parser.parse_args()
    model = load_model(options.model, "cpu")
    result: dict[str, Any] = {"model": options.model}
    if options.part != "all" and options.out.exists():
        result = json.loads(options.out.read_text(encoding="utf-8"))

    def field_of(seed: int) -> BustField:
        return model.person(Recipe(seed=seed)).field

    def write() -> None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")

    if options.part != "truth":
        result["threads"] = torch.get_num_threads()
        result["load_before"] = os.getloadavg()[0]
        result["time"] = [timing(field_of(0), resolution) for resolution in (256, 512)]
        # Read before the dense volumes of the checks below.
        result["peak_memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        for row in result["time"]:
            print(row)
        print("peak memory", result["peak_memory_mb"], "MB", flush=True)
        write()
    if options.part == "time":
        return
    seeds = range(options.first, options.first + options.seeds)
    truth: dict[str, list[dict[str, Any]]] = {
        part: [row for row in result.get(part, ()) if row["seed"] not in seeds]
        for part in ("truth_256", "truth_512", "truth_512_edges")
    }
    result.update(truth)
    for seed in seeds:
        truth["truth_512_edges"].append(truth_edges(field_of(seed), seed, 512))
        truth["truth_256"].append(truth_dense(field_of(seed), seed, 256))
        truth["truth_512"].append(truth_dense(field_of(seed), seed, 512))
        for rows in truth.values():
            print(rows[-1], flush=True)
        write()


def timing(field: BustField, resolution: int) -> dict[str, Any]:
    """Seconds of the whole extraction, of placing its vertices, and of dense evaluation, scaled from a sample."""
    surface, seconds = _best(lambda: extract_surface(field, resolution), 3)
    lattice = Lattice.over(field.bounds, resolution)
    (_, evaluated), evaluating = _best(lambda: sample_sparse_grid(field, lattice, progress=silent), 3)
    _, placing = _best(lambda: field.place(surface.vertices), 2)
    total = int(np.prod([n + 1 for n in lattice.cells]))
    index = np.random.default_rng(0).integers(0, np.array(lattice.cells) + 1, (SAMPLE, 3))
    _, sampled = _best(lambda: field.value(lattice.points(index)), 2)
    dense = sampled * total / SAMPLE
    return {
        "resolution": resolution,
        "extract_s": round(seconds, 3),
        "place_s": round(placing, 3),
        "vertices": len(surface.vertices),
        "points_evaluated": evaluated,
        "points_dense": total,
        "dense_evaluation_s_scaled_from_sample": round(dense, 1),
        "evaluation_s": round(evaluating, 3),
        "evaluation_times_faster": round(dense / evaluating, 1),
        "extraction_times_faster": round(dense / seconds, 1),
    }


def truth_dense(field: BustField, seed: int, resolution: int) -> dict[str, Any]:
    """The sparse surface against the dense lattice."""
    lattice = Lattice.over(field.bounds, resolution)
    read = reader(field, lattice)
    dense = _dense(read, lattice)
    near = np.argwhere(np.abs(dense) < 1.5 * lattice.spacing.max())
    near = near[:: max(1, len(near) // 30_000)]
    found = dense[tuple(near.T)]
    exact = field.value(lattice.points(near))
    beside = np.abs(exact) < lattice.spacing.max()
    expected = outer_shell(triangulate(dense, lattice))
    del dense
    surface = extract_surface(field, resolution)
    return {
        "seed": seed,
        "vertices": len(surface.vertices),
        "vertices_dense": len(expected.vertices),
        "distance_to_dense_voxels": round(_apart(surface, expected) / float(lattice.spacing.min()), 5),
        "value_error_voxels": float(np.abs(found - exact)[beside].max() / lattice.spacing.min()),
    }


def truth_edges(field: BustField, seed: int, resolution: int) -> dict[str, Any]:
    """The vertices against the crossings of their edges by the field point by point, and pieces that are missing."""
    lattice = Lattice.over(field.bounds, resolution)
    bricks, _ = sample_sparse_grid(field, lattice, progress=silent)
    surface = outer_shell(triangulate_bricks(bricks, lattice))
    place = (surface.vertices.astype(np.float64) - lattice.origin) / lattice.spacing
    axis = np.abs(place - np.round(place)).argmax(axis=1)
    low = np.round(place).astype(np.int64)
    rows = np.arange(len(low))
    low[rows, axis] = np.floor(place[rows, axis]).astype(np.int64)
    high = low.copy()
    high[rows, axis] += 1
    keep = rows[:: max(1, len(rows) // 40_000)]
    begin, end = (field.value(lattice.points(corner[keep])).astype(np.float64) for corner in (low, high))
    read = reader(field, lattice)
    moved = np.maximum(np.abs(read(low[keep]) - begin), np.abs(read(high[keep]) - end)) / lattice.spacing.min()
    crossed = (begin > 0) != (end > 0)
    share = place[rows, axis][keep] - low[rows, axis][keep]
    error = np.abs(np.clip(begin / np.where(begin == end, 1.0, begin - end), 0, 1) - share)[crossed]
    # Every fourth point of the lattice, and of these only those that a piece of some size would hold.
    index = np.argwhere(np.ones([n // 4 + 1 for n in lattice.cells], bool)) * 4
    values = read(index)
    clear = np.abs(values) > 2 * lattice.spacing.max()
    points = lattice.points(index[clear])
    inside = MeshQueries(surface.vertices, surface.faces).inside(points)
    return {
        "seed": seed,
        "vertices": len(surface.vertices),
        "edges_checked": len(keep),
        "edges_not_crossed": int((~crossed).sum()),
        "value_error_voxels": float(moved.max()),
        "distance_along_edges_voxels_max": float(error.max()),
        "distance_along_edges_voxels_99.9_percent": float(np.percentile(error, 99.9)),
        "lattice_points_on_the_wrong_side": int((inside != (values[clear] > 0)).sum()),
        "of": int(clear.sum()),
    }


def _dense(read: Reader, lattice: Lattice) -> NDArray[np.float32]:
    shape = tuple(n + 1 for n in lattice.cells)
    values = np.empty(shape, np.float32)
    layer = np.argwhere(np.ones((1, *shape[1:]), bool))
    for x in range(shape[0]):
        values[x] = read(layer + np.array([x, 0, 0])).reshape(shape[1:])
    return values


def _apart(one: Surface, two: Surface) -> float:
    """The largest distance of a vertex of either surface to the other, metres."""
    there = MeshQueries(two.vertices, two.faces).closest(one.vertices).distance
    back = MeshQueries(one.vertices, one.faces).closest(two.vertices).distance
    return float(max(there.max(), back.max()))


def _best(call: Callable[[], Any], times: int) -> tuple[Any, float]:
    seconds: list[float] = []
    answer = call()
    for _ in range(times):
        begin = time.perf_counter()
        answer = call()
        seconds.append(time.perf_counter() - begin)
    return answer, min(seconds)


if __name__ == "__main__":
    main()
