# SPDX-License-Identifier: Apache-2.0
"""Cameras: look-at, orbits, intrinsics and the 25-number label (docs/published/generator.md 1.1,
docs/published/scripts.md 1-3).

World: right-handed, +y up, the face looks along +z, +x is the subject's left, origin at the SMPL neck joint, metres.
Camera frame: OpenCV (x right in the picture, y down, z into the scene). Intrinsics are in units of the picture's side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

TRAINED_FOCAL = 5000 / 1024 / 0.75
"""Focal length of every picture the published weights were trained on (6.5104166...)."""
ORBIT_RADIUS = 2.7
ORBIT_PIVOT: tuple[float, float, float] = (0.0, 0.0649, 0.0)
FRONT = math.pi / 2
"""Horizontal angle of the frontal camera."""
LEVEL = math.pi / 2
"""Vertical parameter of a level camera."""

_MIRRORED = np.array([1, 2, 3, 4, 8])

AVERAGE_LABEL: NDArray[np.float32] = np.array(
    [
        *(1, 1.0505e-9, 4.3685e-8, -1.1805e-7),
        *(0, -0.99951, 0.024033, -1.1805e-7),
        *(4.3714e-8, -0.024033, -0.99951, 2.6992),
        *(0, 0, 0, 1),
        *(6.5104, 0, 0.5, 0, 6.5104, 0.5, 0, 0, 1),
    ],
    dtype=np.float32,
)
"""The published "average" camera label (25,)."""


def look_at(
    horizontal: float,
    vertical: float,
    *,
    pivot: Sequence[float] = ORBIT_PIVOT,
    radius: float = ORBIT_RADIUS,
) -> NDArray[np.float32]:
    """Camera-to-world matrix (4, 4) of a camera on a sphere about the world's origin, looking at ``pivot``.

    Args:
        horizontal: angle in radians: pi/2 front (+z), 0 from -x, pi from +x, -pi/2 back.
        vertical: v in [0, pi], the polar angle being arccos(1 - 2 v / pi); pi/2 is level.
        pivot: what the camera looks at, metres. The sphere is *not* centred on it: training did it so.
        radius: of the sphere, metres.
    """
    v = min(max(vertical, 1e-5), math.pi - 1e-5)
    polar = math.acos(1 - 2 * v / math.pi)
    turn = math.pi - horizontal
    centre = radius * np.array([math.sin(polar) * math.cos(turn), math.cos(polar), math.sin(polar) * math.sin(turn)])
    forward = _unit(np.asarray(pivot, dtype=np.float64) - centre)
    right = -_unit(np.cross(np.array([0.0, 1.0, 0.0]), forward))
    down = _unit(np.cross(forward, right))
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([right, down, forward], axis=1)
    matrix[:3, 3] = centre
    return matrix.astype(np.float32)


def intrinsics(focal: float = TRAINED_FOCAL) -> NDArray[np.float32]:
    """Intrinsic matrix (3, 3) of a focal length in picture sides, principal point in the middle."""
    return np.array([[focal, 0, 0.5], [0, focal, 0.5], [0, 0, 1]], dtype=np.float32)


def legacy_focal(fov_degrees: float) -> float:
    """Focal length that the published scripts derive from a field of view in degrees, with their rounded constants.

    Their default, 12.447863 degrees cut to 12, gives 6.729 instead of the trained 6.5104.
    """
    return 1 / (1.414 * math.tan(fov_degrees * 3.14159 / 360))


def mirror_label(label: NDArray[np.float32]) -> NDArray[np.float32]:
    """The label(s) (..., 25) of the camera mirrored left to right."""
    mirrored = label.copy()
    mirrored[..., _MIRRORED] *= -1
    return mirrored


@dataclass(frozen=True, eq=False)
class Camera:
    """One pinhole camera: where it is, how it is turned, and its intrinsics.

    ``cam2world`` is (4, 4) float32, ``intrinsics`` (3, 3) float32 in units of the picture's side.

    Raises ``ValueError`` on construction for another shape, for numbers that are not finite and for a rotation part
    that is no rotation.
    """

    cam2world: NDArray[np.float32]
    intrinsics: NDArray[np.float32]

    def __post_init__(self) -> None:
        for name, shape in (("cam2world", (4, 4)), ("intrinsics", (3, 3))):
            value = np.asarray(getattr(self, name), dtype=np.float32)
            if value.shape != shape or not np.isfinite(value).all():
                raise ValueError(f"camera: {name} must be {shape} finite numbers, got shape {value.shape}")
            object.__setattr__(self, name, value)
        rotation = self.cam2world[:3, :3].astype(np.float64)
        if np.abs(rotation @ rotation.T - np.eye(3)).max() > 1e-3 or np.linalg.det(rotation) < 0:
            raise ValueError("camera: the upper left 3x3 of cam2world must be a rotation")

    @classmethod
    def orbit(
        cls,
        yaw: float = 0.0,
        pitch: float = 0.0,
        *,
        radius: float = ORBIT_RADIUS,
        pivot: Sequence[float] = ORBIT_PIVOT,
        focal: float = TRAINED_FOCAL,
    ) -> Camera:
        """A camera around the portrait.

        Args:
            yaw: radians; 0 in front, pi/2 at the subject's left (+x), pi behind.
            pitch: elevation of the camera centre over the horizontal plane, radians.
            radius: distance from the origin, metres.
            pivot: what the camera looks at, metres.
            focal: focal length in picture sides.
        """
        vertical = math.pi / 2 * (1 - math.sin(pitch))
        return cls(look_at(FRONT + yaw, vertical, pivot=pivot, radius=radius), intrinsics(focal))

    @classmethod
    def from_label(cls, label: ArrayLike) -> Camera:
        """The camera of a label (25,)."""
        numbers = np.asarray(label, dtype=np.float32)
        if numbers.shape != (25,):
            raise ValueError(f"camera label: expected 25 numbers, got shape {numbers.shape}")
        return cls(numbers[:16].reshape(4, 4), numbers[16:].reshape(3, 3))

    @property
    def label(self) -> NDArray[np.float32]:
        """The 25 numbers the networks take: ``cam2world``, then ``intrinsics``, row by row."""
        return np.concatenate([self.cam2world.ravel(), self.intrinsics.ravel()])

    @property
    def centre(self) -> NDArray[np.float32]:
        """Where the camera is (3,), metres."""
        return self.cam2world[:3, 3]

    def mirrored(self) -> Camera:
        """The camera that sees the mirrored person as this one sees the person."""
        return Camera.from_label(mirror_label(self.label))


def turntable(
    frames: int,
    *,
    focal: float = TRAINED_FOCAL,
    pivot: Sequence[float] = ORBIT_PIVOT,
    radius: float = ORBIT_RADIUS,
) -> list[Camera]:
    """Cameras once around the portrait at its own height, from the front."""
    angles = [FRONT + 2 * math.pi * k / frames for k in range(frames)]
    return [Camera(look_at(h, LEVEL, pivot=pivot, radius=radius), intrinsics(focal)) for h in angles]


def gentle_sway(
    frames: int,
    *,
    focal: float = TRAINED_FOCAL,
    pivot: Sequence[float] = ORBIT_PIVOT,
    radius: float = ORBIT_RADIUS,
) -> list[Camera]:
    """Cameras on a small ellipse in front of the portrait: 0.35 to the sides, 0.25 in the vertical parameter."""
    turns = [2 * math.pi * k / frames for k in range(frames)]
    return [
        Camera(
            look_at(FRONT + 0.35 * math.sin(t), LEVEL - 0.05 + 0.25 * math.cos(t), pivot=pivot, radius=radius),
            intrinsics(focal),
        )
        for t in turns
    ]


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    return vector / np.linalg.norm(vector)
