# SPDX-License-Identifier: Apache-2.0
"""The engine and `textures`, which knows nothing of it, hold one transfer function."""

from __future__ import annotations

import numpy as np

from portrait_core.imaging import colour_space
from textures import linear_to_srgb, srgb_to_linear


def test_textures_and_the_engine_agree_to_the_bit() -> None:
    values = np.linspace(-0.1, 1.2, 20_001, dtype=np.float32)
    assert np.array_equal(linear_to_srgb(values), colour_space.linear_to_srgb(values))
    assert np.array_equal(srgb_to_linear(values), colour_space.srgb_to_linear(values))


def test_there_and_back() -> None:
    values = np.linspace(0.0, 1.0, 1001, dtype=np.float32)
    np.testing.assert_allclose(colour_space.srgb_to_linear(colour_space.linear_to_srgb(values)), values, atol=1e-6)
    np.testing.assert_allclose(colour_space.linear_to_srgb(np.array([0.5], np.float32)), 0.735357, atol=1e-6)


def test_bytes_by_table_are_those_by_powers() -> None:
    values = np.concatenate([np.linspace(-0.1, 1.2, 200_001), np.geomspace(1e-7, 1, 50_001)]).astype(np.float32)
    exact = colour_space.linear_to_srgb(values) * 255
    found = colour_space.srgb_bytes(values)
    assert found.dtype == np.uint8
    assert float(np.abs(found - exact).max()) < 0.51
    every = np.arange(256, dtype=np.float32) / 255
    assert np.array_equal(colour_space.srgb_bytes(srgb_to_linear(every)), np.arange(256))
