# SPDX-License-Identifier: Apache-2.0
"""What is measured of a face's landmarks: how open the eyes and the mouth are, how high the corners of the mouth.

Every measure takes the points (N, 2 or more) of MediaPipe's face mesh, in pixels with y down, and is free of the
picture's scale. Left and right are the person's own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

# The two corners of an eye, then pairs of a point of its upper lid and one of its lower.
EYES = {
    "right": ((33, 133), ((160, 144), (158, 153))),
    "left": ((362, 263), ((385, 380), (387, 373))),
}
INNER_LIPS = (13, 14)
"""The middles of the inner edges of the upper and the lower lip."""
MOUTH_CORNERS = {"right": 61, "left": 291}


def eye_aspect_ratio(points: Points, side: str) -> float:
    """How far the lids are apart by how wide the eye is: Soukupova and Cech, "Real-Time Eye Blink Detection using
    Facial Landmarks" (2016), equation 1."""
    (inner, outer), lids = EYES[side]
    return float(np.mean([_apart(points, *pair) for pair in lids])) / _apart(points, inner, outer)


def mouth_opening(points: Points) -> float:
    """How far the inner edges of the lips are apart, by how far the eyes are."""
    return _apart(points, *INNER_LIPS) / eye_distance(points)


def corner_heights(points: Points) -> dict[str, float]:
    """How far each corner of the mouth lies below the line through the eyes' outer corners, by how far the eyes are
    apart; a corner that rises gets smaller."""
    start, end = points[EYES["right"][0][0], :2], points[EYES["left"][0][1], :2]
    along = (end - start) / np.linalg.norm(end - start)
    down = np.array([-along[1], along[0]])
    return {
        side: float((points[corner, :2] - start) @ down) / eye_distance(points)
        for side, corner in MOUTH_CORNERS.items()
    }


def eye_distance(points: Points) -> float:
    """How far the middles of the eyes are apart, of each between its corners; in pixels."""
    right, left = (points[list(EYES[side][0]), :2].mean(axis=0) for side in ("right", "left"))
    return float(np.linalg.norm(left - right))


def _apart(points: Points, one: int, other: int) -> float:
    return float(np.linalg.norm(points[one, :2] - points[other, :2]))
