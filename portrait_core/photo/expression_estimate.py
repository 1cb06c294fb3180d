# SPDX-License-Identifier: Apache-2.0
"""How far a face makes each of ARKit's shapes, estimated from its landmarks by MediaPipe's blendshape network.

Source: the published graph of MediaPipe's Face Landmarker: 146 of the 478 landmarks, in pixels, of which the network
itself takes the middle and the size; 52 numbers of 0 to 1, the first of which says nothing that is used, the others
ARKit's shapes in the order of their names without ``tongueOut``.
"""

from __future__ import annotations

import numpy as np

from portrait_core.face.names import ARKIT
from portrait_core.photo.face_landmarks import FaceLandmarks
from portrait_core.photo.networks.store import load_network

ESTIMATED = ARKIT[:-1]
"""The 51 shapes that the network knows."""

# fmt: off
POINTS = (
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80,
    81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153,
    154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249,
    251, 263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314,
    317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382,
    384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473,
    474, 475, 476, 477,
)
"""The landmarks that it looks at."""
# fmt: on


def estimate_expression(landmarks: FaceLandmarks) -> dict[str, float]:
    """The weight (0 to 1) of each of :data:`ESTIMATED`, by landmarks of 478 points.

    Raises ``ValueError`` for landmarks without irises, :class:`portrait_core.errors.ModelFileError` where the network
    is not set up.
    """
    if landmarks.network != "face_mesh_iris":
        raise ValueError(f"expression: needs the landmarks of face_mesh_iris, got those of {landmarks.network}")
    (weights,) = load_network("face_expressions").read(landmarks.points[list(POINTS), :2].astype(np.float32))
    return dict(zip(ESTIMATED, weights[1:].tolist(), strict=True))
