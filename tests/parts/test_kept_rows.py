# SPDX-License-Identifier: Apache-2.0
"""Rows are computed once, and the same for who comes first and second."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.parts.kept_rows import KeptRows


def test_rows_are_computed_once_and_are_the_same_again() -> None:
    table = np.random.default_rng(0).normal(size=(50, 4))
    asked: list[int] = []

    def rows_of(numbers: NDArray[np.int64]) -> NDArray[np.float16]:
        def compute(fresh: NDArray[np.int64]) -> NDArray[np.float64]:
            asked.extend(numbers[fresh].tolist())
            return table[numbers[fresh]]

        return kept.take(numbers, compute)

    kept = KeptRows(50, 4)
    first = rows_of(np.array([3, 1, 40]))
    second = rows_of(np.array([40, 7, 3]))
    assert asked == [3, 1, 40, 7]
    np.testing.assert_array_equal(first[[2, 0]], second[[0, 2]])
    np.testing.assert_array_equal(second, table[[40, 7, 3]].astype(np.float16))


def test_rows_beyond_the_most_are_computed_again_and_are_the_same() -> None:
    table = np.random.default_rng(1).normal(size=(60, 3))
    asked: list[int] = []
    kept = KeptRows(60, 3, most=4)

    def rows_of(numbers: NDArray[np.int64]) -> NDArray[np.float16]:
        def compute(fresh: NDArray[np.int64]) -> NDArray[np.float64]:
            asked.extend(numbers[fresh].tolist())
            return table[numbers[fresh]]

        return kept.take(numbers, compute)

    numbers = np.array([9, 2, 9, 50, 7, 8])
    for _ in range(2):
        np.testing.assert_array_equal(rows_of(numbers), table[numbers].astype(np.float16))
    assert 0 < len(asked) - len(numbers) < len(numbers)
    others = kept.also("places", 2, dtype=np.float32)
    assert kept.also("places", 2, dtype=np.float32) is others
    found = others.take(numbers, lambda fresh: table[numbers[fresh], :2])
    np.testing.assert_array_equal(found, table[numbers, :2].astype(np.float32))


def test_rows_that_another_thread_adds_meanwhile_are_kept_once() -> None:
    table = np.random.default_rng(0).normal(size=(8, 4))
    numbers, others = np.array([2, 5, 6]), np.array([5, 6, 7])
    kept = KeptRows(8, 4)

    def compute(fresh: NDArray[np.int64]) -> NDArray[np.float64]:
        kept.take(others, lambda own: table[others[own]])  # as if by another thread
        return table[numbers[fresh]]

    np.testing.assert_array_equal(kept.take(numbers, compute), table[numbers].astype(np.float16))
    np.testing.assert_array_equal(kept.take(np.arange(8), lambda fresh: table[fresh]), table.astype(np.float16))
