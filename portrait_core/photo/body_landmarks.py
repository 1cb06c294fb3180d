# SPDX-License-Identifier: Apache-2.0
"""Landmarks of bodies: MediaPipe's BlazePose, of which a portrait needs head and shoulders.

Source: Bazarevsky et al., "BlazePose: On-device Real-time Body Pose tracking" (2020), and the published constants of
MediaPipe's graphs: a detector that answers with the middle of the hips and a point of the circle about the body; a
square 1.25 times that circle, turned so that the body stands; in it 33 points and 6 of the network's own, each made
finer by a picture of where it may be; beyond the photograph its edge goes on.

Left and right are the person's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.photo.box_detector import BoxDetector
from portrait_core.photo.crop import FloatArray, Picture, Square, cut
from portrait_core.photo.face_detector import FoundFace
from portrait_core.photo.networks.store import load_network

DETECTOR = BoxDetector("body_detector", ((28, 2), (14, 2), (7, 6)), 4)
DETECTED = 0.5
SURE = 0.5
"""What the network of landmarks must say at least, of 0 to 1, for there to be a body."""
MARGIN = 1.25
COUNT, OWN = 33, 6

NOSE, RIGHT_EAR, LEFT_EAR, RIGHT_SHOULDER, LEFT_SHOULDER = 0, 8, 7, 12, 11
HEAD = tuple(range(11))
"""The points on the head: nose, three of each eye, ears, corners of the mouth."""
USED = tuple(range(13))
"""Head and shoulders."""

FINE_REACH = 3
"""Cells to each side of a point in which its picture makes it finer."""
FINE_LEAST = 0.5


@dataclass(frozen=True)
class BodyLandmarks:
    """``points`` (33, 2) in pixels; how likely each is in the picture and not hidden, ``visibility`` (33,) of 0 to 1;
    ``score`` of 0 to 1 that there is a body."""

    points: FloatArray
    visibility: FloatArray
    score: float

    @property
    def head(self) -> FloatArray:
        """(2,): the middle of the points on the head."""
        return self.points[list(HEAD)].mean(axis=0)

    @property
    def shoulders(self) -> FloatArray:
        """(2, 2): the right and the left one."""
        return self.points[[RIGHT_SHOULDER, LEFT_SHOULDER]]


def find_bodies(picture: Picture, *, score: float = DETECTED) -> list[Square]:
    """The squares about the bodies in a picture, the surest first.

    Raises :class:`portrait_core.errors.ModelFileError` where the network is not set up.
    """
    return [_standing(found.points[0], found.points[1]) for found in DETECTOR.find(picture, score)]


def square_below(face: FoundFace) -> Square:
    """Where the body of a face probably is: upright below it, as bodies are to heads."""
    down = np.array([0.0, 1.0])
    right, left = face.points[:2]
    across = left - right
    if float(np.hypot(*across)) > 0:
        turned = np.array([-across[1], across[0]]) / np.hypot(*across)
        down = turned
    height = float(face.size.max())
    hips = face.middle + 3.6 * height * down
    return _standing(hips, hips - 4.6 * height * down)


def body_in(picture: Picture, square: Square) -> BodyLandmarks:
    """The landmarks of the body in a square, whatever their score."""
    network = load_network("body_landmarks")
    size = network.input_shape[0]
    values, score, _, fine = network.read(cut(picture, square, size) / 255.0)[:4]
    rows = values.reshape(COUNT + OWN, 5).astype(np.float64)
    shares = finer(rows[:COUNT, :2] / size, fine)
    visible = 1.0 / (1.0 + np.exp(-np.clip(rows[:COUNT, 3], -50.0, 50.0)))
    return BodyLandmarks(square.to_picture(shares), visible, float(score.reshape(-1)[0]))


def finer(shares: FloatArray, pictures: NDArray[np.floating]) -> FloatArray:
    """Points (N, 2) of 0 to 1, each moved to the middle of what its own picture (H, W, N) shows about it, where that
    is sure."""
    height, width = pictures.shape[:2]
    result = shares.copy()
    for number, (x, y) in enumerate(shares):
        column, row = int(x * width), int(y * height)
        if not (0 <= column < width and 0 <= row < height):
            continue
        left, top = max(0, column - FINE_REACH), max(0, row - FINE_REACH)
        seen = pictures[top : row + FINE_REACH + 1, left : column + FINE_REACH + 1, number].astype(np.float64)
        weight = 1.0 / (1.0 + np.exp(-np.clip(seen, -50.0, 50.0)))
        if weight.max() < FINE_LEAST:
            continue
        rows, columns = np.mgrid[top : top + seen.shape[0], left : left + seen.shape[1]]
        result[number] = (
            (weight * columns).sum() / weight.sum() / width,
            (weight * rows).sum() / weight.sum() / height,
        )
    return result


def _standing(middle: FloatArray, circle: FloatArray) -> Square:
    """The square about ``middle`` that holds the circle through ``circle``, which is above the body's middle."""
    up = circle - middle
    angle = float(np.arctan2(up[0], -up[1]))
    return Square((float(middle[0]), float(middle[1])), 2 * MARGIN * float(np.hypot(*up)), angle)
