# SPDX-License-Identifier: Apache-2.0
"""Where faces are in a picture: BlazeFace, the detectors of MediaPipe for faces that are near and for smaller ones.

Source: Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (2019).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from portrait_core.photo.box_detector import OVERLAP, BoxDetector, Found, overlap
from portrait_core.photo.crop import Picture

SCORE = 0.5
"""What a find must have at least, of 0 to 1."""

NEAR = BoxDetector("face_detector", ((16, 2), (8, 6)), 6)
FAR = BoxDetector("face_detector_far", ((48, 1),), 6)

HINT = 0.1
"""What the far detector must say of a place for the near one to look there: among several people it names some less
surely than it would each of them alone."""
AROUND = 3.0
"""Side of the square in which the near one looks, in sizes of the hinted face."""
LEAST = 16
"""Pixels of such a square's edge under which nothing is seen in it."""
APART = 0.6
"""How far a face that was hinted at must be from every other one, in sizes of the larger: less is the same face."""

FoundFace = Found
"""The six points are the person's right and left eye, the tip of the nose, the mouth, the right and the left ear."""


def find_faces(picture: Picture, *, score: float = SCORE, far: bool = False) -> list[FoundFace]:
    """The faces in a picture, the surest first; ``far`` looks for smaller ones too, and puts them last: those that it
    is sure of, then those that it only hints at and the near detector sees in a picture of that place alone.

    It fires on hair and patterns too: what it finds is to be looked at by a network of landmarks, which has a score of
    its own. Raises :class:`portrait_core.errors.ModelFileError` where the networks are not set up.
    """
    faces = NEAR.find(picture, score)
    if far:
        known = np.array([[face.middle, face.size] for face in faces]).reshape(-1, 2, 2)
        seen = FAR.look(picture)
        for face in seen.above(score):
            if not len(known) or overlap(np.stack([face.middle, face.size]), known).max() <= OVERLAP:
                faces.append(face)
        for hint in seen.above(HINT):
            if all(_apart(hint, other) for other in faces):
                more = _looked_at(picture, hint, score)
                faces += [face for face in more if all(_apart(face, other) for other in faces)]
    return faces


def _looked_at(picture: Picture, hint: FoundFace, score: float) -> list[FoundFace]:
    """The surest face about a place where one may be, found by the near detector; at most one."""
    side = AROUND * float(hint.size.max())
    height, width = picture.shape[:2]
    left, top = (max(0, int(edge)) for edge in hint.middle - side / 2)
    right, bottom = (int(edge) for edge in np.minimum(hint.middle + side / 2, (width, height)))
    if min(right - left, bottom - top) < LEAST:
        return []
    corner = np.array([left, top], np.float64)
    # Its place is cut out first: a detector makes numbers of every pixel of the picture that it is given.
    found = NEAR.find(np.ascontiguousarray(picture[top:bottom, left:right]), score)[:1]
    return [replace(face, middle=face.middle + corner, points=face.points + corner) for face in found]


def _apart(one: FoundFace, other: FoundFace) -> bool:
    far = float(np.hypot(*(one.middle - other.middle)))
    return far > APART * float(max(one.size.max(), other.size.max()))
