# SPDX-License-Identifier: Apache-2.0
"""The warp's search of nearest triangles against brute force, and brute force against sampling."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from tests.slow_search import nearest_brute_force, point_triangle, product_search, slow_search


def bumpy(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    ball = trimesh.creation.icosphere(subdivisions=2, radius=0.1)
    rough = 1 + 0.1 * np.random.default_rng(seed).normal(size=(len(ball.vertices), 1))
    return (ball.vertices * rough).astype(np.float32), ball.faces.astype(np.int32)


def soup(random, count, size):
    middles = random.uniform(-0.5, 0.5, (count, 1, 3))
    return (middles + random.normal(0, size, (count, 3, 3))).astype(np.float32)


@pytest.mark.parametrize(("count", "size"), [(1, 0.1), (5, 0.3), (300, 0.02), (300, 0.3)])
@pytest.mark.parametrize("radius", [np.inf, 0.15])
def test_the_warp_finds_what_brute_force_finds(count, size, radius):
    random = np.random.default_rng(count)
    triangles = soup(random, count, size)
    points = random.uniform(-0.8, 0.8, (500, 3)).astype(np.float32)
    slow = nearest_brute_force(points, triangles, radius)
    squared, index = product_search(points, triangles, radius)
    np.testing.assert_allclose(squared, slow.squared, atol=1e-9)
    assert np.array_equal(slow.index, index)


def test_ties_go_to_the_lowest_index():
    """Two triangles share an edge; points straight above it are equally far from both."""
    a, b, c, d = (0, 0, 0), (1, 0, 0), (0.5, -0.3, -1), (0.5, -0.3, 1)
    points = np.array([[0.5, 0.2, 0], [0.3, 0.4, 0], [1.4, 0, 0]], dtype=np.float32)
    for order in ([(a, b, c), (b, a, d)], [(b, a, d), (a, b, c)]):
        triangles = np.array(order, dtype=np.float32)
        for search in (slow_search, product_search):
            assert search(points, triangles, np.inf)[1].tolist() == [0, 0, 0]


def test_distance_is_the_smallest_over_the_triangle():
    random = np.random.default_rng(0)
    triangles = soup(random, 40, 0.2).astype(np.float64)
    points = random.uniform(-0.8, 0.8, (40, 3))
    corners = random.dirichlet([0.5, 0.5, 0.5], 20_000)
    squared, region = point_triangle(points, triangles)
    sampled = ((corners @ triangles - points[:, None]) ** 2).sum(axis=2).min(axis=1)
    assert (squared <= sampled + 1e-12).all()
    assert (np.sqrt(sampled) - np.sqrt(squared)).max() < 0.02
    assert set(region) <= set(range(7))


def test_degenerate_triangles_do_not_break_the_search():
    triangles = np.zeros((2, 3, 3), dtype=np.float32)
    triangles[1] += 0.5
    squared, index = product_search(np.array([[0.4, 0.4, 0.4]], dtype=np.float32), triangles)
    assert index.tolist() == [1]
    assert squared[0] == pytest.approx(0.03, rel=1e-4)


def test_the_warp_finds_the_slow_search_s_triangles_ties_and_all():
    for seed in (0, 1):
        vertices, faces = bumpy(seed)
        points = np.random.default_rng(seed + 5).uniform(-0.2, 0.2, (1500, 3)).astype(np.float32)
        slow = nearest_brute_force(points, vertices[faces], 0.12)
        squared, index = product_search(points, vertices[faces], 0.12)
        reached = np.isfinite(slow.squared)
        assert np.array_equal(reached, np.isfinite(squared)) and 0.2 < reached.mean() < 0.98
        np.testing.assert_allclose(np.sqrt(squared[reached]), np.sqrt(slow.squared[reached]), atol=1e-6)
        assert np.array_equal(index[reached], slow.index[reached]), "ties go to the lowest index here too"
        assert (slow.gap[reached] <= 1e-12).sum() > 100, "there are ties"
        assert (index[~reached] == 0).all()
