# SPDX-License-Identifier: Apache-2.0
"""A tenth of the mutated meshes, in a process of their own: it has an alarm, and its memory is measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform == "win32", reason="neither an alarm nor the memory of a process")
def test_mutated_meshes_are_read_or_refused_in_one_line(tmp_path: Path) -> None:
    out = tmp_path / "fuzz.json"
    command = [sys.executable, "-m", "benchmarks.mesh_fuzz", "--count", "150", "--workers", "1", "--first", "20000"]
    done = subprocess.run(
        [*command, "--out", str(out)], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(out.read_text())
    assert result["wrong"] == [] and sum(result["ends"].values()) == 150
    assert set(result["ends"]) == {"read", "refused"}
    assert result["added_mb_of_a_process"] < 500
