# SPDX-License-Identifier: Apache-2.0
"""Camera, head and crop that explain where landmarks are seen: least squares with what is known beforehand.

Nine unknowns: yaw, pitch and roll of the camera, the rotation of the head against the shoulders, and middle and side of
the aligned square. Landmarks of a face share their errors, so that many of them say no more than :data:`FACE_WORTH`
independent ones would. Source of the method: Levenberg and Marquardt, as in Nocedal and Wright, "Numerical
Optimization" (2006), 10.3; the robust weights are Cauchy's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.cameras import ORBIT_RADIUS, TRAINED_FOCAL
from portrait_core.photo.body_landmarks import USED, BodyLandmarks
from portrait_core.photo.bust_geometry import View, aligned_square, camera_axes, posed, project
from portrait_core.photo.bust_places import ON_HEAD, bust_places
from portrait_core.photo.crop import FloatArray, Square
from portrait_core.photo.face_landmarks import FaceLandmarks

SIDES_A_METRE = TRAINED_FOCAL / ORBIT_RADIUS
EVERY = 4
"""Of the face's landmarks every fourth is used: more say nothing new."""
FACE_WORTH = 40.0
FACE_LEAST = 0.002
"""Metres: no landmark of a face is better than this."""
BODY_FACTOR = 1.5
BESIDE_A_FACE = 0.15
"""What a body's points on the head count where the face has landmarks, which know the head better."""
ROBUST = 2.5
"""Standard deviations from which on a landmark is doubted."""

STEPS = 30
NUDGE = 1e-5
UNKNOWN = 1e3
"""Standard deviation of what nothing is known about."""

SPREADS = np.array([UNKNOWN, 0.15, 0.12, 0.17, 0.28, 0.11, UNKNOWN, UNKNOWN, UNKNOWN])
"""Standard deviations without any other knowledge: cameras are about level, heads about straight. Those of the head are
the portrait world's for neck and head together."""


@dataclass(frozen=True)
class Landmarks:
    """``points`` (N, 2) in pixels, their ``places`` (N, 3) on the bust, which of them are ``on_head``, and ``weights``
    (N,): one over a point's standard deviation, in sides of the aligned square."""

    points: FloatArray
    places: FloatArray
    on_head: NDArray[np.bool_]
    weights: FloatArray


@dataclass(frozen=True)
class Known:
    """What is known beforehand: means (9,) and standard deviations (9,), in the order of :class:`Fit`'s numbers."""

    means: FloatArray
    spreads: FloatArray

    @classmethod
    def nothing(cls) -> Known:
        """Cameras are about level and heads about straight."""
        return cls(np.zeros(9), SPREADS.copy())


@dataclass(frozen=True)
class Fit:
    """``numbers`` (9,): yaw, pitch, roll, head (3), middle of the square (2), logarithm of its side; their standard
    deviations ``spreads`` (9,); ``cost``, the sum of squares per landmark."""

    numbers: FloatArray
    spreads: FloatArray
    cost: float

    @property
    def view(self) -> View:
        """The camera and the head."""
        return View.of(self.numbers[:6])

    @property
    def square(self) -> Square:
        """The aligned crop."""
        return aligned_square(self.numbers[6:8], float(self.numbers[8]))


def landmarks_for(face: FaceLandmarks | None, body: BodyLandmarks | None) -> Landmarks | None:
    """What is known of a person's points; None where that is nothing."""
    bust = bust_places()
    points: list[FloatArray] = []
    places: list[FloatArray] = []
    on_head: list[NDArray[np.bool_]] = []
    weights: list[FloatArray] = []
    if face is not None:
        kept = np.arange(0, len(bust.face), EVERY)
        spread = np.hypot(bust.face_spread[kept], FACE_LEAST) * np.sqrt(len(kept) / FACE_WORTH)
        points.append(face.points[kept, :2])
        places.append(bust.face[kept])
        on_head.append(np.ones(len(kept), bool))
        weights.append(1.0 / (spread * SIDES_A_METRE))
    if body is not None:
        head = np.arange(len(USED)) < ON_HEAD
        worth = 1.0 / (BODY_FACTOR * bust.body_spread * SIDES_A_METRE)
        if face is not None:
            worth = worth * np.where(head, BESIDE_A_FACE, 1.0)
        points.append(body.points[list(USED)])
        places.append(bust.body)
        on_head.append(head)
        # A point that is not in the picture is a guess of the network's.
        weights.append(worth * np.clip(body.visibility[list(USED)], 0.1, 1.0))
    if not points:
        return None
    return Landmarks(np.concatenate(points), np.concatenate(places), np.concatenate(on_head), np.concatenate(weights))


def fit_bust(landmarks: Landmarks, known: Known, yaws: Sequence[float]) -> Fit:
    """The best explanation of ``landmarks``, begun from each of ``yaws`` (radians)."""
    fits = [_fitted(landmarks, known, yaw) for yaw in yaws]
    return min(fits, key=lambda each: each.cost)


def _fitted(landmarks: Landmarks, known: Known, yaw: float) -> Fit:
    numbers = known.means.copy()
    # The nearest of a yaw's many names, so that what is known of it pulls the short way round.
    numbers[0] = known.means[0] + (yaw - known.means[0] + np.pi) % (2 * np.pi) - np.pi
    if known.spreads[8] >= UNKNOWN:
        numbers[6:] = _square_for(landmarks, numbers)
    own = float(np.exp(numbers[8]))
    # A square's middle is known in pixels; errors count in its sides.
    scale = np.ones(9)
    scale[6:8] = own
    damping = 1e-2
    cost, residuals, robust = _cost(landmarks, known, numbers, own)
    for _ in range(STEPS):
        jacobian = _jacobian(landmarks, known, numbers, own, scale, residuals) * robust[:, None]
        normal, gradient = jacobian.T @ jacobian, jacobian.T @ (residuals * robust)
        for _ in range(6):
            step = np.linalg.solve(normal + damping * np.diag(np.maximum(np.diag(normal), 1e-9)), gradient)
            trial = numbers - step * scale
            better, trial_residuals, trial_robust = _cost(landmarks, known, trial, own)
            if better < cost:
                break
            damping *= 5
        else:
            break
        done = cost - better < 1e-6 * cost
        numbers, cost, residuals, robust = trial, better, trial_residuals, trial_robust
        damping = max(damping * 0.3, 1e-8)
        if done:
            break
    jacobian = _jacobian(landmarks, known, numbers, own, scale, residuals) * robust[:, None]
    spreads = np.sqrt(np.diag(np.linalg.inv(jacobian.T @ jacobian + 1e-12 * np.eye(9)))) * scale
    return Fit(numbers, spreads, cost / len(landmarks.points))


def _residuals(landmarks: Landmarks, known: Known, numbers: FloatArray, own: float) -> FloatArray:
    """(2 N + 9,): of each landmark in its standard deviations, and of each number in those known beforehand.

    They count in sides of the square that the search began with (``own``): counted in those of the present one, a
    larger square would always explain more.
    """
    places = posed(landmarks.places, landmarks.on_head, numbers[3:6])
    shares = project(places, camera_axes(numbers[0], numbers[1], numbers[2]))
    found = (shares - 0.5) * np.exp(numbers[8]) + numbers[6:8]
    errors = (found - landmarks.points) / own * landmarks.weights[:, None]
    return np.concatenate([errors.ravel(), (numbers - known.means) / known.spreads])


def _cost(landmarks: Landmarks, known: Known, numbers: FloatArray, own: float) -> tuple[float, FloatArray, FloatArray]:
    """The robust sum of squares, the residuals, and the factor (2 N + 9,) that a doubted landmark's have."""
    residuals = _residuals(landmarks, known, numbers, own)
    count = 2 * len(landmarks.points)
    far = np.linalg.norm(residuals[:count].reshape(-1, 2), axis=1) / ROBUST
    robust = np.ones(len(residuals))
    robust[:count] = np.repeat(1.0 / np.sqrt(1.0 + far**2), 2)
    cost = ROBUST**2 * np.log1p(far**2).sum() + (residuals[count:] ** 2).sum()
    return float(cost), residuals, robust


def _jacobian(
    landmarks: Landmarks,
    known: Known,
    numbers: FloatArray,
    own: float,
    scale: FloatArray,
    residuals: FloatArray,
) -> FloatArray:
    """(2 N + 9, 9) by differences, in units of ``scale``."""
    columns: list[FloatArray] = []
    for index in range(9):
        nudged = numbers.copy()
        nudged[index] += NUDGE * scale[index]
        columns.append((_residuals(landmarks, known, nudged, own) - residuals) / NUDGE)
    return np.stack(columns, axis=1)


def _square_for(landmarks: Landmarks, numbers: FloatArray) -> FloatArray:
    """(3,): middle and logarithm of the side of the square in which a view puts the landmarks where they are."""
    places = posed(landmarks.places, landmarks.on_head, numbers[3:6])
    shares = project(places, camera_axes(numbers[0], numbers[1], numbers[2])) - 0.5
    share = landmarks.weights / landmarks.weights.sum()
    seen, wanted = share @ shares, share @ landmarks.points
    spread = np.sqrt(share @ ((shares - seen) ** 2).sum(axis=1))
    side = np.sqrt(share @ ((landmarks.points - wanted) ** 2).sum(axis=1)) / max(float(spread), 1e-9)
    return np.array([*(wanted - seen * side), np.log(max(float(side), 1e-6))])
