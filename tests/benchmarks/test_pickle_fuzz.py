# SPDX-License-Identifier: Apache-2.0
"""A few of the ten thousand mutated checkpoints, in a process of their own: an audit hook cannot be taken out again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_mutated_checkpoints_are_equal_or_refused(tmp_path: Path) -> None:
    out = tmp_path / "fuzz.json"
    command = [sys.executable, "-m", "benchmarks.pickle_fuzz", "--count", "120", "--workers", "1", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(out.read_text())
    assert result["wrong"] == [] and sum(result["ends"].values()) == 120
    assert set(result["ends"]) <= {"equal", "other numbers", "refused"}
    assert result["ends"]["refused"] > 60 and result["ends"]["equal"] > 0
    assert result["slowest_s"] < 5 and result["peak_mb_of_a_process"] < 1000
