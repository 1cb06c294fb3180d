# SPDX-License-Identifier: Apache-2.0
"""The measures of hair and garments find what is wrong on made-up parts, and nothing where all is well."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.parts_worn import Sheet, comes_through, ear_crossed, over_eye


def grid(
    x: NDArray[np.floating], y: NDArray[np.floating], z: float
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """A sheet that looks along +z: places, faces, uvs."""
    columns, rows = np.meshgrid(x, y)
    places = np.stack([columns.ravel(), rows.ravel(), np.full(columns.size, z)], 1)
    number = np.arange(columns.size).reshape(columns.shape)
    a, b, c, d = (part.ravel() for part in (number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]))
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    span = np.ptp(places[:, :2], axis=0)
    return places, faces, (places[:, :2] - places[:, :2].min(axis=0)) / span


def sheet(z: float = 0.0, half: float = 0.1, opacity: NDArray[np.floating] | None = None) -> Sheet:
    side = np.linspace(-half, half, 41)
    return Sheet(*grid(side, side, z), opacity)


def test_a_fringe_before_an_eye_is_seen_and_one_beside_it_is_not() -> None:
    assert over_eye(sheet(0.03), np.zeros(3)) == 1.0
    beside = Sheet(sheet(0.03).vertices + np.array([0.25, 0, 0]), sheet().faces)
    assert over_eye(beside, np.zeros(3)) == 0.0


def test_hair_that_is_see_through_before_an_eye_does_not_count() -> None:
    clear = np.ones((64, 64))
    clear[16:48, 16:48] = 0.0
    assert over_eye(sheet(0.01, opacity=clear), np.zeros(3)) == 0.0
    assert over_eye(sheet(0.01, opacity=1 - clear), np.zeros(3)) == 1.0


def test_an_ear_half_in_hair_is_crossed_and_one_under_it_is_not() -> None:
    ear, faces, _ = grid(np.linspace(-0.01, 0.01, 9), np.linspace(-0.02, 0.02, 9), 0.0)
    tilted = ear + np.stack([0 * ear[:, 0], 0 * ear[:, 0], ear[:, 1] + 0.001], 1)
    assert ear_crossed(sheet(), tilted, faces) > 0.05
    assert ear_crossed(sheet(0.03), tilted, faces) == 0.0
    assert ear_crossed(sheet(-0.03), tilted, faces) == 0.0


@pytest.mark.parametrize("depth", [0.0005, 0.002, 0.004])
def test_skin_comes_through_by_as_much_as_it_lies_outside(depth: float) -> None:
    side = np.linspace(-0.05, 0.05, 21)
    skin, faces, _ = grid(side, side, depth)
    through = comes_through(sheet(), skin, faces)
    assert through.max() == pytest.approx(depth, abs=2e-5)
    assert comes_through(sheet(), skin - [0, 0, 0.006], faces).max() == 0.0


def test_skin_beside_a_border_and_skin_that_is_left_out_do_not_come_through() -> None:
    side = np.linspace(-0.05, 0.05, 21)
    skin, faces, _ = grid(side, side, 0.002)
    small = sheet(half=0.008)
    assert comes_through(small, skin, faces).max() == 0.0
    assert comes_through(sheet(), skin, faces, np.zeros(len(skin), bool)).max() == 0.0
