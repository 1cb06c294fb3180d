# SPDX-License-Identifier: Apache-2.0
"""A film shows each frame's avatar as it is at that time, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from portrait_core.cameras import Camera
from portrait_core.rendering.film import film, seconds_of
from portrait_core.rendering.layered import render_avatar
from portrait_core.rig import Motion, quaternion
from portrait_core.rig.shape_motion import ShapeMotion
from tests.formats.faces import faced


def test_frames_are_stills_at_their_times() -> None:
    times = np.array([0.0, 1.0], np.float32)
    turns = np.array([quaternion((0, each, 0)) for each in (0.0, 1.0)], np.float32)
    face = ShapeMotion("talk", np.array([0, 2], np.float32), {"jawOpen": np.array([0, 8], np.float32)})
    avatar = replace(faced(), motion=Motion("nod", times, {"head": turns}), face_motion=face)
    assert seconds_of(avatar) == 2.0 and seconds_of(faced()) == 0.0
    cameras = [Camera.orbit(yaw) for yaw in (0.0, 0.1, 0.0, 0.0)]
    frames = list(film(avatar, cameras, 4, 48))
    assert len(frames) == 4
    for number, (image, depth) in enumerate(frames):
        still = render_avatar(avatar.at(number / 4), cameras[number], 48)
        assert np.array_equal(image, still.image) and np.array_equal(depth, still.depth)
    assert not np.array_equal(frames[0][0], frames[2][0])


def test_a_still_at_rest_is_the_avatar() -> None:
    avatar = faced(expression={"jawOpen": 0.5})
    still = avatar.at(3.0)
    assert still.expression == {"jawOpen": 0.5} and dict(still.pose) == dict(avatar.pose)
