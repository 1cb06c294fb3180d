# SPDX-License-Identifier: Apache-2.0
"""Bodies, masks, and whose body is whose, with stand-ins for the networks."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.photo import persons as module
from portrait_core.photo.body_landmarks import FINE_REACH, BodyLandmarks, finer, square_below
from portrait_core.photo.box_detector import Found
from portrait_core.photo.bust_geometry import View
from portrait_core.photo.crop import Picture, Square
from portrait_core.photo.face_landmarks import FaceLandmarks
from portrait_core.photo.person_mask import _of_one, cut_mask
from portrait_core.photo.persons import NetworkReader
from tests.photo.busts import person_of

PICTURE = np.zeros((300, 600, 3), np.uint8)


def test_a_landmark_moves_to_the_middle_of_its_own_picture() -> None:
    rng = np.random.default_rng(1)
    pictures = rng.normal(scale=3.0, size=(16, 20, 3))
    pictures[:, :, 2] = -9.0  # nowhere sure
    shares = np.array([[0.5, 0.4], [0.02, 0.97], [0.3, 0.3]])
    found = finer(shares, pictures)
    for number, (x, y) in enumerate(shares[:2]):
        column, row = int(x * 20), int(y * 16)
        total = across = down = 0.0
        for r in range(max(0, row - FINE_REACH), min(16, row + FINE_REACH + 1)):
            for c in range(max(0, column - FINE_REACH), min(20, column + FINE_REACH + 1)):
                weight = 1 / (1 + np.exp(-pictures[r, c, number]))
                total, across, down = total + weight, across + weight * c, down + weight * r
        assert np.allclose(found[number], [across / total / 20, down / total / 16])
    assert np.array_equal(found[2], shares[2])
    outside = np.array([[1.2, 0.5]])
    assert np.array_equal(finer(outside, pictures), outside)


def test_the_body_of_a_face_is_below_it_as_it_is_turned() -> None:
    upright = Found(0.9, np.array([100.0, 80.0]), np.array([40.0, 40.0]), np.array([[90.0, 75.0], [110.0, 75.0]]))
    square = square_below(upright)
    assert square.middle[0] == pytest.approx(100)
    assert square.middle[1] > 180
    assert square.angle == pytest.approx(0)
    lying = Found(0.9, np.array([100.0, 80.0]), np.array([40.0, 40.0]), np.array([[105.0, 70.0], [105.0, 90.0]]))
    turned = square_below(lying)
    assert turned.middle[0] < 0
    assert turned.middle[1] == pytest.approx(80)
    assert turned.angle == pytest.approx(np.pi / 2)
    assert turned.side == pytest.approx(square.side)


def test_a_part_of_a_mask() -> None:
    mask = np.random.default_rng(2).random((40, 40)).astype(np.float32)
    seen = Square((100.0, 60.0), 80.0)
    part = cut_mask(mask, seen, Square((90.0, 70.0), 40.0), 20)
    # From (70, 50) to (110, 90) of the picture: pixels 5 to 25 and 15 to 35 of the mask.
    assert np.allclose(part, mask[15:35, 5:25], atol=1 / 255)


def test_of_two_persons_the_one_asked_for_is_kept() -> None:
    mask = np.zeros((40, 40), np.float32)
    mask[5:35, 4:14] = 1
    mask[5:35, 24:36] = 0.9
    mask[18:20, 28:31] = 0  # a hole, as glasses are
    left = _of_one(mask, np.array([-12.0, 0.0]) / 40 + 0.5)
    assert left[:, :17].sum() == mask[:, :17].sum()
    assert left[:, 20:].sum() == 0
    hole = _of_one(mask, np.array([9.0, -1.0]) / 40 + 0.5)
    assert hole[:, 20:].sum() == mask[:, 20:].sum()
    assert hole[:, :17].sum() == 0


@pytest.fixture
def stands_in(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[object]]:
    """What the networks see: ``faces`` (box, score of its landmarks) and ``bodies``, by their squares."""
    told: dict[str, list[object]] = {"faces": [], "bodies": [], "below": []}

    def landmarks(_picture: Picture, box: Found) -> FaceLandmarks:
        score = next(score for each, score in told["faces"] if each is box)  # type: ignore[misc]
        points = box.middle + (np.random.default_rng(0).random((468, 2)) - 0.5) * box.size
        return FaceLandmarks(np.c_[points, np.zeros(468)], score, "face_mesh")

    def body(_picture: Picture, square: Square) -> BodyLandmarks:
        return square if isinstance(square, BodyLandmarks) else told["below"][0]  # type: ignore[return-value]

    monkeypatch.setattr(module, "find_faces", lambda _picture, far: [box for box, _ in told["faces"]])  # type: ignore[misc]
    monkeypatch.setattr(module, "landmarks_of", landmarks)
    monkeypatch.setattr(module, "find_bodies", lambda _picture: list(told["bodies"]))
    monkeypatch.setattr(module, "square_below", lambda _box: Square((0.0, 0.0), 1.0))
    monkeypatch.setattr(module, "body_in", body)
    told["below"] = [BodyLandmarks(np.zeros((33, 2)), np.zeros(33), 0.0)]
    return told


def face_at(x: float, size: float = 60.0) -> Found:
    return Found(0.9, np.array([x, 100.0]), np.array([size, size]), np.zeros((6, 2)))


def body_at(x: float, score: float = 0.9) -> BodyLandmarks:
    person = person_of(View(), Square((x, 110.0), 200.0), score=score)
    assert person.body is not None
    shifted = person.body.points + np.array([x, 100.0]) - person.body.head
    return BodyLandmarks(shifted, person.body.visibility, score)


def test_bodies_go_to_the_faces_that_they_carry(stands_in: dict[str, list[object]]) -> None:
    stands_in["faces"] = [(face_at(120, 50), 0.9), (face_at(430, 70), 0.95)]
    stands_in["bodies"] = [body_at(425), body_at(118, 0.8)]
    first, second = NetworkReader().persons(PICTURE)
    assert first.box is not None
    assert first.box.middle[0] == 430  # the largest first
    assert first.body is stands_in["bodies"][0]
    assert second.body is stands_in["bodies"][1]


def test_a_face_that_the_mesh_does_not_know_is_none(stands_in: dict[str, list[object]]) -> None:
    """A cat, or a back of a head: the detector fires, the mesh says no, and there is no body either."""
    stands_in["faces"] = [(face_at(120), 0.02)]
    assert NetworkReader().persons(PICTURE) == []
    # In profile the mesh says no as well, but a body carries it.
    stands_in["bodies"] = [body_at(122)]
    (person,) = NetworkReader().persons(PICTURE)
    assert person.face is None
    assert person.box is not None
    assert person.body is stands_in["bodies"][0]


def test_backs_have_bodies_alone_and_each_body_counts_once(stands_in: dict[str, list[object]]) -> None:
    stands_in["bodies"] = [body_at(300, 0.7), body_at(304, 0.9), body_at(100, 0.2)]
    (person,) = NetworkReader().persons(PICTURE)
    assert person.face is None
    assert person.body is stands_in["bodies"][1]


def test_a_body_is_looked_for_below_a_face_without_one(stands_in: dict[str, list[object]]) -> None:
    stands_in["faces"] = [(face_at(120), 0.9)]
    stands_in["below"] = [body_at(122)]
    (person,) = NetworkReader().persons(PICTURE)
    assert person.body is stands_in["below"][0]
    stands_in["below"] = [body_at(400)]  # somebody else's
    (alone,) = NetworkReader().persons(PICTURE)
    assert alone.body is None
