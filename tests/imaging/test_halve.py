# SPDX-License-Identifier: Apache-2.0
"""Half the size against plain sums over sixteen times as many pixels."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.imaging.halve import half_side, halved


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 2), (3, 3), (7, 4), (4, 7), (65, 63), (64, 64)])
def test_each_pixel_is_the_mean_of_its_area(height: int, width: int) -> None:
    plane = np.random.default_rng(1).integers(0, 256, (height, width), dtype=np.uint8)
    rows, columns = half_side(height), half_side(width)
    # So fine that the borders of the large pixels are borders of small ones as well.
    fine = plane.astype(np.float64).repeat(rows, axis=0).repeat(columns, axis=1)
    slow = fine.reshape(rows, height, columns, width).mean(axis=(1, 3))
    made = halved(plane)
    assert made.shape == (rows, columns) and made.dtype == np.uint8
    np.testing.assert_allclose(made, slow, rtol=0, atol=0.5 + 1e-4)


def test_even_sides_are_rounded_as_they_always_were() -> None:
    plane = np.random.default_rng(2).integers(0, 256, (12, 8), dtype=np.uint8)
    blocks = plane.reshape(6, 2, 4, 2).astype(int).sum(axis=(1, 3))
    np.testing.assert_array_equal(halved(plane), (blocks + 2) // 4)
