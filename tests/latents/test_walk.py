# SPDX-License-Identifier: Apache-2.0
"""Walks between latents."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.latents.walk import closed_walk


def test_every_key_is_met_and_the_end_meets_the_beginning() -> None:
    keys = [np.random.default_rng(k).normal(size=(1, 4, 6)).astype(np.float32) for k in range(3)]
    walk = list(closed_walk(keys, 10))
    assert len(walk) == 30 and all(each.shape == (1, 4, 6) and each.dtype == np.float32 for each in walk)
    for number, key in enumerate(keys):
        np.testing.assert_allclose(walk[10 * number], key, atol=1e-6)
    steps = np.array([np.abs(b - a).max() for a, b in zip(walk, [*walk[1:], walk[0]], strict=True)])
    assert steps.max() < 3 * np.median(steps), "no jolt, not at the end either"


def test_one_key_is_no_walk() -> None:
    with pytest.raises(ValueError, match="at least two"):
        list(closed_walk([np.zeros((1, 4), np.float32)], 5))
