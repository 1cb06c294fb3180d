# SPDX-License-Identifier: Apache-2.0
"""Where points of a bust are seen: SMPL's neck and head turn, the shoulders stay, a camera on the published sphere.

A bust here is a few places at rest (metres, the house's world axes); the head's follow one rotation, which neck and
head share equally, because one picture does not tell these two joints apart. Source of the camera:
docs/published/data-processing.md 2; of the chain of joints: docs/published/deformation.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from portrait_core.cameras import ORBIT_PIVOT, ORBIT_RADIUS, TRAINED_FOCAL, Camera
from portrait_core.photo.crop import FloatArray, Square

HEAD_JOINT = np.array([0.0, 0.0923, 0.0359])
"""Where the head turns on the neck, whose joint is the origin: the mean of the portrait world's persons."""


@dataclass(frozen=True)
class View:
    """A camera and a head, radians: ``yaw`` around (0 in front, positive at the subject's left), ``pitch`` above,
    ``roll`` of the camera clockwise about its axis; ``head`` (3,) the rotation of the head against the shoulders."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    head: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def camera(self) -> Camera:
        """The published camera: on its sphere, looking at its pivot, rolled."""
        level = Camera.orbit(self.yaw, self.pitch)
        cos, sin = np.cos(self.roll), np.sin(self.roll)
        turn = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
        cam2world = level.cam2world.astype(np.float64)
        cam2world[:3, :3] = cam2world[:3, :3] @ turn
        return Camera(cam2world.astype(np.float32), level.intrinsics)

    @property
    def pose(self) -> dict[str, tuple[float, float, float]]:
        """Axis-angle of SMPL's neck and head: half of the head's rotation each."""
        x, y, z = (0.5 * float(each) for each in self.head)
        return {"neck": (x, y, z), "head": (x, y, z)}

    @property
    def numbers(self) -> NDArray[np.float64]:
        """(6,): yaw, pitch, roll, head."""
        return np.array([self.yaw, self.pitch, self.roll, *self.head])

    @classmethod
    def of(cls, numbers: NDArray[np.floating]) -> View:
        """The view of :attr:`numbers`; its yaw is brought to -pi to pi."""
        yaw, pitch, roll, x, y, z = (float(number) for number in numbers)
        return cls((yaw + np.pi) % (2 * np.pi) - np.pi, pitch, roll, (x, y, z))

    def mirrored(self) -> View:
        """What the mirrored picture shows."""
        x, y, z = self.head
        return View(-self.yaw, self.pitch, -self.roll, (x, -y, -z))


def head_rotation(pose: NDArray[np.floating]) -> NDArray[np.float64]:
    """(3,): the rotation of the head against the shoulders by SMPL's neck and head (6,), axis-angle."""
    turned = Rotation.from_rotvec(pose[:3]) * Rotation.from_rotvec(pose[3:])
    return turned.as_rotvec()


def posed(places: FloatArray, on_head: NDArray[np.bool_], head: NDArray[np.floating]) -> FloatArray:
    """Places (N, 3) at rest as neck and head move those that are ``on_head`` (N,)."""
    half = Rotation.from_rotvec(np.asarray(head) / 2).as_matrix()
    turned = (places - HEAD_JOINT) @ (half @ half).T + HEAD_JOINT @ half.T
    return np.where(on_head[:, None], turned, places)


def seen(places: FloatArray, view: View) -> FloatArray:
    """(N, 2): where a view's camera sees places (N, 3), as shares of the aligned picture, x right and y down."""
    return project(places, camera_axes(view.yaw, view.pitch, view.roll))


def camera_axes(yaw: float, pitch: float, roll: float) -> tuple[FloatArray, FloatArray]:
    """Centre (3,) and axes (3, 3) as columns (right, down, forward) of the published camera, in 64 bits."""
    centre = ORBIT_RADIUS * np.array(
        [np.cos(pitch) * np.sin(yaw), np.sin(pitch), np.cos(pitch) * np.cos(yaw)], dtype=np.float64
    )
    forward = np.asarray(ORBIT_PIVOT) - centre
    forward /= np.linalg.norm(forward)
    right = -np.cross([0.0, 1.0, 0.0], forward)
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    cos, sin = np.cos(roll), np.sin(roll)
    return centre, np.stack([cos * right + sin * down, -sin * right + cos * down, forward], axis=1)


def project(places: FloatArray, camera: tuple[FloatArray, FloatArray]) -> FloatArray:
    """(N, 2): places (N, 3) in the picture of a camera (centre, axes), as shares of its side."""
    relative = (places - camera[0]) @ camera[1]
    return relative[:, :2] / relative[:, 2:] * TRAINED_FOCAL + 0.5


def aligned_square(middle: FloatArray, log_side: float) -> Square:
    """The upright square that shows what the camera shows."""
    return Square((float(middle[0]), float(middle[1])), float(np.exp(log_side)))
