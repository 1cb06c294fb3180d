# SPDX-License-Identifier: Apache-2.0
"""The search tree against brute force, and brute force against sampling."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.body.triangles import nearest_brute_force, nearest_by_tree, point_triangle


def soup(random, count, size):
    middles = random.uniform(-0.5, 0.5, (count, 1, 3))
    return (middles + random.normal(0, size, (count, 3, 3))).astype(np.float32)


@pytest.mark.parametrize(("count", "size"), [(1, 0.1), (5, 0.3), (300, 0.02), (300, 0.3)])
@pytest.mark.parametrize("radius", [np.inf, 0.15])
def test_tree_equals_brute_force(count, size, radius):
    random = np.random.default_rng(count)
    triangles = soup(random, count, size)
    points = random.uniform(-0.8, 0.8, (500, 3)).astype(np.float32)
    slow, fast = nearest_brute_force(points, triangles, radius), nearest_by_tree(points, triangles, radius)
    assert np.array_equal(slow.squared, fast.squared)
    assert np.array_equal(slow.index, fast.index)


def test_ties_go_to_the_lowest_index():
    """Two triangles share an edge; points straight above it are equally far from both."""
    a, b, c, d = (0, 0, 0), (1, 0, 0), (0.5, -0.3, -1), (0.5, -0.3, 1)
    points = np.array([[0.5, 0.2, 0], [0.3, 0.4, 0], [1.4, 0, 0]], dtype=np.float32)
    for order in ([(a, b, c), (b, a, d)], [(b, a, d), (a, b, c)]):
        triangles = np.array(order, dtype=np.float32)
        for search in (nearest_brute_force, nearest_by_tree):
            assert search(points, triangles, np.inf).index.tolist() == [0, 0, 0]


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
    found = nearest_by_tree(np.array([[0.4, 0.4, 0.4]], dtype=np.float32), triangles)
    assert found.index.tolist() == [1]
    assert found.squared[0] == pytest.approx(0.03, rel=1e-4)
