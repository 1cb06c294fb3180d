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
