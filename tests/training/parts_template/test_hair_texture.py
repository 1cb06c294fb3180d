# SPDX-License-Identifier: Apache-2.0
"""A style's stored picture has hair, a margin around it, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from portrait_core.training.parts_template.hair_texture import DRAWN, MARGIN, MIDDLE, detail_image, drawn_out


def test_far_from_hair_nothing_is_stored_and_near_it_hair_is_continued() -> None:
    size, wide = 128, 32
    rgba = np.random.default_rng(5).integers(60, 200, (size, size, 4)).astype(np.uint8)
    rgba[..., 3] = 255
    uvs = np.array([[0, 0], [wide / size, 0], [wide / size, 1], [0, 1]], np.float32)
    image = detail_image(rgba, np.array([[0, 1, 2], [0, 2, 3]], np.int32), uvs)
    nothing = round(255 * MIDDLE)
    assert image[:, :wide, 0].std() > 20 and (image[:, :wide, 1] == 255).all()
    beside = image[:, wide + 4 : wide + MARGIN - 1]
    assert (beside[..., 0] != nothing).mean() > 0.9 and (beside[..., 1] == 0).all()
    beyond = image[:, wide + MARGIN + 4 :]
    assert (beyond[..., 0] == nothing).all() and (beyond[..., 1] == 0).all()


def test_blotches_are_drawn_out_to_strands() -> None:
    """Noise, on a chart whose strands run down: before, it changes both ways alike; after, across them alone."""
    size = 128
    rgba = np.random.default_rng(2).integers(60, 200, (size, size, 4)).astype(np.uint8)
    rgba[..., 3] = 255
    uvs = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    along = np.array([0.2, 0.2, 0.0, 0.0])

    def steps(image: NDArray[np.uint8]) -> tuple[float, float]:
        grey = image[20:-20, 20:-20, 0].astype(float)
        return float(np.abs(np.diff(grey, axis=0)).mean()), float(np.abs(np.diff(grey, axis=1)).mean())

    down, right = steps(detail_image(rgba, faces, uvs))
    assert 0.8 * right < down < 1.25 * right
    down, right = steps(detail_image(rgba, faces, uvs, along))
    assert down < 0.6 * right


def test_drawn_out_is_the_mean_along_a_line() -> None:
    values = np.random.default_rng(4).normal(size=(9, 64))
    ways = np.zeros((2, 9, 64))
    ways[1] = 1.0
    found = drawn_out(values, np.ones_like(values), ways)
    share = 1 - np.abs(np.arange(-DRAWN, DRAWN + 1)) / (DRAWN + 1)
    for column in (20, 32, 40):
        expected = values[:, column - DRAWN : column + DRAWN + 1] @ (share / share.sum())
        assert found[:, column] == pytest.approx(expected)
    assert drawn_out(values, np.ones_like(values), 0 * ways) == pytest.approx(values)
