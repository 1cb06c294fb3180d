# SPDX-License-Identifier: Apache-2.0
"""Persons of whom an outline is all that is known: where the search begins, which answer is taken, who is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from portrait_core.photo import estimate as module
from portrait_core.photo.bust_geometry import View
from portrait_core.photo.crop import Picture, Square
from portrait_core.photo.estimate import estimate_portraits
from portrait_core.photo.outline_view import LEAST_LENGTH, look_from, outlines
from portrait_core.photo.person_mask import Mask
from portrait_core.photo.reading import PhotographError
from portrait_core.photo.view_network import FILE, ViewEstimate, load_view_network
from tests.photo.busts import PaintedReader, painted, photograph_of

SQUARE = Square((200.0, 165.0), 230.0)


class Told:
    """Answers as it was told, one after the other."""

    def __init__(self, yaws: list[float], lengths: list[float]) -> None:
        self.answers = list(zip(yaws, lengths, strict=True))

    def look(self, picture: Picture, mask: Mask, seen: Square, begin: Square) -> ViewEstimate:
        yaw, length = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return ViewEstimate(View(yaw, 0.0, 0.0, (0.0, 0.0, 0.0)), begin, length, np.full(9, 0.05))


def test_an_outline_tells_where_head_and_shoulders_are() -> None:
    picture = painted([(View(), SQUARE)])
    picture[150:260, 190:210] = (205, 160, 135)  # a neck: what stands out hangs together
    found = outlines(picture, PaintedReader([]))
    assert len(found) == 2
    skin = np.abs(picture[:200].astype(int) - (205, 160, 135)).max(axis=2) < 3
    rows, columns = np.nonzero(skin)
    for each in found:
        assert abs(each.head[0] - columns.mean()) < 6
        assert abs(each.head[1] - rows.min()) < 6
        assert each.sure == 1.0
        assert any(abs(np.log(square.side / SQUARE.side)) < 0.3 for square in each.squares())
    assert outlines(painted([]), PaintedReader([])) == []


def test_the_answer_that_most_agree_on_is_taken() -> None:
    """Unsure ones do not count, however many; and 3.1 and -3.1 are neighbours."""
    picture, reader = painted([(View(), SQUARE)]), PaintedReader([])
    views: Any = Told([3.1, -3.1, 0.4, 1.0, 1.0, 1.0, -3.12], [0.95, 0.97, 0.99, 0.3, 0.3, 1.4, 1.0])
    found = look_from(picture, reader, views, [SQUARE] * 6, np.array([200.0, 100.0]))
    assert found is not None and found.view.yaw == -3.12, "the last look is with a mask of its own"
    assert found.square == SQUARE
    views = Told([0.1, 0.2, 0.3, 0.2], [0.2, 0.5, 0.1, 0.5])
    found = look_from(picture, reader, views, [SQUARE] * 3, np.array([200.0, 100.0]))
    assert found is not None and found.view.yaw == 0.2
    assert look_from(picture, reader, views, [], np.array([200.0, 100.0])) is None


@pytest.mark.parametrize("length", [0.95, 0.4])
def test_whether_an_outline_is_a_person_the_network_tells(length: float) -> None:
    photograph = photograph_of([(View(), SQUARE)])
    views: Any = Told([3.0], [length])
    if length < 0.8:
        with pytest.raises(PhotographError, match=r"painted\.png: no face and no body"):
            estimate_portraits(photograph, PaintedReader([]), views)
        return
    (found,) = estimate_portraits(photograph, PaintedReader([]), views)
    assert found.view.yaw == 3.0
    assert found.person.face is None and found.person.body is None and found.person.face_size == 0
    assert found.confidence.person == 1.0
    assert "no face is seen: in profile or from behind" in found.warnings


def test_the_network_that_comes_with_it_is_taken_and_says_what_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PORTRAITKIT_PHOTO", str(tmp_path))
    assert module.network_of_cameras() is load_view_network(FILE)
    facts = load_view_network(FILE).facts
    assert facts.licence == "CC0-1.0" and facts.training["measured"]["yaw_median"] <= 3.0
    # A wall has no yaw.
    wall = np.full((64, 64, 3), 0.5, np.float32)
    assert float(np.hypot(*load_view_network(FILE).numbers(wall, np.ones((64, 64), np.float32))[:2])) < LEAST_LENGTH
