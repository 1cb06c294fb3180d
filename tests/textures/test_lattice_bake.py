# SPDX-License-Identifier: Apache-2.0
"""Images from the lattice of a layout: right within the tolerance at every texel, at the borders of charts too."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from textures import texel_kernels as kernels
from textures.adaptive import BEND
from textures.bake import bake_layout
from textures.lattice_bake import LatticeLayout, bake_lattice, colours_apart, fill
from textures.layout import Layout

SIZE = 128
FACES = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6]], np.int32)
UVS = np.array([[0.05, 0.1], [0.5, 0.05], [0.55, 0.9], [0.1, 0.8], [0.7, 0.2], [0.95, 0.3], [0.8, 0.8]], np.float32)
PLACES = np.column_stack([0.06 * UVS, 0.03 * UVS[:, 0] ** 2]).astype(np.float32)
SRGB = (True, True, True, False)
TOLERANCE = 2.0


def waves(points: NDArray[np.float32]) -> NDArray[np.float32]:
    x, y, z = points[:, 0], points[:, 1], points[:, 2]
    channels = [0.5 + 0.3 * np.sin(150 * x), 0.5 + 0.3 * np.cos(120 * y), 0.4 + 5 * z, 0.5 + 0.2 * np.sin(90 * (x - y))]
    return np.stack(channels, 1).astype(np.float32)


def layout(detail: float = 0.004) -> Layout:
    return Layout(FACES, UVS, PLACES, SIZE, detail=detail)


def test_every_texel_is_right_within_the_tolerance_from_a_share_of_them() -> None:
    asked: list[int] = []

    def sample(numbers: NDArray[np.int64], places: NDArray[np.float32]) -> NDArray[np.float32]:
        asked.append(len(numbers))
        return waves(places)

    plain = layout()
    assert plain.step == 8
    whole = bake_layout(plain, lambda points, _: waves(points), srgb=SRGB, tolerance=0, antialias=False)
    lattice = LatticeLayout(plain)
    image = bake_lattice(lattice, sample, srgb=SRGB, tolerance=TOLERANCE)
    covered = lattice.covered > 0
    assert np.abs(image.astype(int) - whole)[covered].max() <= TOLERANCE + 1
    assert sum(asked) < 0.5 * covered.sum()
    np.testing.assert_array_equal(bake_lattice(lattice, sample, srgb=SRGB, tolerance=TOLERANCE), image)


def test_texels_beside_a_chart_continue_it() -> None:
    lattice = LatticeLayout(layout())
    image = bake_lattice(lattice, lambda _, places: waves(places), srgb=SRGB, tolerance=TOLERANCE)
    outside, nearest = lattice.rings
    assert len(outside) > 100 and not lattice.covered.reshape(-1)[outside].any()
    texels = image.reshape(-1, 4)
    np.testing.assert_array_equal(texels[outside], texels[nearest])
    # A flat surface goes on as it is.
    places = lattice.places(outside)
    uv = np.stack([(outside % SIZE + 0.5) / SIZE, 1 - (outside // SIZE + 0.5) / SIZE], 1)
    assert np.median(np.abs(places[:, :2] - 0.06 * uv)) < 1e-6


def test_samples_that_are_not_finite_are_refused() -> None:
    def broken(_numbers: NDArray[np.int64], places: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.full((len(places), 4), np.nan, np.float32)

    with pytest.raises(ValueError, match="not finite"):
        bake_lattice(LatticeLayout(layout()), broken, srgb=SRGB, tolerance=TOLERANCE)


def test_the_kernels_do_what_the_rule_says() -> None:
    generator = np.random.default_rng(4)
    height, width, limit = 9, 7, BEND * TOLERANCE
    values = generator.uniform(0, 30, (height, width, 4)).astype(np.float32)
    chart = generator.integers(-1, 2, (height, width)).astype(np.int32)
    bends, smooth = np.empty(chart.shape, np.uint8), np.empty(chart.shape, np.int32)
    kernels.run("bent", height, values, chart, limit, bends)
    kernels.run("straight", height, chart, bends, smooth)
    expected = np.zeros(chart.shape, np.uint8)
    for row, column in np.ndindex(height, width):
        for down, across in ((1, 0), (0, 1)):
            beside = [(row - down, column - across), (row + down, column + across)]
            if not all(0 <= a < height and 0 <= b < width for a, b in beside) or chart[row, column] < 0:
                continue
            if all(chart[at] == chart[row, column] for at in beside):
                bend = values[beside[0]] + values[beside[1]] - 2 * values[row, column]
                expected[row, column] |= bool((np.abs(bend) > limit).any())
    np.testing.assert_array_equal(bends, expected)
    for row, column in np.ndindex(height, width):
        around = expected[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
        assert smooth[row, column] == (-1 if around.any() else chart[row, column])
    fine = np.repeat(np.repeat(chart, 2, 0), 2, 1)
    wanted = generator.integers(0, 2, fine.shape).astype(np.uint8)
    grown, state = np.zeros((*fine.shape, 4), np.float32), np.empty(fine.shape, np.uint8)
    kernels.run("finer", len(fine), values, chart, smooth, fine, wanted, grown, state)
    for row, column in np.ndindex(*fine.shape):
        own = fine[row, column]
        parents = {(a, b) for a in (row // 2, (row + 1) // 2) for b in (column // 2, (column + 1) // 2)}
        there = all(a < height and b < width for a, b in parents)
        table = chart if len(parents) == 1 else smooth
        known = own >= 0 and there and all(table[at] == own for at in parents)
        assert state[row, column] == (1 if known else 2 if own >= 0 and wanted[row, column] else 0)
        if known:
            np.testing.assert_allclose(grown[row, column], np.mean([values[at] for at in parents], 0), rtol=1e-5)


def test_holes_get_the_means_of_what_is_known_around_them() -> None:
    image = np.full((33, 33, 4), 7, np.uint8)
    known = np.zeros((33, 33), np.uint8)
    known[:4, :4], known[30:, 30:] = 1, 1
    image[:4, :4], image[30:, 30:] = 200, 100
    before = image.copy()
    fill(image, known)
    np.testing.assert_array_equal(image[known > 0], before[known > 0])
    assert image.min() >= 100 and (image[5:8, 5:8] == 200).all() and (image[26:29, 26:29] == 100).all()
    colour, last = colours_apart(image)
    np.testing.assert_array_equal(np.dstack([colour, last]), image)
    nothing = before.copy()
    fill(nothing, np.zeros((33, 33), np.uint8))
    np.testing.assert_array_equal(nothing, before)
