# SPDX-License-Identifier: Apache-2.0
# pyright: basic, reportInvalidTypeForm=false, reportCallIssue=false, reportArgumentType=false, reportIndexIssue=false
# pyright: reportAttributeAccessIssue=false, reportOperatorIssue=false, reportReturnType=false
# pyright: reportRedeclaration=false
# ruff: noqa: SIM102 - whether kernels look at both sides of an `and` warp does not promise
"""Kernels for the texels of images: between the points of a lattice, around charts, apart and mixed.

A call makes a whole row, for calls cost more than texels, and writes nothing else, so that answers do not depend on how
rows are shared out. Texels have four channels.
"""

# no `from __future__ import annotations`: warp reads the annotations of kernels

from typing import Any

import numpy as np
import warp as wp
from numpy.typing import NDArray

from portrait_core.geometry.warp_kernels import FORWARD, launch

wp.set_module_options(FORWARD)

NOTHING, KNOWN, ASKED = wp.constant(0), wp.constant(1), wp.constant(2)
"""What a kernel says of a texel: nobody wants it; it has its value; it must be asked for."""


@wp.func
def _over(one: wp.vec4, two: wp.vec4, middle: wp.vec4, limit: float) -> bool:
    bend = one + two - 2.0 * middle
    most = wp.max(wp.max(wp.abs(bend[0]), wp.abs(bend[1])), wp.max(wp.abs(bend[2]), wp.abs(bend[3])))
    return most > limit


@wp.kernel
def bent(
    values: wp.array2d(dtype=wp.vec4),
    chart: wp.array2d(dtype=wp.int32),
    limit: float,
    bends: wp.array2d(dtype=wp.uint8),
) -> None:
    """1 at points of charts where the values bend by more than ``limit`` along an axis, as far as both neighbours are
    in the chart."""
    row = wp.tid()
    height = chart.shape[0]
    width = chart.shape[1]
    for column in range(width):
        own = chart[row, column]
        found = wp.uint8(0)
        if own >= 0:
            middle = values[row, column]
            if row > 0 and row + 1 < height:
                if chart[row - 1, column] == own and chart[row + 1, column] == own:
                    if _over(values[row - 1, column], values[row + 1, column], middle, limit):
                        found = wp.uint8(1)
            if column > 0 and column + 1 < width:
                if chart[row, column - 1] == own and chart[row, column + 1] == own:
                    if _over(values[row, column - 1], values[row, column + 1], middle, limit):
                        found = wp.uint8(1)
        bends[row, column] = found


@wp.kernel
def straight(
    chart: wp.array2d(dtype=wp.int32), bends: wp.array2d(dtype=wp.uint8), smooth: wp.array2d(dtype=wp.int32)
) -> None:
    """The chart of points where the values bend neither there nor at the eight around, -1 elsewhere."""
    row = wp.tid()
    width = chart.shape[1]
    first = wp.max(row - 1, 0)
    last = wp.min(row + 2, chart.shape[0])
    for column in range(width):
        own = chart[row, column]
        for at in range(first, last):
            for beside in range(wp.max(column - 1, 0), wp.min(column + 2, width)):
                if bends[at, beside] != wp.uint8(0):
                    own = -1
        smooth[row, column] = own


@wp.func
def _parents(
    row: int, column: int, coarse: wp.array2d(dtype=wp.int32), smooth: wp.array2d(dtype=wp.int32), own: int
) -> int:
    """Whether the points of the coarser lattice around a texel of the finer one tell its value, 1 or 0."""
    top = row // 2
    left = column // 2
    bottom = (row + 1) // 2
    right = (column + 1) // 2
    if top == bottom and left == right:
        return wp.where(coarse[top, left] == own, 1, 0)
    if bottom >= coarse.shape[0] or right >= coarse.shape[1]:
        return 0
    if smooth[top, left] != own or smooth[bottom, right] != own:
        return 0
    if smooth[top, right] != own or smooth[bottom, left] != own:
        return 0
    return 1


@wp.func
def _between(values: wp.array2d(dtype=wp.vec4), row: int, column: int) -> wp.vec4:
    """The mean of the points of the coarser lattice around a texel of the finer one."""
    top = row // 2
    left = column // 2
    bottom = (row + 1) // 2
    right = (column + 1) // 2
    if left == right:
        if top == bottom:
            return values[top, left]
        return 0.5 * (values[top, left] + values[bottom, left])
    if top == bottom:
        return 0.5 * (values[top, left] + values[top, right])
    return 0.25 * (values[top, left] + values[top, right] + (values[bottom, left] + values[bottom, right]))


@wp.func
def _byte(level: float) -> wp.uint8:
    return wp.uint8(int(level + 0.5))


@wp.func
def _bytes(levels: wp.vec4) -> wp.vec4ub:
    return wp.vec4ub(_byte(levels[0]), _byte(levels[1]), _byte(levels[2]), _byte(levels[3]))


@wp.func
def _stored(levels: wp.vec4, _like: wp.vec4) -> wp.vec4:
    return levels


@wp.func
def _stored(levels: wp.vec4, _like: wp.vec4ub) -> wp.vec4ub:
    return _bytes(levels)


@wp.kernel
def finer(
    values: wp.array2d(dtype=wp.vec4),
    coarse: wp.array2d(dtype=wp.int32),
    smooth: wp.array2d(dtype=wp.int32),
    chart: wp.array2d(dtype=wp.int32),
    wanted: wp.array2d(dtype=wp.uint8),
    grown: wp.array2d(dtype=Any),
    state: wp.array2d(dtype=wp.uint8),
) -> None:
    """The values of a lattice of half the spacing, as levels or, of an image, as bytes; and what each of its texels
    is."""
    row = wp.tid()
    for column in range(chart.shape[1]):
        own = chart[row, column]
        found = int(NOTHING)
        if own >= 0:
            if _parents(row, column, coarse, smooth, own) == 1:
                grown[row, column] = _stored(_between(values, row, column), grown[row, column])
                found = int(KNOWN)
            elif wanted[row, column] != wp.uint8(0):
                found = int(ASKED)
        state[row, column] = wp.uint8(found)


# Both at once: one that came later would compile the module again.
for _texel in (wp.vec4, wp.vec4ub):
    wp.overload(finer, {"grown": wp.array2d(dtype=_texel)})


@wp.func
def _four(texel: wp.vec4ub) -> wp.vec4:
    return wp.vec4(float(texel[0]), float(texel[1]), float(texel[2]), float(texel[3]))


@wp.kernel
def halve_bytes(
    image: wp.array2d(dtype=wp.vec4ub),
    known: wp.array2d(dtype=wp.uint8),
    mean: wp.array2d(dtype=wp.vec4),
    present: wp.array2d(dtype=wp.uint8),
) -> None:
    """The means of the known texels of blocks of two by two, and where there are any."""
    row = wp.tid()
    for column in range(present.shape[1]):
        count = float(0.0)  # noqa: UP018
        total = wp.vec4()
        for a in range(2 * row, wp.min(2 * row + 2, known.shape[0])):
            for b in range(2 * column, wp.min(2 * column + 2, known.shape[1])):
                if known[a, b] != wp.uint8(0):
                    count += 1.0
                    total += _four(image[a, b])
        if count > 0.0:
            present[row, column] = wp.uint8(1)
            mean[row, column] = total / count


@wp.kernel
def halve(
    values: wp.array2d(dtype=wp.vec4),
    known: wp.array2d(dtype=wp.uint8),
    mean: wp.array2d(dtype=wp.vec4),
    present: wp.array2d(dtype=wp.uint8),
) -> None:
    """:func:`halve_bytes` of means."""
    row = wp.tid()
    for column in range(present.shape[1]):
        count = float(0.0)  # noqa: UP018
        total = wp.vec4()
        for a in range(2 * row, wp.min(2 * row + 2, known.shape[0])):
            for b in range(2 * column, wp.min(2 * column + 2, known.shape[1])):
                if known[a, b] != wp.uint8(0):
                    count += 1.0
                    total += values[a, b]
        if count > 0.0:
            present[row, column] = wp.uint8(1)
            mean[row, column] = total / count


@wp.kernel
def push(coarse: wp.array2d(dtype=wp.vec4), known: wp.array2d(dtype=wp.uint8), mean: wp.array2d(dtype=wp.vec4)) -> None:
    """Fill the blocks where nothing is known from the coarser means."""
    row = wp.tid()
    for column in range(known.shape[1]):
        if known[row, column] == wp.uint8(0):
            mean[row, column] = coarse[row // 2, column // 2]


@wp.kernel
def push_bytes(
    coarse: wp.array2d(dtype=wp.vec4), known: wp.array2d(dtype=wp.uint8), image: wp.array2d(dtype=wp.vec4ub)
) -> None:
    """:func:`push` into an image."""
    row = wp.tid()
    for column in range(known.shape[1]):
        if known[row, column] == wp.uint8(0):
            image[row, column] = _bytes(coarse[row // 2, column // 2])


@wp.kernel
def apart(
    image: wp.array2d(dtype=wp.vec4ub), colour: wp.array2d(dtype=wp.vec3ub), last: wp.array2d(dtype=wp.uint8)
) -> None:
    """The first three channels and the last one."""
    row = wp.tid()
    for column in range(image.shape[1]):
        texel = image[row, column]
        colour[row, column] = wp.vec3ub(texel[0], texel[1], texel[2])
        last[row, column] = texel[3]


@wp.kernel
def mix(cover: wp.array2d(dtype=wp.uint8), target: wp.vec3, most: float, colour: wp.array2d(dtype=wp.vec3ub)) -> None:
    """Mix ``target`` (levels of 255) into colours, by ``most`` where ``cover`` is 255."""
    row = wp.tid()
    for column in range(cover.shape[1]):
        if cover[row, column] != wp.uint8(0):
            share = float(cover[row, column]) * (most / 255.0)
            own = colour[row, column]
            colour[row, column] = wp.vec3ub(
                _byte(float(own[0]) * (1.0 - share) + target[0] * share),
                _byte(float(own[1]) * (1.0 - share) + target[1] * share),
                _byte(float(own[2]) * (1.0 - share) + target[2] * share),
            )


def run(kernel: str, rows: int, *inputs: Any) -> None:
    """The kernel of that name for each row; arrays are read and written in place, (H, W, 3 or 4) as texels."""
    launch(globals()[kernel], rows, [wrap(each) if hasattr(each, "dtype") else each for each in inputs])


def vector(array: NDArray[Any]) -> Any:
    """Three numbers."""
    return wp.vec3(*(float(each) for each in array))


def wrap(array: NDArray[Any]) -> Any:
    """A view of ``array``: (H, W, 3 or 4) as texels, others with their own axes."""
    if array.ndim == 3:
        four = wp.vec4 if array.dtype == np.float32 else wp.vec4ub
        return wp.array(array, dtype=four if array.shape[2] == 4 else wp.vec3ub, device="cpu", copy=False)
    return wp.array(array, device="cpu", copy=False)
