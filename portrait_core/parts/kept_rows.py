# SPDX-License-Identifier: Apache-2.0
"""Rows of numbers that belong to the places of a fixed layout, computed when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

import numpy as np
from numpy.typing import NDArray


class KeptRows:
    """Up to ``count`` rows of ``width`` numbers in 16 bits: half the memory, and what is read is the same whoever came
    first. Threads may ask at once.

    Rows lie in the order in which they were first asked for: a system gives memory by pages of dozens of rows, so that
    those that nobody asks for take none only where they do not lie between others.
    """

    def __init__(self, count: int, width: int) -> None:
        self._rows = np.empty((count, width), np.float16)
        self._place = np.full(count, -1, np.int32)
        self._taken = 0
        self._adding = Lock()

    def take(
        self, numbers: NDArray[np.int64], compute: Callable[[NDArray[np.int64]], NDArray[np.floating]]
    ) -> NDArray[np.float16]:
        """The rows (N, width) with these ``numbers``, all different; ``compute`` gives those of some places in
        ``numbers``."""
        fresh = np.flatnonzero(self._place[numbers] < 0)
        if len(fresh):
            found = compute(fresh)
            with self._adding:
                # Another thread may have added some meanwhile.
                missing = self._place[numbers[fresh]] < 0
                first, self._taken = self._taken, self._taken + int(missing.sum())
                self._rows[first : self._taken] = found[missing]
                self._place[numbers[fresh[missing]]] = np.arange(first, self._taken)
        return self._rows[self._place[numbers]]

    @property
    def taken(self) -> int:
        """How many rows are kept."""
        return self._taken
