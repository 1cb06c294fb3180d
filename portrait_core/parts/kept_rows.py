# SPDX-License-Identifier: Apache-2.0
"""Rows of numbers that belong to the places of a fixed layout, computed when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

MOST = 1 << 19
"""Rows that are kept unless another number is given: of a skin twice as many as a hundred persons ask for."""


class KeptRows:
    """Rows of ``width`` numbers for up to ``count`` places, in 16 bits unless ``dtype`` says otherwise: half the
    memory, and what is read is the same whoever came first. Rows that nobody asks for take no memory; ``most`` are
    kept, and those beyond are computed again. Threads may ask at once."""

    def __init__(self, count: int, width: int, *, most: int = MOST, dtype: DTypeLike = np.float16) -> None:
        self.width = width
        # Counted from one, for zeros take no memory where nobody asks.
        self._slots = np.zeros(count, np.int32)
        self._rows: NDArray[Any] = np.empty((0, width), dtype)
        self._used, self._most = 0, most
        self._lock = Lock()
        self._others: dict[str, KeptRows] = {}

    def also(self, name: str, width: int, *, dtype: DTypeLike = np.float16) -> KeptRows:
        """Other rows of the same places, under a ``name`` of their own."""
        with self._lock:
            if name not in self._others:
                self._others[name] = KeptRows(len(self._slots), width, most=self._most, dtype=dtype)
            return self._others[name]

    def missing(self, numbers: NDArray[np.int64]) -> bool:
        """Whether any of the rows with these ``numbers`` (N,) would be computed."""
        return bool((self._slots[numbers] == 0).any())

    def take(
        self, numbers: NDArray[np.int64], compute: Callable[[NDArray[np.int64]], NDArray[np.floating]]
    ) -> NDArray[Any]:
        """The rows (N, width) with these ``numbers``; ``compute`` gives those of some places in ``numbers``."""
        fresh = np.flatnonzero(self._slots[numbers] == 0)
        if len(fresh) == 0:
            return self._rows[self._slots[numbers] - 1]
        found = np.asarray(compute(fresh)).astype(self._rows.dtype)
        self._keep(numbers[fresh], found)
        slots = self._slots[numbers]
        result = self._rows[slots - 1]  # of those that are not kept: any
        result[fresh] = found
        return result

    def _keep(self, numbers: NDArray[np.int64], rows: NDArray[Any]) -> None:
        with self._lock:
            # Another thread may have been here, and a number may stand in the list twice.
            numbers, first = np.unique(numbers, return_index=True)
            missing = self._slots[numbers] == 0
            numbers, first = numbers[missing], first[missing]
            room = self._most - self._used
            numbers, first = numbers[:room], first[:room]
            end = self._used + len(numbers)
            if end > len(self._rows):
                grown = np.empty(
                    (min(self._most, max(end, len(self._rows) * 3 // 2)), self._rows.shape[1]), self._rows.dtype
                )
                grown[: self._used] = self._rows[: self._used]
                self._rows = grown
            self._rows[self._used : end] = rows[first]
            self._slots[numbers] = np.arange(self._used + 1, end + 1, dtype=np.int32)
            self._used = end
