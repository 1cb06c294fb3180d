# SPDX-License-Identifier: Apache-2.0
"""The whole bust, or the head, is in the picture from every side, and fills it."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.rendering.framing import frame_bust, frame_head


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


@pytest.mark.parametrize("hair", [0.0, 0.03, 0.2])
def test_a_head_fills_the_picture_whatever_the_hair(hair: float) -> None:
    """A head of 0.24 m above its joint at 0.09 m, shoulders below, and hair that may be too high."""
    rng = np.random.default_rng(3)
    ball = rng.normal(size=(4000, 3))
    ball = ball / np.linalg.norm(ball, axis=1, keepdims=True) * (0.08, 0.125, 0.1) + (0, 0.12, 0.06)
    shoulders = rng.uniform(-1, 1, (4000, 3)) * (0.24, 0.06, 0.1) - (0, 0.1, 0)
    top = np.array([[0.0, ball[:, 1].max() + hair, 0.0]])
    framing = frame_head(np.concatenate([ball, shoulders, top]).astype(np.float32), np.array([0, 0.09, 0.03], "f4"))
    for yaw in (-0.35, 0.0, 0.35):
        camera = framing.camera(yaw)
        view = (ball - camera.centre) @ camera.cam2world[:3, :3]
        pixel = ((view / view[:, 2:]) @ camera.intrinsics.T)[:, :2]
        assert pixel.min() > 0 and pixel.max() < 1, "the whole head"
        assert np.ptp(pixel[:, 1]) > 0.75, "and little else"
