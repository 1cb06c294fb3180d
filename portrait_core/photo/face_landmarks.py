# SPDX-License-Identifier: Apache-2.0
"""Landmarks of a face: MediaPipe's face mesh of 468 points, or the newer one of 478 with the irises.

Sources: Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs" (2019); Grishchenko
et al., "Attention Mesh" (2020); the published constants of MediaPipe's graphs: a square 1.5 times the box, turned so
that the eyes are level, in pixels of 0 to 1; a second look at the square about what the first one found.

Left and right are the person's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from portrait_core.photo.crop import FloatArray, Picture, Square, around_points, cut
from portrait_core.photo.face_detector import FoundFace, find_faces
from portrait_core.photo.networks.store import load_network

MeshNetwork = Literal["face_mesh", "face_mesh_iris"]

MARGIN = 1.5
"""How much larger the square is that a network looks at than what it is about."""
LOOKS = 2
SCORE = 0.5
"""What landmarks must have at least to be those of a face."""

RIGHT_EYE_OUTER, LEFT_EYE_OUTER = 33, 263
"""Points whose line says how far the head is tilted."""


@dataclass(frozen=True)
class FaceLandmarks:
    """``points`` (468 or 478, 3): x and y in pixels of the picture, and how much nearer than the head's middle in the
    same unit, negative towards the camera; ``score`` of 0 to 1 that there is a face at all."""

    points: FloatArray
    score: float
    network: MeshNetwork


def read_face(picture: Picture, network: MeshNetwork = "face_mesh") -> FaceLandmarks | None:
    """The landmarks of the surest face in a picture (H, W, 3) uint8, or None where there is none.

    Raises :class:`portrait_core.errors.ModelFileError` where the networks are not set up.
    """
    for found in find_faces(picture):
        landmarks = landmarks_of(picture, found, network)
        if landmarks.score >= SCORE:
            return landmarks
    return None


def landmarks_of(picture: Picture, face: FoundFace, network: MeshNetwork = "face_mesh") -> FaceLandmarks:
    """The landmarks of a face that was found, whatever their score."""
    square = Square(
        (float(face.middle[0]), float(face.middle[1])), MARGIN * float(face.size.max()), tilt(*face.points[:2])
    )
    for _ in range(LOOKS - 1):
        points = _look(picture, square, network).points[:, :2]
        angle = tilt(points[RIGHT_EYE_OUTER], points[LEFT_EYE_OUTER])
        square = around_points(points, angle, MARGIN)
    return _look(picture, square, network)


def look_again(picture: Picture, points: FloatArray, network: MeshNetwork = "face_mesh_iris") -> FaceLandmarks:
    """The landmarks of a face of which some are known (468 or more, 2), by pixels of the picture."""
    for _ in range(LOOKS - 1):
        points = _look(picture, _square_about(points), network).points
    return _look(picture, _square_about(points), network)


def _square_about(points: FloatArray) -> Square:
    return around_points(points[:, :2], tilt(points[RIGHT_EYE_OUTER, :2], points[LEFT_EYE_OUTER, :2]), MARGIN)


def tilt(right: FloatArray, left: FloatArray) -> float:
    """The angle (radians, clockwise) by which the line from the right eye to the left one is turned."""
    across = left - right
    return float(np.arctan2(across[1], across[0]))


def _look(picture: Picture, square: Square, name: MeshNetwork) -> FaceLandmarks:
    network = load_network(name)
    size = network.input_shape[0]
    found, score = network.read(cut(picture, square, size) / 255.0)[:2]
    shares = found.reshape(-1, 3).astype(np.float64) / size
    points = np.concatenate([square.to_picture(shares[:, :2]), shares[:, 2:] * square.side], axis=1)
    return FaceLandmarks(points, float(1.0 / (1.0 + np.exp(-float(score.reshape(-1)[0])))), name)
