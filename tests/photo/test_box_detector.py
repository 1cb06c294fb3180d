# SPDX-License-Identifier: Apache-2.0
"""From what the detector's network says to faces."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.photo.body_landmarks import DETECTOR
from portrait_core.photo.box_detector import blend, overlap
from portrait_core.photo.face_detector import FAR, NEAR


def test_anchors_are_two_a_cell_then_six() -> None:
    expected = [((x + 0.5) / 16, (y + 0.5) / 16) for y in range(16) for x in range(16) for _ in range(2)]
    expected += [((x + 0.5) / 8, (y + 0.5) / 8) for y in range(8) for x in range(8) for _ in range(6)]
    assert np.allclose(NEAR.anchors, expected)
    assert FAR.anchors.shape == (2304, 2)
    assert DETECTOR.anchors.shape == (2254, 2)


def test_overlap_is_the_share_of_the_union() -> None:
    one = np.array([[0.5, 0.5], [0.4, 0.2]])
    boxes = np.array([one, [[0.7, 0.5], one[1]], [[1.5, 0.5], one[1]], [[0.5, 0.5], [0.0, 0.0]]])
    assert overlap(one, boxes) == pytest.approx([1.0, 1 / 3, 0.0, 0.0])


def test_finds_that_overlap_are_one_face() -> None:
    first, second = np.full((8, 2), 0.3), np.full((8, 2), 0.7)
    first[1] = second[1] = 0.2
    groups = blend(np.array([second, first, first + [[0.02, 0]] + 0.0 * first]), np.array([0.6, 0.9, 0.3]))
    assert [score for score, _ in groups] == [0.9, 0.6]
    # The blend leans to the surer one: 0.9 of 1.2.
    assert groups[0][1][0] == pytest.approx([0.3 + 0.02 * 0.25, 0.3])
    assert groups[1][1] == pytest.approx(second)
    assert blend(np.zeros((0, 8, 2)), np.zeros(0)) == []
