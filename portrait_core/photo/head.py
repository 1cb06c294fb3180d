# SPDX-License-Identifier: Apache-2.0
"""The head of somebody in a photograph: its own square of the picture, its regions, landmarks, camera and colours."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.photo.bust_places import bust_places
from portrait_core.photo.crop import FloatArray, Picture, Square, cut
from portrait_core.photo.estimate import PortraitEstimate
from portrait_core.photo.expression_estimate import estimate_expression
from portrait_core.photo.face_colours import FaceColours, face_colours
from portrait_core.photo.face_landmarks import FaceLandmarks, look_again
from portrait_core.photo.face_regions import CHIN, FOREHEAD, FaceRegions, face_regions
from portrait_core.photo.face_shape import COUNT
from portrait_core.photo.head_camera import HeadCamera, begin_camera, fit_camera
from portrait_core.photo.person_mask import Mask
from portrait_core.photo.persons import PictureReader
from portrait_core.photo.reading import Photograph, PhotographError

FARTHEST_TURN = np.radians(50.0)
"""From where on a head is turned too far for its face to be carried over."""
AROUND = 2.6
"""Side of the picture of a head, in heights of its face."""
RAISED = 0.1
"""Heights of the face that its middle lies above the landmarks' middle."""
LARGE, SMALL = 1280, 512
"""Pixels of the head's picture for colours of the face, and for its regions."""
SHUT = 0.5
"""Weight from which on eyes are shut for a moment."""
STIRRED = 0.06
"""Weight of a shape under which it is none."""


@dataclass(frozen=True, eq=False)
class Head:
    """The head of a photograph: ``picture`` (LARGE, LARGE, 3), its ``regions``, ``points`` (478, 2) and ``camera``,
    all 0 to 1 across the picture; ``expression`` by ARKit's names; ``height`` of the face in the file's pixels; the
    person's ``mask`` (SMALL, SMALL), and how much nearer than the head's middle each point is, negative towards the
    camera, ``depths`` (478,) in sides of the picture."""

    picture: Picture
    regions: FaceRegions
    points: FloatArray
    camera: HeadCamera
    expression: dict[str, float]
    colours: FaceColours
    height: float
    mask: Mask
    depths: FloatArray


def head_of(photograph: Photograph, estimate: PortraitEstimate, reader: PictureReader) -> Head:
    """The head of somebody in a photograph; raises :class:`PhotographError` where its face is not to be seen."""
    face = seen_face(photograph, estimate)
    fine = look_again(photograph.pixels, face.points)
    points = fine.points[:, :2]
    up = points[FOREHEAD] - points[CHIN]
    height = float(np.linalg.norm(up))
    middle = points[:COUNT].mean(axis=0) + RAISED * up
    square = Square((float(middle[0]), float(middle[1])), AROUND * height)
    bust = bust_places().face
    metres = AROUND * float(np.linalg.norm(bust[FOREHEAD] - bust[CHIN]))
    within = square.to_square(points)
    begin = begin_camera(estimate.view, bust.mean(axis=0), metres)
    camera = fit_camera(begin, bust, within[:COUNT], np.ones(COUNT))
    yaw, pitch = camera.turn
    if abs(yaw) > FARTHEST_TURN or abs(pitch) > FARTHEST_TURN:
        raise PhotographError(
            "turned away",
            f"{photograph.path}: the head is turned by {np.degrees(max(abs(yaw), abs(pitch))):.0f} degrees; up to "
            f"{np.degrees(FARTHEST_TURN):.0f} a face can be carried over.",
        )
    picture = _bytes(cut(photograph.pixels, square, LARGE))
    small = _bytes(cut(photograph.pixels, square, SMALL))
    mask: Mask = reader.mask(photograph.pixels, square, SMALL, estimate.person.middle)
    regions = face_regions(small, mask, within)
    weights = estimate_expression(fine)
    expression = {
        name: round(meant(name, float(weight)), 4)
        for name, weight in weights.items()
        if meant(name, float(weight)) > STIRRED
    }
    colours = face_colours(small, regions, within)
    depths = fine.points[:, 2] / square.side
    return Head(picture, regions, within, camera, expression, colours, height / photograph.scale, mask, depths)


def seen_face(photograph: Photograph, estimate: PortraitEstimate) -> FaceLandmarks:
    """The face of somebody; raises :class:`PhotographError` where none is seen."""
    face = estimate.person.face
    if face is None:
        raise PhotographError(
            "no face",
            f"{photograph.path}: no face is seen, in profile or from behind; an avatar needs one that looks towards "
            "the camera.",
        )
    return face


def meant(name: str, weight: float) -> float:
    """How far a shape of the face is taken for an expression, by ARKit's name and its weight: narrow eyes and low brows
    are often somebody's own, and where somebody looks is none of the face's."""
    if name.startswith(("eyeLook", "eyeSquint", "cheekSquint")) or (name.startswith("eyeBlink") and weight < SHUT):
        return 0.0
    return weight * (0.5 if name.startswith("browDown") else 1.0)


def digest_of(photograph: Photograph) -> str:
    """SHA-256 of what is seen, whatever file it came in."""
    pixels = np.ascontiguousarray(photograph.pixels)
    return hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()


def _bytes(values: NDArray[np.floating]) -> Picture:
    return np.rint(values).clip(0, 255).astype(np.uint8)
