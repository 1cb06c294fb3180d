# SPDX-License-Identifier: Apache-2.0
"""Who is in a picture: faces with their landmarks, bodies that belong to them, and masks, behind one protocol.

The default reads with MediaPipe's published networks. Somebody's own models stand in by the same protocol.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from portrait_core.photo.body_landmarks import SURE, BodyLandmarks, body_in, find_bodies, square_below
from portrait_core.photo.crop import FloatArray, Picture, Square
from portrait_core.photo.face_detector import FoundFace, find_faces
from portrait_core.photo.face_landmarks import SCORE, FaceLandmarks, landmarks_of
from portrait_core.photo.person_mask import Mask, person_mask

MOST = 50
"""Persons of one picture that are looked at."""
OWN_HEAD = 0.6
"""How far a body's head may be from a face that is its own, in heights of the face."""
SAME = 0.5
"""How far apart two bodies' heads must be, in their shoulders' widths, for there to be two."""


@dataclass(frozen=True)
class SeenPerson:
    """One person: ``face`` with its landmarks where there is one, and ``body`` where there is one; one of both is, or
    nothing is known but where the ``head`` (2,) of somebody stands out, and how sure that is (``outline_score``).

    ``box`` is where a face was found. It may be there without landmarks, as in profile.
    """

    box: FoundFace | None = None
    face: FaceLandmarks | None = None
    body: BodyLandmarks | None = None
    head: FloatArray | None = None
    outline_score: float = 0.0

    @property
    def middle(self) -> FloatArray:
        """(2,): the middle of the head, pixels."""
        if self.face is not None:
            return self.face.points[:, :2].mean(axis=0)
        if self.body is not None:
            return self.body.head
        assert self.head is not None
        return self.head

    @property
    def face_size(self) -> float:
        """The larger edge of the face's landmarks in pixels; of a head without a face, from its shoulders;
        nothing where an outline is all that is known."""
        if self.face is not None:
            points = self.face.points[:, :2]
            return float((points.max(axis=0) - points.min(axis=0)).max())
        if self.body is None:
            return 0.0
        return 0.9 * float(np.hypot(*(self.body.head - self.body.shoulders.mean(axis=0))))


class PictureReader(Protocol):
    """What sees persons in pictures (H, W, 3) uint8, sRGB."""

    def persons(self, picture: Picture) -> list[SeenPerson]:
        """The persons, the largest first."""
        ...

    def mask(self, picture: Picture, square: Square, size: int, about: FloatArray) -> Mask:
        """How sure each pixel of a square (``size`` a side) shows the person who is at ``about`` (2,)."""
        ...


class NetworkReader:
    """MediaPipe's networks; raises :class:`portrait_core.errors.ModelFileError` where they are not set up."""

    def persons(self, picture: Picture) -> list[SeenPerson]:
        """The persons, the largest first."""
        boxes = find_faces(picture, far=True)[:MOST]
        people = [_faced(picture, box) for box in boxes]
        bodies = _different([body_in(picture, square) for square in find_bodies(picture)[:MOST]])
        taken: set[int] = set()
        for number, person in sorted(enumerate(people), key=lambda each: -_size_of(each[1])):
            own = _own_body(person, [body for index, body in enumerate(bodies) if index not in taken])
            if own is not None:
                taken.add(next(index for index, body in enumerate(bodies) if body is own))
            elif person.face is not None and person.box is not None:
                # The detector of bodies names one person more surely than several: the others' are looked for.
                below = body_in(picture, square_below(person.box))
                own = _own_body(person, [below] if below.score >= SURE else [])
            people[number] = replace(person, body=own)
        people = [person for person in people if person.face is not None or person.body is not None]
        people += [SeenPerson(body=body) for index, body in enumerate(bodies) if index not in taken]
        return sorted(people, key=lambda person: -person.face_size)

    def mask(self, picture: Picture, square: Square, size: int, about: FloatArray) -> Mask:
        """How sure each pixel of a square shows the person who is at ``about``."""
        return person_mask(picture, square, size, about)


def _faced(picture: Picture, box: FoundFace) -> SeenPerson:
    face = landmarks_of(picture, box)
    return SeenPerson(box=box, face=face if face.score >= SCORE else None)


def _size_of(person: SeenPerson) -> float:
    return 0.0 if person.box is None else float(person.box.size.max())


def _own_body(person: SeenPerson, bodies: list[BodyLandmarks]) -> BodyLandmarks | None:
    """The body whose head is where the person's face is."""
    if person.box is None or not bodies:
        return None
    place = person.middle if person.face is not None else person.box.middle
    reach = OWN_HEAD * float(person.box.size.max())
    far = [float(np.hypot(*(body.head - place))) for body in bodies]
    nearest = int(np.argmin(far))
    return bodies[nearest] if far[nearest] <= reach else None


def _different(bodies: list[BodyLandmarks]) -> list[BodyLandmarks]:
    """Those that are there, each once: two squares often lead to the same body."""
    kept: list[BodyLandmarks] = []
    for body in sorted(bodies, key=lambda each: -each.score):
        width = max(float(np.hypot(*(body.shoulders[0] - body.shoulders[1]))), 1.0)
        far = [float(np.hypot(*(body.head - other.head))) for other in kept]
        if body.score >= SURE and all(each > SAME * width for each in far):
            kept.append(body)
    return kept
