# SPDX-License-Identifier: Apache-2.0
"""Baked colours: in the right place, in the right colour space, without a background."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from portrait_core.errors import Cancelled
from portrait_core.shape import decimate, extract_surface
from tests.analytic import AnalyticField, ball, gradient
from tests.textures.measures import decode_srgb
from textures import bake_colour, bake_materials, linear_to_srgb, srgb_to_linear, unwrap
from textures.bake import SUB_TEXELS
from textures.colour_space import encode_srgb

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
    bake_colour(QUAD, QUAD_UV, QUAD_PLACE, np.abs, 512, progress=lambda stage, done: seen.append((stage, done)))
    assert [name for name, _ in seen] == ["texture"] * len(seen) and len(seen) >= 2 and seen[-1][1] == 1.0

    def stop(stage: str, fraction: float) -> None:
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        bake_colour(QUAD, QUAD_UV, QUAD_PLACE, np.abs, 64, progress=stop)
    with pytest.raises(ValueError, match="positive"):
        bake_colour(QUAD, QUAD_UV, QUAD_PLACE, np.abs, 0)
    with pytest.raises(ValueError, match="not finite"):
        bake_colour(QUAD, QUAD_UV, QUAD_PLACE, lambda p: p * np.nan, 16)


def waves(points: np.ndarray) -> np.ndarray:
    """Smooth in some places, a sharp border in others, and a spot half a unit wide."""
    x, y = points[:, 0] * 64, points[:, 1] * 64  # in texels of a 64 x 64 image
    spot = np.exp(-((x - 20) ** 2 + (y - 41) ** 2) / 4)
    edge = 0.5 + 0.5 * np.tanh(1.5 * (x - 0.3 * y - 25))
    return np.stack([0.2 + 0.1 * np.sin(y / 12) + 0.5 * spot, 0.3 + 0.4 * edge, 0.1 + x / 128], 1).astype(np.float32)


def test_interpolated_texels_equal_sampled_ones_and_save_samples() -> None:
    counts: list[int] = []

    def counted(points: np.ndarray) -> np.ndarray:
        counts.append(len(points))
        return waves(points)

    full = bake_colour(QUAD, QUAD_UV, QUAD_PLACE, counted, 512, tolerance=0, antialias=False)
    assert sum(counts) == 512 * 512
    counts.clear()
    quick = bake_colour(QUAD, QUAD_UV, QUAD_PLACE, counted, 512, antialias=False, detail=8 / 512)
    error = np.abs(full.astype(int) - quick)
    assert sum(counts) < 0.45 * 512 * 512
    assert error.max() <= 2 and np.percentile(error, 99.9) <= 1
    # An oracle for the oracle: the texels that were sampled are the function's values.
    centres = (np.arange(512) + 0.5) / 512
    places = np.stack([*np.meshgrid(centres, centres[::-1]), np.full((512, 512), 5)], -1).reshape(-1, 3)
    difference = full.reshape(-1, 3).astype(int) - encode_srgb(waves(places.astype(np.float32)))
    assert np.abs(difference).max() <= 1


def test_interpolation_does_not_reach_across_a_gap_between_charts() -> None:
    """Two charts of different colour, three texels apart: no texel of one knows of the other."""
    uvs = np.concatenate([QUAD_UV * (0.5, 1), QUAD_UV * (0.5 - 3 / 128, 1) + (0.5 + 3 / 128, 0)]).astype(np.float32)
    faces = np.concatenate([QUAD, QUAD + 4]).astype(np.int32)
    places = np.concatenate([QUAD_PLACE, QUAD_PLACE + np.array([5, 0, 0])]).astype(np.float32)

    def colour(points: np.ndarray) -> np.ndarray:
        return np.where(points[:, :1] > 3, (0.9, 0.1, 0.1), (0.1, 0.1, 0.9)).astype(np.float32)

    image = bake_colour(faces, uvs, places, colour, 128, detail=1.0)
    one, other = encode_srgb(np.array([[0.1, 0.1, 0.9], [0.9, 0.1, 0.1]], np.float32))
    assert (image[:, :64] == one).all() and (image[:, 67:] == other).all()


def test_tiles_join_without_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bake_colour(QUAD, QUAD_UV, QUAD_PLACE, waves, 256, tolerance=0)
    plain = bake_colour(QUAD, QUAD_UV, QUAD_PLACE, waves, 256, tolerance=0, antialias=False)
    monkeypatch.setattr("textures.bake.TILE", 64)
    again = bake_colour(QUAD, QUAD_UV, QUAD_PLACE, waves, 256, tolerance=0, antialias=False)
    np.testing.assert_array_equal(again, plain)
    tiled = bake_colour(QUAD, QUAD_UV, QUAD_PLACE, waves, 256, detail=8 / 256)
    assert np.abs(tiled.astype(int) - whole).max() <= 2


def test_sharp_borders_are_averaged_in_linear_light() -> None:
    """A slanted edge between black and white: the share of white in a texel, against 16 x 16 samples."""

    def edge(points: np.ndarray) -> np.ndarray:
        return np.repeat((points[:, :1] * 32 > points[:, 1:2] * 9 + 11.3), 3, axis=1).astype(np.float32)

    image = decode_srgb(bake_colour(QUAD, QUAD_UV, QUAD_PLACE, edge, 32))[:, :, 0]
    fine = (np.arange(512, dtype=np.float32) + 0.5) / 512
    x, y = np.meshgrid(fine, fine[::-1])
    share = edge(np.stack([x.ravel(), y.ravel()], 1))[:, 0].reshape(32, 16, 32, 16).mean(axis=(1, 3))
    assert np.abs(image - share).max() <= 0.36
    plain = decode_srgb(bake_colour(QUAD, QUAD_UV, QUAD_PLACE, edge, 32, antialias=False))[:, :, 0]
    assert ((image - share) ** 2).sum() < 0.3 * ((plain - share) ** 2).sum()


def test_roughness_is_stored_as_it_is_beside_an_srgb_colour() -> None:
    def materials(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.full((len(points), 3), 0.5, np.float32), points[:, 0]

    colour, roughness = bake_materials(QUAD, QUAD_UV, QUAD_PLACE, materials, 64)
    assert colour.shape == (64, 64, 3) and roughness.shape == (64, 64)
    assert (colour == 188).all()
    expected = np.rint((np.arange(64) + 0.5) / 64 * 255)
    assert np.abs(roughness[20] - expected).max() <= 1


def test_cancelling_leaves_the_tiles_that_have_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textures.bake.TILE", 16)
    calls: list[int] = []
    told = threading.Event()

    def counted(points: np.ndarray) -> np.ndarray:
        calls.append(len(points))
        # Nobody runs ahead before the first tile was told of; then each takes its time.
        if len(calls) > 8:
            told.wait(60)
            time.sleep(0.01)
        return np.abs(points)

    def stop(stage: str, fraction: float) -> None:
        told.set()
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        bake_colour(QUAD, QUAD_UV, QUAD_PLACE, counted, 256, progress=stop, tolerance=0, antialias=False)
    assert 1 <= len(calls) < 128  # of 256 tiles


def test_the_four_samples_of_an_edge_lie_around_the_texel_s_middle() -> None:
    """No two share a row or a column, and their mean is the middle: edges of any direction are met, none is moved."""
    places = np.array(SUB_TEXELS)
    np.testing.assert_allclose(places.mean(axis=0), 0, atol=1e-12)
    for axis in (0, 1):
        np.testing.assert_allclose(np.sort(places[:, axis]), [-0.375, -0.125, 0.125, 0.375])
