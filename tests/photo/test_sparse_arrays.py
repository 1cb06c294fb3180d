# SPDX-License-Identifier: Apache-2.0
"""Arrays stored without their zeros, filled up again, against what they were made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from portrait_core.errors import ModelFileError
from portrait_core.photo.networks.flatbuffer import Bytes, Table
from portrait_core.photo.networks.sparse_arrays import LISTED, filled_up
from tests.photo.tflite_file import Writer, number, ref

KINDS = {np.dtype(np.int32): 1, np.dtype(np.uint16): 2, np.dtype(np.uint8): 3}


def axis(size: int, listed: tuple[np.ndarray, np.ndarray] | None = None) -> Mapping[int, Any]:
    fields = {0: number("<b", 0 if listed is None else LISTED), 1: number("<i", size)}
    if listed is not None:
        for field, numbers in ((2, listed[0]), (4, listed[1])):
            fields |= {field: number("<B", KINDS[numbers.dtype]), field + 1: ref({0: ref(numbers)})}
    return fields


def table(order: list[int], blocks: list[int], axes: list[Mapping[int, Any]]) -> Table:
    writer = Writer()
    place = writer.table({0: ref(np.array(order, np.int32)), 1: ref(np.array(blocks, np.int32)), 2: ref(axes)})
    return Table(Bytes(bytes(writer.data), "x"), place)


def test_rows_of_which_some_places_are_listed() -> None:
    expected = np.array([[0, 0, 5, 0], [0, 0, 0, 0], [7, 0, 0, 8]], np.float16)
    listed = np.array([0, 1, 1, 3], np.uint8), np.array([2, 0, 3], np.uint16)
    found = filled_up(np.array([5, 7, 8], np.float16), (3, 4), table([0, 1], [], [axis(3), axis(4, listed)]), "x")
    assert np.array_equal(found, expected)
    assert found.dtype == np.float16


def test_columns_come_first_where_the_order_says_so() -> None:
    expected = np.array([[0, 6], [5, 0]], np.float32)
    listed = np.array([0, 1, 2], np.int32), np.array([1, 0], np.uint8)
    found = filled_up(np.array([5, 6], np.float32), (2, 2), table([1, 0], [], [axis(2), axis(2, listed)]), "x")
    assert np.array_equal(found, expected)


def test_blocks() -> None:
    """As the files have it: blocks of four channels out of four, of which whole ones are left out."""
    rng = np.random.default_rng(3)
    dense = rng.normal(size=(3, 1, 1, 8)).astype(np.float32)
    kept = np.array([[True, False], [False, False], [True, True]])
    dense.reshape(3, 2, 4)[~kept] = 0
    ends = np.concatenate([[0], kept.sum(axis=1).cumsum()]).astype(np.uint8)
    listed = ends, np.nonzero(kept)[1].astype(np.uint8)
    sparsity = table([0, 1, 2, 3, 4], [3], [axis(3), axis(1), axis(1), axis(2, listed), axis(4)])
    assert np.array_equal(filled_up(dense.reshape(3, 2, 4)[kept].ravel(), (3, 1, 1, 8), sparsity, "x"), dense)


@pytest.mark.parametrize(
    ("order", "axes"),
    [
        ([0], [axis(3)]),
        ([0, 0], [axis(3), axis(4)]),
        ([0, 1], [axis(3), axis(99)]),
        ([0, 1], [axis(3), axis(4, (np.array([0, 1, 1], np.uint8), np.array([2], np.uint8)))]),
        ([0, 1], [axis(3), axis(4, (np.array([0, 1, 1, 9], np.uint8), np.array([2], np.uint8)))]),
        ([0, 1], [axis(3), axis(4, (np.array([0, 2, 1, 3], np.uint8), np.array([2, 0, 3], np.uint8)))]),
        ([0, 1], [axis(3), axis(4, (np.array([0, 1, 1, 3], np.uint8), np.array([2, 0, 200], np.uint8)))]),
        ([0, 1], [axis(3), axis(4, (np.array([0, 1, 1, 2], np.uint8), np.array([2, 0], np.uint8)))]),
    ],
)
def test_places_that_do_not_fit_are_refused(order: list[int], axes: list[Mapping[int, Any]]) -> None:
    with pytest.raises(ModelFileError, match=r"x\.tflite: the places of a sparse array do not fit it"):
        filled_up(np.array([5, 7, 8], np.float16), (3, 4), table(order, [], axes), "x.tflite")
