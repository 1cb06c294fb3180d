# SPDX-License-Identifier: Apache-2.0
"""Camera conventions: frames, labels, mirror images, errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from portrait_core.cameras import (
    ORBIT_PIVOT,
    ORBIT_RADIUS,
    TRAINED_FOCAL,
    Camera,
    gentle_sway,
    intrinsics,
    look_at,
    mirror_label,
    turntable,
)
from portrait_core.networks.pose_branch import mirror_camera


def seen_at(camera: Camera, point: tuple[float, float, float]) -> np.ndarray:
    """Picture coordinates, in units of the picture's side, of a world point."""
    world = np.append(np.array(point), 1.0)
    local = (np.linalg.inv(camera.cam2world.astype(np.float64)) @ world)[:3]
    assert local[2] > 0, "behind the camera"
    return (camera.intrinsics @ local)[:2] / local[2]


def test_front_camera_sees_the_subjects_left_on_its_right() -> None:
    camera = Camera.orbit()
    assert np.allclose(camera.centre, (0, 0, ORBIT_RADIUS), atol=1e-5)
    assert np.allclose(seen_at(camera, ORBIT_PIVOT), 0.5, atol=1e-6)
    assert seen_at(camera, (0.1, 0.0649, 0))[0] > 0.5
    assert seen_at(camera, (0, 0.2, 0))[1] < 0.5


@pytest.mark.parametrize(
    ("yaw", "axis"),
    [(0, (0, 0, 1)), (math.pi / 2, (1, 0, 0)), (math.pi, (0, 0, -1)), (-math.pi / 2, (-1, 0, 0))],
)
def test_yaw_turns_about_the_subject(yaw, axis) -> None:
    assert np.allclose(Camera.orbit(yaw).centre, ORBIT_RADIUS * np.array(axis), atol=1e-5)


@pytest.mark.parametrize("pitch", [-1.0, -0.3, 0.0, 0.4, 1.2])
def test_pitch_is_the_elevation(pitch) -> None:
    centre = Camera.orbit(0.7, pitch).centre
    assert math.asin(centre[1] / ORBIT_RADIUS) == pytest.approx(pitch, abs=1e-5)


def test_label_there_and_back() -> None:
    camera = Camera.orbit(0.3, -0.2, focal=5.0)
    assert camera.label.shape == (25,)
    again = Camera.from_label(camera.label)
    assert np.array_equal(again.cam2world, camera.cam2world)
    assert again.intrinsics[0, 0] == 5.0


def test_mirrored_camera_sees_the_mirrored_point_mirrored() -> None:
    camera = Camera.orbit(0.5, 0.2)
    column, row = seen_at(camera, (0.1, 0.05, 0.02))
    assert np.allclose(seen_at(camera.mirrored(), (-0.1, 0.05, 0.02)), (1 - column, row), atol=1e-5)


def test_mirrors_of_both_rooms_agree() -> None:
    label = Camera.orbit(0.5, 0.2).label
    assert np.array_equal(mirror_label(label), mirror_camera(torch.tensor(label)[None])[0].numpy())


def test_trajectories() -> None:
    around = turntable(8)
    assert np.allclose(around[0].label, Camera.orbit().label)
    assert np.allclose(around[2].label, Camera.orbit(math.pi / 2).label, atol=1e-6)
    assert all(camera.intrinsics[0, 0] == np.float32(TRAINED_FOCAL) for camera in around)
    assert len(gentle_sway(5)) == 5


def test_poles_stay_finite() -> None:
    for v in (-1.0, 0.0, math.pi, 4.0):
        assert np.isfinite(look_at(0.3, v)).all()


def test_wrong_cameras_are_told() -> None:
    with pytest.raises(ValueError, match="25 numbers"):
        Camera.from_label(np.zeros(24))
    with pytest.raises(ValueError, match="rotation"):
        Camera(np.diag([2.0, 1, 1, 1]).astype(np.float32), intrinsics())
    with pytest.raises(ValueError, match="finite"):
        Camera(np.full((4, 4), np.nan, np.float32), intrinsics())
