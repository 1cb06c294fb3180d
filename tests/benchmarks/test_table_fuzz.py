# SPDX-License-Identifier: Apache-2.0
"""A few of the thousand mutated tables and recipes: each is read or told in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_mutated_tables_and_recipes_are_read_or_told(tmp_path: Path) -> None:
    out = tmp_path / "fuzz.json"
    command = [sys.executable, "-m", "benchmarks.table_fuzz", "--count", "150", "--first", "1000", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(out.read_text())
    assert result["wrong"] == [] and sum(result["ends"].values()) == 150
    assert set(result["ends"]) == {"read", "bad rows", "refused"}
