# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a change of a slider waits for the engine before the window is drawn.

Drawn without the new shape, the window has to be drawn again with it. Where drawing is dear, as on a computer without a
graphics card, waiting is the shorter way; where it is cheap, the user's hand must not be held up.
"""

from __future__ import annotations

import time
from collections.abc import Callable

USUAL, MOST = 0.1, 0.6
"""Seconds that are waited: the first, or as long as a drawing takes where that is longer, at most the second. Who waits
no longer than what it spares loses at worst as much again."""
REMEMBERED = 3
"""How many of the last answers and drawings tell what the next will take. The shortest counts: others may have held up
any of them."""


class Patience:
    """Learns what answers and drawings take."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._answers: list[float] = []
        self._drawings: list[float] = []
        self._left: float | None = None

    def answered(self, seconds: float) -> None:
        """The engine has worked as long at a shape."""
        self._answers = [*self._answers, seconds][-REMEMBERED:]

    def leave(self) -> None:
        """Blender is left to itself after a change, which it will draw."""
        self._left = self._clock()

    def back(self) -> None:
        """Blender's timers have their turn: what was changed is drawn."""
        if self._left is not None:
            self._drawings = [*self._drawings, self._clock() - self._left][-REMEMBERED:]
            self._left = None

    @property
    def seconds(self) -> float:
        """How long it is worth to wait for the next answer; 0 where the engine is known to take longer, or nothing is
        known of it."""
        most = max(USUAL, min(min(self._drawings, default=0.0), MOST))
        return most if min(self._answers, default=MOST) < most else 0.0
