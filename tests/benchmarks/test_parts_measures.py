# SPDX-License-Identifier: Apache-2.0
"""The measures of parts on made-up cases whose faults are known."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.parts import EYE_SIZE, EYE_STEP, LIMITS, STRAY_MM2, summary
from benchmarks.parts_measures import crossings, folded, lid_gaps, seen_from, slit, stray_share, through


def sheet(low: tuple[float, float], high: tuple[float, float], depth: float) -> tuple[np.ndarray, np.ndarray]:
    """An upright rectangle that faces +z, as two triangles."""
    (a, b), (c, d) = low, high
    return np.array([(a, b, depth), (c, b, depth), (c, d, depth), (a, d, depth)]), np.array([(0, 1, 2), (0, 2, 3)])


def together(*parts: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    starts = np.cumsum([0, *(len(v) for v, _ in parts)])
    return np.concatenate([v for v, _ in parts]), np.concatenate(
        [f + s for (_, f), s in zip(parts, starts[:-1], strict=True)]
    ).astype(np.int32)


@pytest.mark.parametrize("gap", [0.0005, 0.002])
def test_a_slit_is_as_large_as_what_is_seen_through_it(gap: float) -> None:
    upper = sheet((-0.02, gap), (0.02, 0.015), 0.01)
    lower = sheet((-0.02, -0.015), (0.02, 0.0), 0.01)
    bag = sheet((-0.02, -0.015), (0.02, 0.015), 0.0)
    vertices, faces = together(upper, lower, bag)
    inside = np.array([False] * 4 + [True] * 2)
    found = slit(vertices, faces, inside, np.zeros(3), size=(0.038, 0.028), step=0.0001)
    assert found == pytest.approx(38 * gap * 1e3, abs=4)  # a row of lines or two, 38 mm long
    closed, closed_faces = together(sheet((-0.02, 0.0), (0.02, 0.015), 0.01), lower, bag)
    assert slit(closed, closed_faces, inside, np.zeros(3), size=(0.038, 0.028), step=0.0001) <= 4


def test_lines_from_the_side_see_the_side() -> None:
    vertices, faces = sheet((-0.01, -0.01), (0.01, 0.01), 0.0)
    turned = vertices[:, [2, 1, 0]] * (1, 1, -1)  # faces +x
    ahead, _ = seen_from(turned, faces.astype(np.int32), np.zeros(3), (0.018, 0.018), 0.001)
    left, distance = seen_from(turned, faces.astype(np.int32), np.zeros(3), (0.018, 0.018), 0.001, yaw=np.pi / 2)
    assert (left >= 0).all()
    assert (ahead >= 0).mean() < 0.2
    assert np.allclose(distance, 0.3)


def test_a_lid_that_ends_above_the_ball_leaves_a_gap() -> None:
    vertices = np.array([(0, 0, 1.2), (0, 0, 1.05), (0, 0, 0.9), (0, 1.1, 0)])
    gaps = lid_gaps(vertices, [np.array([0, 1, 2]), np.array([0, 1]), np.array([3])], np.zeros(3), 1.0)
    assert gaps == pytest.approx([0.0, 0.05, 0.1])


def test_a_ball_through_a_lid_is_a_piece_beside_the_opening_with_the_lid_close_behind() -> None:
    ball, lids = np.full((20, 20), 0.3), np.full((20, 20), 0.299)
    assert stray_share(ball, lids) == (0, 0)
    lids[5:9, 4:16] = 0.3003  # the lid's margin under the ball
    lids[6:8, 5:15] = np.inf
    assert stray_share(ball, lids) == (48, 0)
    lids[15:17, 7:10] = 0.3001
    assert stray_share(ball, lids) == (54, 6)
    lids[16, 8] = 0.33  # seen past the ball: a second opening
    assert stray_share(ball, lids) == (54, 0)


def test_a_quad_is_folded_when_it_is_however_it_is_cut() -> None:
    flat = np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], float)
    dart = flat.copy()
    dart[2] = (0.2, 0.2, 0)  # not convex, but one of its two cuts is fine
    bow = flat[[0, 2, 1, 3]]  # its edges cross
    vertices = np.concatenate([flat, dart, bow])
    assert folded(vertices, np.arange(12).reshape(3, 4)).tolist() == [2]


@pytest.mark.parametrize("depth", [0.1, 0.3])
def test_crossings_are_found_and_as_deep_as_they_are(depth: float) -> None:
    floor = np.array([(-1, -1, 0), (1, -1, 0), (0, 1, 0)], float)
    spike = np.array([(0, 0, -depth), (0.2, 0, 1), (0, 0.2, 1)])
    vertices, faces = np.concatenate([floor, spike]), np.array([(0, 1, 2), (3, 4, 5)], np.int32)
    crossed, deep = crossings(vertices, faces)
    assert set(crossed) == {0}
    assert deep == pytest.approx(depth, rel=1e-5)
    above = vertices + np.where(np.arange(6)[:, None] > 2, (0, 0, depth + 0.01), 0)
    assert len(crossings(above, faces)[0]) == 0


def test_neighbours_that_share_a_vertex_do_not_cross() -> None:
    vertices = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (-1, 0, 0.5), (0, -1, 0.5)], float)
    assert len(crossings(vertices, np.array([(0, 1, 2), (0, 3, 4)], np.int32))[0]) == 0


def closing_eye(step: float, through: float = 0.0) -> float:
    """Square millimetres of a ball that lines ``step`` apart take to have come through a lid, of an eye that closes: a
    slanting sliver 12 mm long and up to 0.3 mm high, at whose middle one sees in; the ball is before the lid on a disc
    of the radius ``through`` 4 mm above it."""
    along = np.arange(-EYE_SIZE / 2, EYE_SIZE / 2, step) + step / 2
    x, y = np.meshgrid(along, along)
    height = np.abs(y - 0.08 * x) / np.maximum(0.00015 * (1 - (x / 0.006) ** 2), 1e-9)
    lids = np.where((height < 1) | (np.hypot(x, y - 0.004) < through), 0.3002, 0.2995)
    lids[height < 0.3] = np.inf
    return stray_share(np.full(x.shape, 0.3), lids)[1] * step * step * 1e6


def test_the_sliver_of_a_closing_eye_is_an_opening_and_a_ball_through_a_lid_is_none() -> None:
    assert closing_eye(EYE_STEP) < 0.2 * STRAY_MM2
    assert closing_eye(EYE_STEP, 0.00035) > STRAY_MM2


def test_what_comes_through_is_counted_and_what_is_far_is_not() -> None:
    skin, skin_faces = sheet((-0.04, -0.04), (0.04, 0.04), 0.0)
    tooth, tooth_faces = sheet((-0.003, -0.003), (0.003, 0.003), 0.001)
    teeth = [(tooth + np.array([0, 0, depth]), tooth_faces.astype(np.int32)) for depth in (0, -0.002, 0.05)]
    count = through(teeth, (skin, skin_faces.astype(np.int32)), np.zeros(3), (0.0, 0.3), 0.0005)
    assert count[0] == pytest.approx(144, abs=30)
    assert (count[1:] == 0).all()


def test_a_summary_counts_who_breaks_a_limit() -> None:
    good = {"seed": 0, **dict.fromkeys(LIMITS, 0.0)}
    bad = good | {"seed": 1, "slit_mm2": LIMITS["slit_mm2"] + 0.1}
    found = summary([good, bad])
    assert found["failed"] == dict.fromkeys(LIMITS, 0) | {"slit_mm2": 1}
    assert found["worst"]["slit_mm2"] == pytest.approx(LIMITS["slit_mm2"] + 0.1)
