# SPDX-License-Identifier: Apache-2.0
"""What is measured of faces, on tables and surfaces whose answers are known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from benchmarks.faces import AT_MOST, _kept, summary, without
from benchmarks.faces_measures import CLOSE, met_first, rays, seen_ball, stands_out
from portrait_core.geometry.mesh_queries import MeshQueries


def _eye(*pieces: tuple[int, int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Distances of a ball at 1 and of lids before it, except for the pieces (first and last row and column), where they
    lie half a millimetre behind it."""
    ball, lids = np.full((20, 40), 1.0), np.full((20, 40), 0.9)
    for low, high, left, right in pieces:
        lids[low:high, left:right] = 1.0005
    return ball, lids


def test_a_ball_that_comes_through_one_lid_is_a_poke_and_a_slit_between_both_is_none() -> None:
    slit, rest, poke = (8, 9, 5, 20), (8, 9, 25, 30), (14, 16, 10, 14)
    upper = np.zeros((20, 40), np.bool_)
    upper[9:] = True  # rows go up
    ball, lids = _eye(slit, rest)
    assert seen_ball(ball, lids) == (20, 5)
    assert seen_ball(ball, lids, upper) == (20, 0)
    ball, lids = _eye(slit, rest, poke)
    assert seen_ball(ball, lids, upper) == (28, 8)
    ball, lids = _eye(slit, (2, 4, 10, 13))  # through the lower lid
    assert seen_ball(ball, lids, upper) == (21, 6)
    assert seen_ball(*_eye(), upper) == (0, 0)


def test_what_stands_out_has_the_front_of_a_face_close_behind_it() -> None:
    inside = np.array([1.0, 1.0, 1.0, 1.0, np.inf])
    outside = np.array([1.002, 0.999, 1.0 + 1.1 * CLOSE, np.inf, 1.0])
    np.testing.assert_allclose(stands_out(inside, outside), [0.002, 0, 0, 0, 0], atol=1e-12)


def test_lines_meet_a_plane_where_it_is() -> None:
    plane = np.array([[-1.0, -1, 0.02], [1, -1, 0.02], [1, 1, 0.02], [-1, 1, 0.02]])
    faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    for yaw, pitch in ((0.0, 0.0), (0.5, 0.0), (0.0, -0.4)):
        starts, ways, table = rays(np.zeros(3), (0.02, 0.01), 0.001, yaw, pitch)
        away, face = met_first(MeshQueries(plane, faces), starts, ways, table)
        assert away.shape == face.shape == (10, 20)
        met = starts + away.reshape(-1, 1) * ways
        np.testing.assert_allclose(met[:, 2], 0.02, atol=1e-6)
        assert set(np.unique(face)) <= {0, 1}


def test_only_the_tongue_may_stand_out_and_only_where_it_is_stuck_out() -> None:
    assert without("tongueOut", "jawOpen") == ("tongue",)
    assert without("jawOpen", "mouthLeft") == ()


def test_a_summary_counts_who_breaks_a_limit() -> None:
    rows = [
        {"seed": 0, "pair_mm": 0.2, "pair": "a + b: teeth", "pairs_over": {}, "opening_mm2": 900.0},
        {"seed": 1, "pair_mm": 0.9, "pair": "a + c: teeth", "pairs_over": {"a + c: teeth": 0.9}, "opening_mm2": 699.0},
        {"seed": 2, "closed_pixels": 3},
    ]
    found = summary(rows)
    assert found["pair_mm"] == {
        "persons": 2, "mean": 0.55, "least": 0.2, "most": 0.9, "at_most": AT_MOST["pair_mm"], "broken_by": 1,
    }  # fmt: skip
    assert found["opening_mm2"]["broken_by"] == 1 and found["closed_pixels"]["broken_by"] == 1
    assert found["pairs_over"] == {"a + c: teeth": {"persons": 1, "most": 0.9}}
    assert "pair" not in found and "seed" not in found


def test_kept_rows_count_only_for_the_same_model_and_source(tmp_path: Path) -> None:
    wanted = {"mouth": True, "eyes": False}
    path = tmp_path / "rows.jsonl"
    lines = [{"key": key, "wanted": wanted, "row": {"seed": seed}} for key, seed in (("old", 0), ("new", 1))]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert _kept(path, "new") == {(1, json.dumps(wanted)): {"seed": 1}}
    assert _kept(tmp_path / "none", "new") == {} and _kept(None, "new") == {}
