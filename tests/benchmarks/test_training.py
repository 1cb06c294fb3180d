# SPDX-License-Identifier: Apache-2.0
"""The curve of a run, read from its log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.training import curve
from portrait_core.training.adversarial.log import RunLog


def figures(distance: float, iou: float, degrees: float, nod: float) -> dict[str, Any]:
    read = {"head_deg": degrees + 1, "head_deg_centred": degrees, "corr": {"nod": nod, "turn": 0.1, "tilt": 0.2}}
    coarse = {"head_deg": 21.0, "head_deg_centred": 20.0, "corr": read["corr"]}
    known = {"distance": distance, "mask_iou": iou, "pose_std": [0.1, 0.2]}
    return known | {"read": read, "read_alone": read, "coarse": coarse}


def test_the_best_snapshot_is_held_against_the_bars(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = RunLog(tmp_path)
    log.write("figures", 0, 0.0, figures(200.0, 0.2, 18.0, 0.0))
    for number, speed in enumerate((9.0, 11.0, 10.0), 1):
        log.write("tick", number, number, {"images_per_s": speed, "memory_mb": 900 + number})
    log.write("figures", 9, 9.0, figures(10.0, 0.8, 12.0, 0.9))
    log.write("figures", 12, 12.0, figures(20.0, 0.9, 13.0, 0.5))
    curve(tmp_path)
    told = capsys.readouterr().out
    assert "distance falls 20.0x (bar 25x) by 9.0 kimg" in told
    assert "mask IoU 0.900 (bar 0.92) at 12.0 kimg" in told
    assert "head error 0.60 of the coarse labels'" in told
    assert "correlation of the nod 0.90 (bar 0.8)" in told
    assert "10.0 images/s (median tick), 903 MB" in told
    assert len([line for line in told.splitlines() if "0.10-0.20" in line]) == 3


def test_a_run_without_figures_is_told(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no figures yet"):
        curve(tmp_path)
