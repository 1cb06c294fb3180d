# SPDX-License-Identifier: Apache-2.0
"""Several faces in one picture: those that the far detector is sure of, and those that it only hints at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from portrait_core.photo import face_detector
from portrait_core.photo.box_detector import Found
from portrait_core.photo.face_detector import find_faces


def face(x: float, y: float, size: float, score: float) -> Found:
    return Found(score, np.array([x, y]), np.array([size, size]), np.full((6, 2), [x, y]))


@dataclass
class Painted:
    """A detector of bright squares: each is a face of its colour's score, where the picture shows it whole."""

    asked: list[tuple[int, int]]

    def find(self, picture: np.ndarray, score: float) -> list[Found]:
        return self.look(picture).above(score)

    def look(self, picture: np.ndarray) -> Painted:
        self.asked.append(picture.shape[:2])
        self.picture = picture
        return self

    def above(self, score: float) -> list[Found]:
        found: list[Found] = []
        for value in np.unique(self.picture[self.picture > 0]):
            rows, columns = np.nonzero(self.picture[..., 0] == value)
            size = float(np.ptp(columns) + 1)
            found.append(face(columns.mean(), rows.mean(), size, float(value) / 100))
        return sorted((each for each in found if each.score >= score), key=lambda each: -each.score)


class Nearer(Painted):
    """Sees in a small picture what a face is, whatever the other said of it; in a large one nothing."""

    def above(self, score: float) -> list[Found]:
        if max(self.picture.shape) > 300:
            return []
        return [face(*each.middle, float(each.size[0]), 0.9) for each in super().above(0.0)]


@pytest.fixture
def detectors(monkeypatch: pytest.MonkeyPatch) -> tuple[Painted, Painted]:
    near, far = Nearer([]), Painted([])
    monkeypatch.setattr(face_detector, "NEAR", near)
    monkeypatch.setattr(face_detector, "FAR", far)
    return near, far


def people(*faces: tuple[int, int, int, int]) -> np.ndarray:
    picture = np.zeros((800, 1200, 3), np.uint8)
    for x, y, size, score in faces:
        picture[y - size // 2 : y + size // 2, x - size // 2 : x + size // 2] = score
    return picture


def test_a_face_that_is_only_hinted_at_is_looked_at_alone(detectors: tuple[Painted, Painted]) -> None:
    near, far = detectors
    found = find_faces(people((200, 300, 60, 80), (700, 300, 80, 15), (1170, 760, 60, 20)), far=True)
    assert [(round(each.middle[0]), round(each.middle[1])) for each in found] == [(200, 300), (1170, 760), (700, 300)]
    assert np.allclose(found[2].points, found[2].middle)  # in the whole picture's pixels, as the box
    assert len(far.asked) == 1  # the whole picture is read once
    assert len(near.asked) == 3


def test_no_hint_is_looked_at_where_a_face_is_known(detectors: tuple[Painted, Painted]) -> None:
    near, _ = detectors
    picture = people((400, 400, 100, 90))
    picture[395:405, 395:405] = 30
    assert len(find_faces(picture, far=True)) == 1
    assert len(near.asked) == 1


def test_what_is_hardly_hinted_at_is_nobody(detectors: tuple[Painted, Painted]) -> None:
    assert find_faces(people((400, 400, 100, 9)), far=True) == []


def test_nothing_is_looked_at_in_a_sliver(detectors: tuple[Painted, Painted]) -> None:
    assert find_faces(people((1199, 400, 4, 40)), far=True) == []
