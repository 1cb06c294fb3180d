# SPDX-License-Identifier: Apache-2.0
"""The table of bars says PASS where a number keeps to its bar, and leaves out what was not measured."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from benchmarks.assets_table import met, table
from benchmarks.soak import growth


def verdict(text: str, name: str) -> str:
    lines = [line for line in text.splitlines() if line.startswith(name)]
    assert len(lines) == 1, text
    return "PASS" if "PASS" in lines[0] else "MISS" if "MISS" in lines[0] else ""


def test_worst_seeds_decide() -> None:
    good = {"mesh": {"watertight": True, "atlas": {"charts": 20, "utilisation": 0.7, "thinnest": 30.0}}}
    bad = {"mesh": {"watertight": False, "atlas": {"charts": 61, "utilisation": 0.59, "thinnest": 3.9}}}
    rows = ("watertight", "charts, most", "utilisation", "thinnest chart: largest disc")
    assert {verdict(table([good, good]), row) for row in rows} == {"PASS"}
    assert {verdict(table([good, bad]), row) for row in rows} == {"MISS"}
    assert "validator" not in table([good])


def test_stages_are_medians_over_the_seeds() -> None:
    seeds = [{"time": {"seconds": s, "peak_gib": 1.0, "stages": {"unwrap": s}}} for s in (1.0, 2.0, 9.0)]
    text = table(seeds)
    assert verdict(text, "unwrap of 20,000 faces, median") == "PASS"
    assert text.splitlines()[-1].split() == ["unwrap", "2.00"]


def test_surface_and_soak() -> None:
    surface = {
        "time": [
            {"resolution": 256, "extract_s": 9.0, "evaluation_times_faster": 1.0},
            {"resolution": 512, "extract_s": 2.5, "evaluation_times_faster": 140.0},
        ],
        "truth_512": [{"distance_to_dense_voxels": 0.01}, {"distance_to_dense_voxels": 0.06}],
    }
    soak = {"exports": 1000, "failures": [{"seed": 3}], "growth_mib": 2.0}
    text = table([], surface, soak)
    assert verdict(text, "surface at 512: time") == "PASS"
    assert verdict(text, "surface at 512: dense") == "PASS"
    assert verdict(text, "surface at 512: farthest") == "MISS"
    assert verdict(text, "exports in a loop: failures") == "MISS"
    assert verdict(text, "exports in a loop: growth") == "PASS"


@pytest.mark.parametrize("sign", ["<=", "<", ">=", "="])
def test_what_is_not_a_number_meets_no_bar(sign: str) -> None:
    assert not met(math.nan, (sign, 1.0))
    assert met(1.0, (sign, 1.0)) == (sign != "<")


def test_growth_is_told_from_noise() -> None:
    noise = [800.0 + (number % 7) for number in range(1000)]
    assert abs(growth([500.0] * 90 + noise[90:])["growth_mib"]) < 5
    leak = growth([each + 0.1 * number for number, each in enumerate(noise)])
    assert leak["growth_mib"] > 80
    assert leak["slope_mib_per_100"] == pytest.approx(10, rel=0.01)


def test_the_stored_results_can_be_read() -> None:
    """What the other benchmarks left fits the table: every bar of theirs has a line."""
    folder = Path(__file__).parents[2] / "benchmarks" / "results"
    found = {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
    text = table([], found.get("surface"), found.get("soak"))
    for name in {"surface", "soak"} & set(found):
        assert ("surface at 512: time" if name == "surface" else "exports in a loop: growth") in text
