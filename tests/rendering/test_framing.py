# SPDX-License-Identifier: Apache-2.0
"""The whole bust is in the picture from every side, and fills it."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.rendering.framing import frame_bust


@pytest.mark.parametrize("seed", range(4))
def test_everything_is_inside_and_the_picture_is_filled(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = (rng.uniform(-1, 1, (4000, 3)) * (0.24, 0.26, 0.13) + (0, 0.05, 0)).astype(np.float32)
    framing = frame_bust(points)
    largest = 0.0
    for yaw in np.linspace(-np.pi, np.pi, 13):
        camera = framing.camera(float(yaw))
        view = (points - camera.centre) @ camera.cam2world[:3, :3]
        pixel = ((view / view[:, 2:]) @ camera.intrinsics.T)[:, :2]
        assert pixel.min() > 0 and pixel.max() < 1
        largest = max(largest, float(np.ptp(pixel, axis=0).max()))
    assert largest > 0.8
