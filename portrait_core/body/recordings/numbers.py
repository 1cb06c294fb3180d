# SPDX-License-Identifier: Apache-2.0
"""Values of a file as arrays of numbers: lists, nested lists, arrays; what is none is told by the field's name."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import UsageError
from portrait_core.safe_pickle.arrays import Unread

LARGEST = 1e9
MOST_LISTED = 20_000_000
"""Numbers in nested lists; a list that is shared a thousandfold would make more of a small file."""


def as_numbers(value: Any, name: str) -> NDArray[Any]:
    """``value`` as an array of numbers, NaN and infinity included.

    Raises:
        UsageError: it is something else.
    """
    if isinstance(value, Unread):
        raise UsageError(f"{name} holds Python objects in an object array, expected numbers ({value.why})")
    if isinstance(value, list | tuple):
        value = _array_of(cast(list[Any], value), name)
    array: NDArray[Any] = np.asarray(value)
    if array.dtype.kind not in "fiu":
        kind = "Python objects" if array.dtype.kind == "O" else f"an array of type {array.dtype}"
        raise UsageError(f"{name} is {kind}, expected numbers")
    return array


def shape_of(value: Any) -> tuple[int, ...] | None:
    """The shape of an array or of nested lists of one length at each level, judged by their first items; None for
    anything else."""
    if isinstance(value, np.ndarray):
        return cast(NDArray[Any], value).shape
    shape: list[int] = []
    while isinstance(value, list) and len(shape) < 16:
        items = cast(list[Any], value)
        shape.append(len(items))
        if not items:
            break
        value = items[0]
        if isinstance(value, np.ndarray):
            return (*shape, *cast(NDArray[Any], value).shape)
    return tuple(shape) if shape else None


def present(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """``values`` with NaN for infinity and for numbers that no angle and no length has, whose squares overflow."""
    return np.where(np.abs(values) < LARGEST, values, np.nan)


def is_numeric(value: Any) -> bool:
    """Whether ``value`` looks like numbers, at a glance: an array of them, or a list that begins with one."""
    for _ in range(8):
        if isinstance(value, np.ndarray):
            return cast(NDArray[Any], value).dtype.kind in "fiu"
        if not isinstance(value, list | tuple) or not value:
            break
        value = cast(list[Any], value)[0]
    return isinstance(value, int | float) and not isinstance(value, bool)


def _array_of(value: list[Any], name: str) -> NDArray[Any]:
    if _count(value, 0) > MOST_LISTED:
        raise UsageError(f"{name} holds more than {MOST_LISTED} numbers in lists, which no motion does")
    try:
        return np.asarray(value)
    except (ValueError, TypeError, OverflowError):
        raise UsageError(f"{name} holds rows of different lengths, expected frames of equal length") from None


def _count(value: Any, depth: int) -> int:
    """How many numbers there are in lists, stopping where there are too many."""
    if isinstance(value, np.ndarray):
        return cast(NDArray[Any], value).size
    if not isinstance(value, list | tuple) or depth > 16:
        return 1
    total = 0
    items = cast(list[Any], value)
    if items and isinstance(items[0], int | float):
        return len(items)
    for item in items:
        total += 1 + _count(item, depth + 1)
        if total > MOST_LISTED:
            break
    return total


def rate_of(fields: Mapping[str, Any], names: tuple[str, ...]) -> float | None:
    """Frames a second under one of ``names``, as a number, a text or bytes; None where there is none.

    Raises:
        UsageError: it is no rate.
    """
    name = next((each for each in names if each in fields), None)
    if name is None:
        return None
    value = fields[name]
    try:
        found = np.asarray(value).reshape(-1)
        text = found[0].decode("ascii") if isinstance(found[0], bytes) else str(found[0])
        match = re.fullmatch(r"\s*([-+0-9.eE]+|nan|inf)\s*(fps|hz)?\s*", text, re.IGNORECASE)
        rate = float(match[1]) if match is not None and len(set(map(str, found[:1000]))) == 1 else math.nan
    except (ValueError, TypeError, IndexError, UnicodeDecodeError):
        rate = math.nan
    if name in ("frame_time", "mocap_time_step") and rate > 0:
        rate = 1 / rate
    if not (math.isfinite(rate) and rate > 0):
        raise UsageError(f"{name} is {str(value)[:60]!r}, expected frames a second above 0")
    return rate
