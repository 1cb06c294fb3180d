# SPDX-License-Identifier: Apache-2.0
"""A few of the ten thousand mutated checkpoints, in a process of their own: an audit hook cannot be taken out again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("count", [48, pytest.param(400, marks=pytest.mark.sweep)])
def test_mutated_checkpoints_are_equal_or_refused(tmp_path: Path, count: int) -> None:
    """The sample holds six copies of each of the eight ways to mutate; `benchmarks.pickle_fuzz` makes ten thousand."""
    out = tmp_path / "fuzz.json"
    command = [
        sys.executable,
        "-m",
        "benchmarks.pickle_fuzz",
        "--count",
        str(count),
        "--workers",
        "1",
        "--out",
        str(out),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(out.read_text())
    assert result["wrong"] == [] and sum(result["ends"].values()) == count
    assert set(result["ends"]) <= {"equal", "other numbers", "refused"}
    assert result["ends"]["refused"] > count // 2 and result["ends"]["equal"] > 0
    assert result["slowest_s"] < 5 and result["peak_mb_of_a_process"] < 1000
