# SPDX-License-Identifier: Apache-2.0
"""How long a change of a slider waits for the engine before the window is drawn."""

from __future__ import annotations

import pytest

from blender_addon.core.patience import MOST, REMEMBERED, USUAL, Patience


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def drawn(patience: Patience, clock: Clock, *seconds: float) -> None:
    for each in seconds:
        patience.leave()
        clock.now += each
        patience.back()
        clock.now += 5.0
        patience.back()  # a turn without a change tells nothing


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def patience(clock: Clock) -> Patience:
    return Patience(clock)


def test_nothing_is_waited_for_that_is_not_known(patience: Patience, clock: Clock) -> None:
    assert patience.seconds == 0.0
    drawn(patience, clock, 0.3)
    assert patience.seconds == 0.0


def test_where_drawing_is_cheap_the_usual_is_the_most(patience: Patience, clock: Clock) -> None:
    patience.answered(0.04)
    assert patience.seconds == USUAL
    drawn(patience, clock, 0.02)
    assert patience.seconds == USUAL
    patience.answered(0.2)
    for _ in range(REMEMBERED):
        patience.answered(0.2)
    assert patience.seconds == 0.0, "the engine takes longer than that"


def test_where_drawing_is_dear_an_answer_is_waited_for(patience: Patience, clock: Clock) -> None:
    for _ in range(REMEMBERED):
        patience.answered(0.2)
    drawn(patience, clock, 0.3)
    assert patience.seconds == pytest.approx(0.3)
    drawn(patience, clock, 0.25, 2.0)
    assert patience.seconds == pytest.approx(0.25), "one that was held up is no measure"
    drawn(patience, clock, *[2.0] * REMEMBERED)
    assert patience.seconds == MOST
    drawn(patience, clock, 0.01)
    assert patience.seconds == 0.0, "drawing has become cheap, and the engine takes longer than the usual"
