# SPDX-License-Identifier: Apache-2.0
"""Texels outside the charts: they continue the nearest chart, on every mip level."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from textures.fill import fill_empty


def two_charts(size: int) -> tuple[np.ndarray, np.ndarray]:
    """A red and a blue island on green ground, which must not be seen."""
    image = np.full((size, size, 3), (0, 255, 0), np.uint8)
    covered = np.zeros((size, size), bool)
    row, column = np.mgrid[:size, :size] / size
    for place, colour in (((0.3, 0.3), (250, 10, 10)), ((0.65, 0.8), (10, 10, 250))):
        inside = (row - place[0]) ** 2 + (column - place[1]) ** 2 < 0.04
        image[inside] = colour
        covered |= inside
    return image, covered


@pytest.mark.parametrize("size", [64, 61])
def test_rings_around_a_chart_have_its_colour_and_no_background_is_left(size: int) -> None:
    image, covered = two_charts(size)
    filled = fill_empty(image, covered, rings=4)
    np.testing.assert_array_equal(filled[covered], image[covered])
    assert filled[:, :, 1].max() <= 10
    distance, nearest = ndimage.distance_transform_edt(~covered, return_indices=True)  # the obvious search
    expected = image[nearest[0], nearest[1]]
    near = distance <= 4
    # Half way between two charts either may win.
    reach = [ndimage.distance_transform_edt(image[:, :, channel] != 250) for channel in (0, 2)]
    clear = near & (np.abs(reach[0] - reach[1]) > 8)
    np.testing.assert_array_equal(filled[clear], expected[clear])


def test_no_mip_level_mixes_in_a_background() -> None:
    image, covered = two_charts(64)
    level = fill_empty(image, covered).astype(float)
    while len(level) > 1:
        level = level.reshape(len(level) // 2, 2, -1, 2, 3).mean(axis=(1, 3))
        assert level[:, :, 1].max() <= 10.5


def test_nothing_or_everything_covered_leaves_the_image() -> None:
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    np.testing.assert_array_equal(fill_empty(image, np.zeros((4, 4), bool)), image)
    np.testing.assert_array_equal(fill_empty(image, np.ones((4, 4), bool)), image)
    one = np.zeros((4, 4), bool)
    one[2, 1] = True
    np.testing.assert_array_equal(fill_empty(image, one, rings=1), np.broadcast_to(image[2, 1], (4, 4, 3)))
