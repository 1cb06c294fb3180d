# SPDX-License-Identifier: Apache-2.0
"""Frames of an avatar in motion, each a picture of the avatar as it is at its time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar
from portrait_core.cameras import Camera
from portrait_core.progress import Progress, silent
from portrait_core.rendering.layered import render_avatar


def film(
    avatar: Avatar, cameras: Sequence[Camera], rate: float, size: int, progress: Progress = silent
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    """Pictures (S, S, 3) sRGB and depths (S, S) metres, one for each of ``cameras``; frame n is at n / ``rate`` seconds
    of the avatar's motions."""
    for number, camera in enumerate(cameras):
        progress("render", number / len(cameras))
        picture = render_avatar(avatar.at(number / rate), camera, size)
        yield picture.image, picture.depth


def seconds_of(avatar: Avatar) -> float:
    """How long the longer of an avatar's motions lasts; 0 without one."""
    ends = [float(each.times[-1]) for each in (avatar.motion, avatar.face_motion) if each is not None]
    return max(ends, default=0.0)
