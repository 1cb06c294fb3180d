# SPDX-License-Identifier: Apache-2.0
"""Arrays that a ``.tflite`` file stores without most of their zeros, filled up again.

Source: the format's own description (TensorFlow Lite, ``schema.fbs``, ``SparsityParameters``): the array's axes, and
axes within blocks, are walked in a given order; along each, either every place is there, or those whose numbers are
listed for each place of the walk before it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import ModelFileError
from portrait_core.photo.networks.flatbuffer import Table

LISTED = 1
"""The kind of axis of which only some places are there."""
MOST = 1 << 24
"""No array that is read has more numbers."""
WIDTHS: dict[int, type[np.generic]] = {1: np.int32, 2: np.uint16, 3: np.uint8}
"""The kinds of numbers that lists have."""


def filled_up(values: NDArray[Any], shape: Sequence[int], sparsity: Table, name: str) -> NDArray[Any]:
    """The array of ``shape`` whose stored ``values`` (N,) lie where the table ``sparsity`` says.

    Raises :class:`ModelFileError` for a table that does not fit the array; ``name`` is the file's in messages.
    """
    order, blocked = sparsity.numbers(0).tolist(), sparsity.numbers(1).tolist()
    axes = sparsity.tables(2)
    total = math.prod(shape)
    fits = sorted(order) == list(range(len(shape) + len(blocked))) and len(axes) == len(order)
    if (
        not fits
        or total > MOST
        or not all(0 <= axis < len(shape) for axis in blocked)
        or any(side < 1 for side in shape)
    ):
        raise _damaged(name)
    sizes: dict[int, int] = {}
    walked: list[NDArray[np.int64]] = []
    count = 1
    for axis, table in zip(order, axes, strict=True):
        sizes[axis] = table.number(1)
        if table.number(0, "<b") == LISTED:
            ends, places = _list(table, 2, name), _list(table, 4, name)
            steps = np.diff(ends)
            if len(steps) != count or (steps < 0).any() or ends[0] != 0 or ends[-1] != len(places):
                raise _damaged(name)
            parents = np.repeat(np.arange(count), steps)
        else:
            if not 1 <= sizes[axis] * count <= total:
                raise _damaged(name)
            parents, places = np.repeat(np.arange(count), sizes[axis]), np.tile(np.arange(sizes[axis]), count)
        walked = [*(each[parents] for each in walked), places]
        count = len(places)
        if count > total:
            raise _damaged(name)
    if count != len(values):
        raise _damaged(name)
    found = dict(zip(order, walked, strict=True))
    at = [found[axis] for axis in range(len(shape))]
    for number, axis in enumerate(blocked, start=len(shape)):
        at[axis] = at[axis] * sizes[number] + found[number]
    if any(len(place) and not 0 <= place.min() <= place.max() < side for place, side in zip(at, shape, strict=True)):
        raise _damaged(name)
    result = np.zeros(shape, values.dtype)
    result[tuple(at)] = values
    return result


def _list(table: Table, field: int, name: str) -> NDArray[np.int64]:
    """The numbers of a list, whose kind is in ``field`` and whose table in the next one."""
    width, numbers = WIDTHS.get(table.number(field, "<B")), table.table(field + 1)
    if width is None or numbers is None:
        raise _damaged(name)
    found = numbers.numbers(0, width).astype(np.int64)
    if field == 2 and len(found) < 2:
        raise _damaged(name)
    return found


def _damaged(name: str) -> ModelFileError:
    return ModelFileError(f"{name}: the places of a sparse array do not fit it; the file is damaged. Get it again.")
