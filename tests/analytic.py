# SPDX-License-Identifier: Apache-2.0
"""Fields with known surfaces and colours, and a bust-like one with its template: what the mesh stages are tested on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS, BodyTemplate
from portrait_core.shape import Surface

Array = NDArray[np.float32]


class AnalyticField:
    """A field from a distance-like function (positive inside), a colour function and a scale into the world."""

    def __init__(
        self,
        value: Callable[[Array], Array],
        bounds: object,
        colour: Callable[[Array], Array] | None = None,
        scale: float = 1.0,
    ) -> None:
        self._value, self._colour, self._scale = value, colour or gradient, np.float32(scale)
        self._bounds = np.asarray(bounds, np.float32)
        self.calls = 0
        self.points = 0

    @property
    def bounds(self) -> Array:
        return self._bounds

    def value(self, points: Array) -> Array:
        assert points.dtype == np.float32 and points.shape[1:] == (3,)
        self.calls += 1
        self.points += len(points)
        return self._value(points).astype(np.float32)

    def colour(self, points: Array) -> Array:
        return self._colour(points).astype(np.float32)

    def place(self, points: Array) -> Array:
        return points * self._scale

    def unplace(self, points: Array) -> Array:
        return points / self._scale


def gradient(points: Array) -> Array:
    """A smooth linear-RGB colour: 0.5 at the origin, changing by one per 0.7 units along each axis."""
    return np.clip(0.5 + points / 0.7, 0.0, 1.0)


def ball(centre: object, radius: float) -> Callable[[Array], Array]:
    middle = np.asarray(centre, np.float32)
    return lambda points: radius - np.linalg.norm(points - middle, axis=1)


def box(centre: object, half: object) -> Callable[[Array], Array]:
    middle, sides = np.asarray(centre, np.float32), np.asarray(half, np.float32)

    def value(points: Array) -> Array:
        over = np.abs(points - middle) - sides
        outside = np.linalg.norm(np.maximum(over, 0.0), axis=1)
        return -(outside + np.minimum(over.max(axis=1), 0.0))

    return value


def ellipsoid(centre: object, radii: object) -> Callable[[Array], Array]:
    middle, axes = np.asarray(centre, np.float32), np.asarray(radii, np.float32)

    def value(points: Array) -> Array:
        scaled = (points - middle) / axes
        length = np.linalg.norm(scaled, axis=1)
        slope = np.linalg.norm(scaled / axes, axis=1)
        return length * (1.0 - length) / np.maximum(slope, 1e-9)

    return value


def union(*parts: Callable[[Array], Array]) -> Callable[[Array], Array]:
    return lambda points: np.max([part(points) for part in parts], axis=0)


BUST_PARTS = (
    ellipsoid((0.0, 0.17, 0.03), (0.078, 0.118, 0.098)),  # head
    ellipsoid((0.0, 0.135, 0.125), (0.016, 0.022, 0.022)),  # nose
    ellipsoid((0.078, 0.15, 0.02), (0.014, 0.03, 0.02)),  # ears
    ellipsoid((-0.078, 0.15, 0.02), (0.014, 0.03, 0.02)),
    ellipsoid((0.0, 0.02, 0.0), (0.058, 0.12, 0.06)),  # neck
    ellipsoid((0.0, -0.16, -0.01), (0.225, 0.13, 0.11)),  # shoulders, running out of the bounds below
)

BUST_BOUNDS = ((-0.26, -0.20, -0.20), (0.26, 0.32, 0.20))


def bust_colour(points: Array) -> Array:
    """Skin above, a green shirt below y = -0.05, dark eyes and dark hair: plain regions with plain borders."""
    colour = np.tile(np.array([0.55, 0.33, 0.24], np.float32), (len(points), 1))
    hair = (points[:, 1] > 0.2) & (points[:, 2] < 0.09) | (points[:, 2] < -0.02) & (points[:, 1] > 0.06)
    colour[hair] = (0.08, 0.04, 0.02)
    eye = np.hypot(np.abs(points[:, 0]) - 0.03, points[:, 1] - 0.18) < 0.012
    colour[eye & (points[:, 2] > 0.08)] = (0.02, 0.03, 0.05)
    colour[points[:, 1] < -0.05] = (0.05, 0.22, 0.12)
    return colour


def bust_field() -> AnalyticField:
    return AnalyticField(union(*BUST_PARTS), BUST_BOUNDS, bust_colour)


SMPL_PLACES = {
    "pelvis": (0.0, -0.52, 0.0), "left_hip": (0.07, -0.61, 0.0), "right_hip": (-0.07, -0.61, 0.0),
    "spine1": (0.0, -0.41, 0.0), "left_knee": (0.1, -0.98, 0.0), "right_knee": (-0.1, -0.98, 0.0),
    "spine2": (0.0, -0.27, 0.0), "left_ankle": (0.09, -1.38, -0.02), "right_ankle": (-0.09, -1.38, -0.02),
    "spine3": (0.0, -0.21, 0.0), "left_foot": (0.12, -1.43, 0.1), "right_foot": (-0.12, -1.43, 0.1),
    "neck": (0.0, 0.0, 0.0), "left_collar": (0.08, -0.1, 0.0), "right_collar": (-0.08, -0.1, 0.0),
    "head": (0.0, 0.09, 0.03), "left_shoulder": (0.17, -0.11, -0.01), "right_shoulder": (-0.17, -0.11, -0.01),
    "left_elbow": (0.43, -0.12, -0.03), "right_elbow": (-0.43, -0.12, -0.03),
    "left_wrist": (0.68, -0.11, -0.03), "right_wrist": (-0.68, -0.11, -0.03),
    "left_hand": (0.77, -0.12, -0.03), "right_hand": (-0.77, -0.12, -0.03),
}  # fmt: skip


def bust_weights(vertices: Array) -> Array:
    """Head above y = 0.1, neck around the origin, spine3 below it, shoulders towards the sides; smooth in between."""
    weights = np.zeros((len(vertices), 24), np.float32)
    up = np.clip((vertices[:, 1] - 0.04) / 0.06, 0.0, 1.0)
    down = np.clip((-0.02 - vertices[:, 1]) / 0.06, 0.0, 1.0)
    side = np.clip((np.abs(vertices[:, 0]) - 0.08) / 0.1, 0.0, 1.0) * down
    name = {joint: index for index, joint in enumerate(SMPL_JOINT_NAMES)}
    weights[:, name["head"]] = up
    weights[:, name["spine3"]] = down - side
    left = vertices[:, 0] > 0
    weights[left, name["left_shoulder"]] = side[left]
    weights[~left, name["right_shoulder"]] = side[~left]
    weights[:, name["neck"]] = 1.0 - up - down
    return weights / weights.sum(axis=1, keepdims=True)


def bust_template(surface: Surface) -> BodyTemplate:
    """A template on ``surface`` with SMPL's joints in plausible places."""
    joints = np.array([SMPL_PLACES[name] for name in SMPL_JOINT_NAMES], np.float32)
    return BodyTemplate(
        SMPL_JOINT_NAMES,
        np.array(SMPL_PARENTS, np.int32),
        joints,
        surface.vertices,
        surface.faces,
        bust_weights(surface.vertices),
    )
