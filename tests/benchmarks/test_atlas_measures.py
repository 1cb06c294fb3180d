# SPDX-License-Identifier: Apache-2.0
"""Measures of atlases on charts whose widths and densities are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.atlas_measures import charts_of, densities, least_width, measure_charts
from portrait_core.pipeline import make_avatar
from portrait_core.recipe import Recipe
from tests.analytic_model import AnalyticModel

SIZE = 128


def rectangles(*places: tuple[float, float, float, float]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """A chart of two triangles for each left, bottom, right and top, in texels; triangles share no vertex number."""
    corners: list[list[float]] = []
    for left, bottom, right, top in places:
        corners += [[left, bottom], [right, bottom], [right, top], [left, bottom], [right, top], [left, top]]
    return (np.asarray(corners) / SIZE).astype(np.float32), np.arange(6 * len(places), dtype=np.int32).reshape(-1, 3)


def test_triangles_are_one_chart_over_edges_with_the_same_places() -> None:
    uvs, faces = rectangles((2, 2, 30, 30), (40, 2, 60, 60), (64, 2, 70, 9))
    count, number = charts_of(uvs, faces)
    assert count == 3
    assert number.tolist() == [0, 0, 1, 1, 2, 2]
    touching = faces.copy()
    touching[2] = [0, 7, 8]  # one corner is shared, no edge
    assert charts_of(uvs, touching)[0] == 4


@pytest.mark.parametrize("across", [1, 2, 3, 4, 9])
def test_a_strip_is_as_wide_as_the_texels_it_covers(across: int) -> None:
    uvs, faces = rectangles((4, 4, 60, 60), (70, 10, 70 + across, 100))
    charts = measure_charts(uvs, faces, SIZE)
    assert charts.count == 2
    np.testing.assert_allclose(charts.width, [56, across], atol=1e-4)
    # A disc whose diameter is even lies between texels: half of one is lost.
    assert charts.inside[1] == pytest.approx(across, abs=1.01 if across % 2 == 0 else 1e-6)
    assert charts.inside[1] <= across and charts.inside[0] > 50


def test_the_image_ends_charts_as_well() -> None:
    uvs, faces = rectangles((0, 0, 3, SIZE))
    assert measure_charts(uvs, faces, SIZE).inside.tolist() == [3]


def test_a_bent_ribbon_has_a_wide_hull_and_no_room() -> None:
    """A ring of 100 texels across, three texels thick."""
    turn = np.linspace(0, 2 * np.pi, 61)[:, None]
    round_ = np.concatenate([np.cos(turn), np.sin(turn)], axis=1)
    uvs = (np.concatenate([SIZE / 2 + 50 * round_, SIZE / 2 + 47 * round_]) / SIZE).astype(np.float32)
    one = np.arange(60)
    faces = np.concatenate([np.stack([one, one + 1, one + 62], 1), np.stack([one, one + 62, one + 61], 1)])
    charts = measure_charts(uvs, faces.astype(np.int32), SIZE)
    assert charts.count == 1
    assert charts.width[0] > 99
    assert 1 <= charts.inside[0] <= 4


def test_charts_that_cover_no_texel_have_no_width() -> None:
    uvs, faces = rectangles((10, 10, 30, 30), (40.6, 40.6, 40.9, 90))
    assert measure_charts(uvs, faces, SIZE).inside[1] == 0


def test_least_width_of_a_turned_rectangle() -> None:
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    points = np.array([[0, 0], [10, 0], [10, 3], [0, 3], [5, 1]]) @ turn.T
    assert least_width(points) == pytest.approx(3)
    assert least_width(np.array([[0.0, 0], [1, 1], [2, 2]])) == 0


def test_densities_are_texels_per_centimetre_and_favour_the_face() -> None:
    recipe = Recipe(model="balls", seed=5, faces=3000, texture_size=256, lattice=96)
    avatar = make_avatar(recipe, AnalyticModel())
    found = densities(avatar)
    assert found["face"] / found["torso"] == pytest.approx(2.2, rel=0.15)  # what the pipeline asks the unwrap for
    level = avatar.main
    a, b, c = (level.uvs[level.faces[:, k]].astype(np.float64) * 256 for k in range(3))
    one, two = b - a, c - a
    covered = np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]).sum() / 2
    a, b, c = (level.vertices[level.faces[:, k]].astype(np.float64) * 100 for k in range(3))
    whole = np.sqrt(covered / (np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2))
    assert min(found.values()) < whole < max(found.values())
