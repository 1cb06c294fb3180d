# SPDX-License-Identifier: Apache-2.0
"""From where a photograph sees a head: six numbers by its landmarks, for a head at rest whose landmarks are known.

The camera of the shoulders (:mod:`portrait_core.photo.estimate`) does not matter here: what a face looks like depends
on how its own camera stands to it. Distance and focal length are not told apart by one picture; the published distance
is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from portrait_core.cameras import ORBIT_RADIUS, Camera
from portrait_core.photo.bust_geometry import View, camera_axes, posed
from portrait_core.photo.crop import FloatArray

ROBUST = 0.006
"""Share of the picture from which on a landmark is doubted."""


@dataclass(frozen=True)
class HeadCamera:
    """Of an upright square picture: ``centre`` (3,) metres and ``axes`` (3, 3) as columns right, down and forward in
    the frame of the head at rest; ``focal`` in sides of the picture."""

    centre: FloatArray
    axes: FloatArray
    focal: float

    def project(self, places: NDArray[np.floating]) -> FloatArray:
        """(N, 3): where places (N, 3) are seen, 0 to 1 across the picture and down, and how far ahead, metres."""
        relative = (np.asarray(places, np.float64) - self.centre) @ self.axes
        seen = relative[:, :2] / relative[:, 2:] * self.focal + 0.5
        return np.concatenate([seen, relative[:, 2:]], axis=1)

    def ways(self, at: FloatArray) -> FloatArray:
        """(N, 3): unit directions in which places (N, 2) of the picture, 0 to 1, are seen."""
        way = np.concatenate([(at - 0.5) / self.focal, np.ones((len(at), 1))], axis=1) @ self.axes.T
        return way / np.linalg.norm(way, axis=1, keepdims=True)

    def lifted(self, shifts: FloatArray, ahead: FloatArray) -> FloatArray:
        """(N, 3) metres: what moves of ``shifts`` (N, 2) in the picture are at places so far ``ahead`` (N,)."""
        return (shifts * (ahead / self.focal)[:, None]) @ self.axes[:, :2].T

    @property
    def camera(self) -> Camera:
        """The same for renderers."""
        cam2world = np.eye(4)
        cam2world[:3, :3], cam2world[:3, 3] = self.axes, self.centre
        lens = np.array([[self.focal, 0, 0.5], [0, self.focal, 0.5], [0, 0, 1]])
        return Camera(cam2world.astype(np.float32), lens.astype(np.float32))

    @property
    def turn(self) -> tuple[float, float]:
        """Yaw and pitch in radians of the camera about the head; 0 in front, positive at its left and above."""
        back = -self.axes[:, 2]
        return float(np.arctan2(back[0], back[2])), float(np.arcsin(np.clip(back[1], -1, 1)))


def begin_camera(view: View, middle: FloatArray, metres: float) -> HeadCamera:
    """A camera that looks at ``middle`` (3,) of the head at rest as ``view`` does, and shows so many ``metres``."""
    _, axes = camera_axes(view.yaw, view.pitch, view.roll)
    # What turns the head at rest turns the camera the other way round it.
    unit = posed(np.concatenate([np.zeros((1, 3)), np.eye(3)]), np.ones(4, bool), np.asarray(view.head))
    turned = (unit[1:] - unit[0]).T
    own = turned.T @ axes
    return HeadCamera(middle - ORBIT_RADIUS * own[:, 2], own, ORBIT_RADIUS / metres)


def fit_camera(begin: HeadCamera, places: FloatArray, seen: FloatArray, weights: FloatArray) -> HeadCamera:
    """The camera that sees ``places`` (N, 3) at ``seen`` (N, 2), each with its weight, begun from another one."""
    middle = places.mean(axis=0)

    def camera(numbers: FloatArray) -> HeadCamera:
        turn = Rotation.from_rotvec(numbers[:3]).as_matrix()
        axes = begin.axes @ turn
        # About the head's middle, so that turning it does not carry it away.
        centre = middle + axes @ (begin.axes.T @ (begin.centre - middle) + numbers[3:] * 0.1)
        return HeadCamera(centre, axes, begin.focal)

    def off(numbers: FloatArray) -> FloatArray:
        return ((camera(numbers).project(places)[:, :2] - seen) * weights[:, None] / ROBUST).ravel()

    found = least_squares(off, np.zeros(6), loss="soft_l1", max_nfev=60)
    return camera(found.x)
