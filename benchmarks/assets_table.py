# SPDX-License-Identifier: Apache-2.0
"""All bars of the assets in one table: what is asked, what was measured, whether it is met."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

Facts = dict[str, Any]
Pick = Callable[[Sequence[float]], float]


def mean(values: Sequence[float]) -> float:
    """The mean over the seeds."""
    return float(np.mean(values))


def median(values: Sequence[float]) -> float:
    """The median over the seeds."""
    return float(np.median(values))


@dataclass(frozen=True)
class Row:
    """One line: ``path`` leads to a number in each seed's facts, ``pick`` makes one of them all.

    ``bar`` is a sign, ``<=``, ``<``, ``>=`` or ``=``, and a number; a row without one is for information.
    """

    name: str
    path: str
    pick: Pick = max
    bar: tuple[str, float] | None = None
    digits: int = 2

    def line(self, seeds: Sequence[Facts]) -> str | None:
        """The row's text, or None where no seed has the number."""
        values = [number for facts in seeds if (number := _at(facts, self.path)) is not None]
        if not values:
            return None
        value = self.pick(values)
        seeds_said = f"({len(values)})" if len(values) > 1 else ""
        asked = f"{self.bar[0]} {self.bar[1]:g}" if self.bar else ""
        verdict = ("PASS" if met(value, self.bar) else "MISS") if self.bar else ""
        return f"{self.name:52s} {asked:>10s} {value:10.{self.digits}f}  {verdict:4s}  {seeds_said}".rstrip()


def met(value: float, bar: tuple[str, float]) -> bool:
    """Whether ``value`` keeps to ``bar``; what is not a number never does."""
    sign, limit = bar
    return {"<=": value <= limit, "<": value < limit, ">=": value >= limit, "=": value == limit}[sign]


SURFACE = (
    Row("surface at 512: time [s]", "time.extract_s", min, ("<=", 3), 2),
    Row("surface at 512: dense evaluation over ours [x]", "time.evaluation_times_faster", min, (">=", 100), 0),
    Row("surface at 512: dense evaluation over all of it [x]", "time.extraction_times_faster", min, None, 0),
    Row("surface at 512: farthest from the dense one [voxel]", "truth.distance_to_dense_voxels", max, ("<=", 0.05), 4),
)
ASSETS = (
    Row("whole way, warm, median [s]", "time.seconds", median, ("<=", 6)),
    Row("whole way, warm, slowest [s]", "time.seconds", max),
    Row("whole way: peak memory [GiB]", "time.peak_gib", max, ("<", 2 * 1e9 / 2**30)),
    Row("watertight with the cap, all", "mesh.watertight", min, ("=", 1), 0),
    Row("unwrap of 20,000 faces, median [s]", "time.stages.unwrap", median, ("<=", 3)),
    Row("unwrap of 20,000 faces, slowest [s]", "time.stages.unwrap", max),
    Row("charts, most", "mesh.atlas.charts", max, ("<=", 60), 0),
    Row("frontal face is one chart, all", "mesh.atlas.face_in_one_chart", min, ("=", 1), 0),
    Row("utilisation of the atlas, least", "mesh.atlas.utilisation", min, (">=", 0.60), 3),
    Row("thinnest chart: largest disc in it [texels]", "mesh.atlas.thinnest", min, (">=", 4), 1),
    Row("thinnest chart: width of its hull [texels]", "mesh.atlas.thinnest_hull", min, None, 1),
    Row("texels per length, face over torso, least", "mesh.atlas.face_over_torso", min, (">=", 2)),
    Row("12 views: PSNR inside, mean [dB]", "pictures.psnr", mean, (">=", 30)),
    Row("12 views: PSNR inside, least of the seeds [dB]", "pictures.psnr", min),
    Row("12 views: silhouette IoU, mean", "pictures.iou", mean, (">=", 0.98), 4),
    Row("12 views: silhouette IoU, least view", "pictures.least_iou", min, None, 4),
    Row("head turned 40 degrees: silhouette IoU, least", "poses.iou", min, (">=", 0.94), 4),
    Row("head turned 40 degrees: stretch, most [x]", "poses.stretch", max, ("<=", 4)),
    Row("head turned 40 degrees: change of volume, most", "poses.volume", max, ("<=", 0.03), 4),
    Row("validator: files read", "files.variants", sum, None, 0),
    Row("validator: errors, every variant", "files.errors", sum, ("=", 0), 0),
    Row("validator: warnings, every variant", "files.warnings", sum, ("=", 0), 0),
)
SOAK = (
    Row("exports in a loop", "exports", max, (">=", 1000), 0),
    Row("exports in a loop: failures", "failed", max, ("=", 0), 0),
    Row("exports in a loop: growth since the 100th [MiB]", "growth_mib", max, ("<=", 16), 1),
)
"""Memory moves by some pages up and down from one export to the next; what leaks grows by more than 16 MiB in 900."""


def table(seeds: Sequence[Facts], surface: Facts | None = None, soak: Facts | None = None) -> str:
    """The table of all ``seeds``, with the results of benchmarks/surface.py and benchmarks/soak.py where there are any.

    Below it, where the time of the whole way goes, in medians over the seeds.
    """
    lines = [f"{'':52s} {'bar':>10s} {'measured':>10s}"]
    groups = ((SURFACE, list(_surface(surface or {}))), (ASSETS, seeds), (SOAK, [_soak(soak)] if soak else []))
    for rows, facts in groups:
        lines += [line for row in rows if (line := row.line(facts)) is not None]
    return "\n".join([*lines, *_stages(seeds)])


def _surface(results: Facts) -> Iterator[Facts]:
    """The timing at 512, and the truth for each seed."""
    for each in results.get("time", []):
        if each["resolution"] == 512:
            yield {"time": each}
    for each in results.get("truth_512", []):
        yield {"truth": each}


def _soak(results: Facts) -> Facts:
    return {**results, "failed": len(results["failures"])}


def _stages(seeds: Sequence[Facts]) -> Iterator[str]:
    stages: dict[str, list[float]] = {}
    for facts in seeds:
        for stage, seconds in facts.get("time", {}).get("stages", {}).items():
            stages.setdefault(stage, []).append(seconds)
    if stages:
        yield "where the time goes, medians [s]"
    for stage, seconds in stages.items():
        yield f"  {stage:50s} {'':>10s} {median(seconds):10.2f}"


def _at(facts: Facts, path: str) -> float | None:
    *above, last = path.split(".")
    for key in above:
        inner: object = facts.get(key)
        if not isinstance(inner, dict):
            return None
        facts = cast("Facts", inner)
    found: object = facts.get(last)
    return float(found) if isinstance(found, int | float) else None
