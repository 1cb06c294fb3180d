# SPDX-License-Identifier: Apache-2.0
"""Rows of numbers that belong to the places of a fixed layout, computed when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray


class KeptRows:
    """Up to ``count`` rows of ``width`` numbers in 16 bits: half the memory, and what is read is the same whoever came
    first. Rows that nobody asks for take no memory. Threads may ask for different rows at once."""

    def __init__(self, count: int, width: int) -> None:
        self._rows = np.empty((count, width), np.float16)
        self._known = np.zeros(count, bool)

    def take(
        self, numbers: NDArray[np.int64], compute: Callable[[NDArray[np.int64]], NDArray[np.floating]]
    ) -> NDArray[np.float16]:
        """The rows (N, width) with these ``numbers``; ``compute`` gives those of some places in ``numbers``."""
        fresh = np.flatnonzero(~self._known[numbers])
        if len(fresh):
            self._rows[numbers[fresh]] = compute(fresh)
            self._known[numbers[fresh]] = True
        return self._rows[numbers]
