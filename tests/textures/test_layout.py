# SPDX-License-Identifier: Apache-2.0
"""A layout that is kept paints as one that is made anew, and tells of its texels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from textures.bake import bake_image, bake_layout
from textures.layout import Layout

QUAD = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
UVS = np.array([[0, 0], [0.8, 0], [0.8, 1], [0, 0.9]], np.float32)
PLACES = np.array([[0, 0, 5], [0.01, 0, 5], [0.01, 0.01, 5], [0, 0.01, 5]], np.float32)
SIZE = 96


def wave(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """A smooth part and an edge, on which texels are means of several samples."""
    edge = (points[:, 0] > 0.004).astype(np.float32)
    return np.stack([0.5 + 0.4 * np.sin(points[:, 1] * 900), edge], 1).astype(np.float32)


def test_a_kept_layout_gives_the_same_image_and_numbers_the_texels() -> None:
    layout = Layout(QUAD, UVS, PLACES, SIZE, keep=True)
    seen: dict[int, NDArray[np.float32]] = {}
    between = [0]

    def sample(points: NDArray[np.float32], numbers: NDArray[np.int64] | None) -> NDArray[np.float32]:
        if numbers is None:
            between[0] += len(points)
        else:
            for number, point in zip(numbers.tolist(), points, strict=True):
                np.testing.assert_array_equal(seen.setdefault(number, point), point)
        return wave(points)

    plain = bake_image(QUAD, UVS, PLACES, wave, SIZE, srgb=(True, False))
    for _ in range(2):
        np.testing.assert_array_equal(bake_layout(layout, sample, srgb=(True, False)), plain)
    assert between[0] > 0 and len(seen) > SIZE
    # A texel's number says where it is, row by row from the top.
    number, point = next(iter(sorted(seen.items())[len(seen) // 2 :]))
    row, column = divmod(number, SIZE)
    np.testing.assert_allclose(point[0], 0.01 * (column + 0.5) / SIZE / 0.8, atol=2e-5)
    assert 0 <= row < SIZE
