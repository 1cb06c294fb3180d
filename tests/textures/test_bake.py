# SPDX-License-Identifier: Apache-2.0
"""Baked colours: in the right place, in the right colour space, without a background."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.errors import Cancelled
from portrait_core.shape import decimate, extract_surface
from tests.analytic import AnalyticField, ball, gradient
from textures import bake_colour, cover_texels, linear_to_srgb, srgb_to_linear, unwrap
from textures.bake import dilate
from textures.colour_space import decode_srgb, encode_srgb

QUAD = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
QUAD_UV = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
QUAD_PLACE = np.array([[0, 0, 5], [1, 0, 5], [1, 1, 5], [0, 1, 5]], np.float32)


def test_transfer_function_at_known_points() -> None:
    linear = np.array([0.0, 0.0031308, 0.05, 0.2140411, 0.5, 1.0], np.float32)
    srgb = np.array([0.0, 0.04044994, 0.2477988, 0.5, 0.7353569, 1.0])
    np.testing.assert_allclose(linear_to_srgb(linear), srgb, atol=1e-5)
    np.testing.assert_allclose(srgb_to_linear(srgb.astype(np.float32)), linear, atol=1e-5)
    every = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(encode_srgb(decode_srgb(every)), every)


def test_the_image_is_srgb_with_row_zero_at_the_top() -> None:
    """Linear 0.5 must be stored as 188, not 128; red grows to the right, green upwards."""
    image = bake_colour(
        QUAD,
        QUAD_UV,
        QUAD_PLACE,
        lambda p: np.stack([p[:, 0], p[:, 1], np.full(len(p), 0.5)], 1).astype(np.float32),
        64,
    )
    assert image.shape == (64, 64, 3) and image.dtype == np.uint8
    assert (image[:, :, 2] == 188).all()
    centres = (np.arange(64, dtype=np.float32) + 0.5) / 64
    np.testing.assert_array_equal(image[10, :, 0], encode_srgb(centres))
    np.testing.assert_array_equal(image[:, 10, 1], encode_srgb(centres)[::-1])


def test_empty_texels_take_the_nearest_colour_over_the_whole_image() -> None:
    uvs = QUAD_UV * 0.25 + np.array([0.5, 0.25], np.float32)
    image = bake_colour(QUAD, uvs, QUAD_PLACE, lambda p: p * np.array([1, 1, 0], np.float32), 32)
    texels = cover_texels(QUAD, uvs, 32)
    covered = np.zeros((32, 32), bool)
    covered[texels.row, texels.column] = True
    assert 60 <= covered.sum() <= 68
    rows, columns = np.nonzero(covered)
    for row, column in ((0, 0), (31, 31), (12, 3), (2, 20), (20, 31)):  # the obvious search
        distance = (rows - row) ** 2 + (columns - column) ** 2
        nearest = [image[r, c].tolist() for r, c in zip(*np.nonzero(covered), strict=True)]
        best = [nearest[i] for i in np.flatnonzero(distance == distance.min())]
        assert image[row, column].tolist() in best


def test_dilating_an_uncovered_image_leaves_it() -> None:
    image = np.full((4, 4, 3), 7, np.uint8)
    np.testing.assert_array_equal(dilate(image, np.zeros((4, 4), bool)), image)


def test_texture_lookups_on_a_sphere_give_the_fields_colour() -> None:
    """Bilinear look-ups at random points against the field: catches shifts, flips, mirrored charts, wrong space."""
    field = AnalyticField(ball((0, 0, 0), 0.3), ((-0.35,) * 3, (0.35,) * 3), gradient)
    surface = decimate(extract_surface(field, 64), 2000)
    atlas = unwrap(surface.vertices, surface.faces, resolution=256, padding=2)
    places = surface.vertices[atlas.vertex_map]
    image = bake_colour(atlas.faces, atlas.uvs, places, field.colour, 256)
    rng = np.random.default_rng(0)
    face = atlas.faces[rng.integers(0, len(atlas.faces), 4000)]
    weights = rng.dirichlet((1, 1, 1), 4000).astype(np.float32)
    point = np.einsum("nk,nkc->nc", weights, places[face])
    uv = np.einsum("nk,nkc->nc", weights, atlas.uvs[face])
    x, y = uv[:, 0] * 256 - 0.5, (1 - uv[:, 1]) * 256 - 0.5
    linear = decode_srgb(image)
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    right, down = (x - column)[:, None], (y - row)[:, None]

    def at(r: np.ndarray, c: np.ndarray) -> np.ndarray:
        return linear[np.clip(r, 0, 255), np.clip(c, 0, 255)]

    top = at(row, column) * (1 - right) + at(row, column + 1) * right
    bottom = at(row + 1, column) * (1 - right) + at(row + 1, column + 1) * right
    error = np.abs(top * (1 - down) + bottom * down - field.colour(point))
    assert error.mean() < 0.003 and error.max() < 0.03


def test_progress_and_cancelling_and_bad_colours() -> None:
    seen: list[tuple[str, float]] = []
    bake_colour(
        QUAD, QUAD_UV, QUAD_PLACE, np.abs, 512, progress=lambda stage, done: seen.append((stage, done))
    )
    assert [name for name, _ in seen] == ["texture"] * len(seen) and len(seen) >= 2 and seen[-1][1] == 1.0

    def stop(stage: str, fraction: float) -> None:
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        bake_colour(QUAD, QUAD_UV, QUAD_PLACE, np.abs, 64, progress=stop)
    with pytest.raises(ValueError, match="not finite"):
        bake_colour(QUAD, QUAD_UV, QUAD_PLACE, lambda p: p * np.nan, 16)
