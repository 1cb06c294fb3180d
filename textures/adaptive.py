# SPDX-License-Identifier: Apache-2.0
"""A function of texels evaluated where it bends and interpolated where it does not.

The texels of a coarse lattice come first. Then the lattice is halved until it holds every texel: a new texel is the
mean of its neighbours on the coarser lattice if all of them lie in its chart and the values run straight there;
otherwise the function is evaluated. Linear interpolation errs by an eighth of the second difference, which is what is
measured.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Evaluate = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float32]]
"""Rows (N,), columns (N,) of texels -> values (N, C)."""

BEND = 6.0
"""Second differences up to this many tolerances count as straight: at most 3/4 of a tolerance of error an axis."""


def sample_texels(
    chart: NDArray[np.int32], evaluate: Evaluate, channels: int, *, step: int, tolerance: float
) -> NDArray[np.float32]:
    """(H, W, channels) values of all covered texels; those of other texels mean nothing.

    ``chart`` (H, W) numbers the chart of each texel, -1 where there is none. ``step`` (a power of two) is the spacing
    of the first lattice: features of the function between its texels are not seen, so choose it no larger than they
    are. ``tolerance`` is the error allowed, in units of the values; 0 evaluates everything, as ``step`` 1 does.
    """
    if tolerance <= 0:
        step = 1
    coarse = chart[::step, ::step]
    # A plane for each channel: NumPy is slow along a short last axis.
    values = np.zeros((channels, *coarse.shape), np.float32)
    row, column = np.nonzero(coarse >= 0)
    values[:, row, column] = evaluate(row * step, column * step).T
    while step > 1:
        half = step // 2
        fine = chart[::half, ::half]
        grown, safe = _between(values, coarse, fine, _straight(values, coarse, BEND * tolerance))
        row, column = np.nonzero((fine >= 0) & ~safe)
        grown[:, row, column] = evaluate(row * half, column * half).T
        values, coarse, step = grown, fine, half
    return np.moveaxis(values, 0, 2)


def _straight(values: NDArray[np.float32], chart: NDArray[np.int32], limit: float) -> NDArray[np.bool_]:
    """(H, W): the values bend neither at a point nor at the eight around it, and all of these are in its chart."""
    straight = chart >= 0
    for axis in (0, 1):
        c, s = np.moveaxis(chart, axis, 0), np.moveaxis(straight, axis, 0)
        if len(c) < 3:
            return np.zeros_like(straight)
        s[1:-1] &= (c[2:] == c[1:-1]) & (c[:-2] == c[1:-1])
        for plane in values:
            v = np.moveaxis(plane, axis, 0)
            bend = v[2:] + v[:-2]
            bend -= 2 * v[1:-1]
            s[1:-1] &= np.abs(bend, out=bend) <= limit
        s[0] = s[-1] = False
    for axis in (0, 1):
        s = np.moveaxis(straight, axis, 0)
        before = s.copy()
        s[1:] &= before[:-1]
        s[:-1] &= before[1:]
    return straight


def _between(
    values: NDArray[np.float32],
    coarse: NDArray[np.int32],
    fine: NDArray[np.int32],
    straight: NDArray[np.bool_],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The values (C, H', W') on a lattice of half the spacing, and (H', W') where they may be trusted.

    Charts are only compared at straight points, whose neighbours on the coarser lattice are in their own chart.
    """
    grown = np.zeros((len(values), *fine.shape), np.float32)
    safe = np.zeros(fine.shape, bool)
    grown[:, ::2, ::2] = values
    safe[::2, ::2] = True
    rows, columns = fine.shape[0] // 2, fine.shape[1] // 2  # new rows and columns
    up, down = values[:, :rows], values[:, 1 : rows + 1]
    inner = down.shape[1]  # the last new row has nothing below it where the height is even
    middle = grown[:, 1::2, ::2][:, :inner]
    np.add(up[:, :inner], down, out=middle)
    middle *= 0.5
    safe[1::2, ::2][:inner] = straight[:inner] & straight[1 : inner + 1] & (fine[1::2, ::2][:inner] == coarse[:inner])
    # Sideways, on the old and the new rows alike.
    left, right = grown[:, :, ::2][:, :, :columns], grown[:, :, ::2][:, :, 1 : columns + 1]
    inner = right.shape[2]
    middle = grown[:, :, 1::2][:, :, :inner]
    np.add(left[:, :, :inner], right, out=middle)
    middle *= 0.5
    whole = np.zeros((fine.shape[0], coarse.shape[1]), bool)
    whole[::2] = straight
    whole[1::2] = safe[1::2, ::2]
    same = fine[:, 1::2][:, :inner] == fine[:, ::2][:, :inner]
    safe[:, 1::2][:, :inner] = whole[:, :inner] & whole[:, 1 : inner + 1] & same
    return grown, safe
