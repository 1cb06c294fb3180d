# SPDX-License-Identifier: Apache-2.0
"""Photographs of painted busts whose camera, head and crop are known, and a reader that sees what was painted: what is
tried here needs no network."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from portrait_core.photo.body_landmarks import BodyLandmarks
from portrait_core.photo.bust_geometry import View, posed, seen
from portrait_core.photo.bust_places import ON_HEAD, bust_places
from portrait_core.photo.crop import Square, cut
from portrait_core.photo.face_landmarks import FaceLandmarks
from portrait_core.photo.person_mask import Mask
from portrait_core.photo.persons import SeenPerson
from portrait_core.photo.reading import Photograph

SKIN, WALL, CLOTH = (205, 160, 135), (70, 90, 120), (60, 110, 70)


def points_of(view: View, square: Square) -> tuple[np.ndarray, np.ndarray]:
    """Where a face's 468 and a body's 13 points are seen, in pixels."""
    bust = bust_places()
    head = np.asarray(view.head)
    face = seen(posed(bust.face, np.ones(len(bust.face), bool), head), view)
    body = seen(posed(bust.body, np.arange(len(bust.body)) < ON_HEAD, head), view)
    corner = np.asarray(square.middle) - square.side / 2
    return face * square.side + corner, body * square.side + corner


def person_of(view: View, square: Square, *, faced: bool = True, score: float = 0.98) -> SeenPerson:
    """What a perfect reader would see of a bust."""
    face, body = points_of(view, square)
    whole = np.concatenate([body, np.repeat(body[11:12], 20, axis=0)])
    return SeenPerson(
        face=FaceLandmarks(np.c_[face, np.zeros(len(face))], score, "face_mesh") if faced else None,
        body=BodyLandmarks(whole, np.ones(len(whole)), score),
    )


def painted(people: list[tuple[View, Square]], size: tuple[int, int] = (400, 300)) -> np.ndarray:
    """(H, W, 3) uint8: a wall, and for each person a head, shoulders and dark spots for the eyes."""
    picture = Image.new("RGB", size, WALL)
    draw = ImageDraw.Draw(picture)
    for view, square in people:
        face, body = points_of(view, square)
        width = square.side / 8
        draw.polygon([(x, y) for x, y in body[11:13]] + [(body[12][0], size[1]), (body[11][0], size[1])], fill=CLOTH)
        x, y = face.mean(axis=0)
        draw.ellipse((x - width * 1.6, y - width * 2.4, x + width * 1.6, y + width * 2), fill=SKIN)
        for eye in (face[[33, 133]].mean(axis=0), face[[362, 263]].mean(axis=0)):
            draw.ellipse((eye[0] - 2, eye[1] - 2, eye[0] + 2, eye[1] + 2), fill=(40, 30, 30))
    return np.asarray(picture).copy()


@dataclass
class PaintedReader:
    """Sees the persons that it was told of, and as mask everything that is no wall."""

    people: list[SeenPerson]
    asked: list[Square] = field(default_factory=list)

    def persons(self, picture: np.ndarray) -> list[SeenPerson]:
        return sorted(self.people, key=lambda person: -person.face_size)

    def mask(self, picture: np.ndarray, square: Square, size: int, about: np.ndarray) -> Mask:
        self.asked.append(square)
        shown = cut(picture, square, size)
        return (np.abs(shown - np.array(WALL)).max(axis=2) > 24).astype(np.float32)


def photograph_of(people: list[tuple[View, Square]], size: tuple[int, int] = (400, 300)) -> Photograph:
    return Photograph(Path("painted.png"), painted(people, size))
