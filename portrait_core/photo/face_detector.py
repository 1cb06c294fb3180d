# SPDX-License-Identifier: Apache-2.0
"""Where faces are in a picture: BlazeFace, the detectors of MediaPipe for faces that are near and for smaller ones.

Source: Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (2019).
"""

from __future__ import annotations

import numpy as np

from portrait_core.photo.box_detector import OVERLAP, BoxDetector, Found, overlap
from portrait_core.photo.crop import Picture

SCORE = 0.5
"""What a find must have at least, of 0 to 1."""

NEAR = BoxDetector("face_detector", ((16, 2), (8, 6)), 6)
FAR = BoxDetector("face_detector_far", ((48, 1),), 6)

FoundFace = Found
"""The six points are the person's right and left eye, the tip of the nose, the mouth, the right and the left ear."""


def find_faces(picture: Picture, *, score: float = SCORE, far: bool = False) -> list[FoundFace]:
    """The faces in a picture, the surest first; ``far`` looks for smaller ones too, and puts them last.

    It fires on hair and patterns too: what it finds is to be looked at by a network of landmarks, which has a score of
    its own. Raises :class:`portrait_core.errors.ModelFileError` where the networks are not set up.
    """
    faces = NEAR.find(picture, score)
    if far:
        known = np.array([[face.middle, face.size] for face in faces]).reshape(-1, 2, 2)
        for face in FAR.find(picture, score):
            if not len(known) or overlap(np.stack([face.middle, face.size]), known).max() <= OVERLAP:
                faces.append(face)
    return faces
