# SPDX-License-Identifier: Apache-2.0
"""The noise may never change: colours and shapes of every training depend on it."""

from __future__ import annotations

import numpy as np

from portrait_core.world.noise import lattice_noise, smoothstep

POINTS = np.array(
    [[0, 0, 0], [0.5, 0.5, 0.5], [1.25, -3.5, 7.75], [-0.1, 0.2, -0.3], [1000.3, -2000.6, 3000.9]], np.float32
)


def test_the_values_are_pinned():
    pinned = [0.95339954, 0.25354683, -0.04621339, 0.47765064, 0.09143877]
    np.testing.assert_allclose(lattice_noise(POINTS), pinned, atol=2e-6)
    assert lattice_noise(POINTS).dtype == np.float32


def test_range_and_spread():
    points = np.random.default_rng(0).uniform(-300, 300, (100_000, 3)).astype(np.float32)
    value = lattice_noise(points)
    assert value.min() >= -1 and value.max() <= 1
    assert value.min() < -0.85 and value.max() > 0.85
    assert abs(value.mean()) < 0.02 and 0.15 < value.std() < 0.4


def test_it_is_smooth_and_flat_at_the_nodes():
    line = np.zeros((4001, 3), np.float32)
    line[:, 0] = np.linspace(-2, 2, 4001)
    value = lattice_noise(line)
    assert np.abs(np.diff(value)).max() < 2 * 1.5 * 0.001 * 1.05  # slope at most 1.5 times the range
    node = 2000  # x = 0
    assert abs(value[node + 1] - value[node]) < 2e-5


def test_smoothstep():
    x = np.array([-1, 0.0, 0.25, 0.5, 1.0, 3.0], np.float32)
    np.testing.assert_allclose(smoothstep(x, 0, 1), [0, 0, 0.15625, 0.5, 1, 1])
    np.testing.assert_allclose(smoothstep(np.array([2.0], np.float32), 1, 3), [0.5])
