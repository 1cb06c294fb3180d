# SPDX-License-Identifier: Apache-2.0
"""Our quick PNG writer against pillow's reader, bit by bit."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from portrait_core.imaging.images import encode_png
from portrait_core.imaging.png import encode_map


@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 7, 3), (64, 3, 4), (33, 65), (9, 6, 2), (2, 256, 3)])
@pytest.mark.parametrize("kind", ["noise", "even", "ramp"])
def test_pillow_reads_the_same_back(shape: tuple[int, ...], kind: str) -> None:
    image = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    if kind == "even":
        image[:] = 200
    if kind == "ramp":
        image = (np.indices(shape).sum(axis=0) * 3 % 256).astype(np.uint8)
    content = encode_map(image)
    with Image.open(io.BytesIO(content)) as opened:
        opened.load()
        assert opened.format == "PNG"
        np.testing.assert_array_equal(np.asarray(opened), image)


def test_it_takes_views_and_repeats_itself() -> None:
    image = np.random.default_rng(2).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    turned = image.transpose(1, 0, 2)[::-1]
    with Image.open(io.BytesIO(encode_map(turned))) as opened:
        np.testing.assert_array_equal(np.asarray(opened), turned)
    assert encode_map(image) == encode_map(image)


def test_maps_come_out_about_as_small_as_with_the_slow_writer() -> None:
    """Something like a base colour: smooth, with a grain of a few steps, half of the image even ground."""
    column, row = np.meshgrid(np.arange(512), np.arange(512))
    grain = np.random.default_rng(3).integers(-1, 2, (512, 512, 3))
    smooth = 128 + 60 * np.sin(column / 60) * np.cos(row / 45)
    image = (smooth[:, :, None] + [20, 0, -20] + grain * (column < 256)[:, :, None]).astype(np.uint8)
    assert len(encode_map(image)) < 1.25 * len(encode_png(image)) < image.size / 3


def test_cloth_of_few_colours_takes_half_the_bytes() -> None:
    """Weave that repeats itself: a pattern of a few colours, over and over, which differences of rows would hide."""
    pattern = np.random.default_rng(4).integers(0, 256, (7, 11, 3)).astype(np.uint8)
    image = np.tile(pattern, (40, 30, 1))[:256, :256]
    content = encode_map(image)
    with Image.open(io.BytesIO(content)) as opened:
        np.testing.assert_array_equal(np.asarray(opened), image)
    assert len(content) < image.size / 20
    assert len(content) < 2 * len(encode_png(image))


@pytest.mark.parametrize("bad", [np.zeros((4, 4, 5), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4), np.uint8)])
def test_what_is_no_picture(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8 image, got"):
        encode_map(bad)
