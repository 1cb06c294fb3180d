# SPDX-License-Identifier: Apache-2.0
# pyright: basic, reportInvalidTypeForm=false, reportCallIssue=false, reportArgumentType=false, reportIndexIssue=false
# pyright: reportAttributeAccessIssue=false, reportOperatorIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false
"""The kernels behind :mod:`portrait_core.training.adversarial.quick_trigrid`: a tri-grid looked up, and the reverse.

A kernel works on one picture. Its planes lie as vectors of features ``[3, depth + 2, H + 2, W + 2]``, with a border of
zeros, so that a tap needs no question whether it is there.
"""

# no `from __future__ import annotations`: warp reads the annotations of kernels

from functools import cache
from typing import Any

import warp as wp

from portrait_core.geometry.warp_kernels import FORWARD, launch  # noqa: F401 - starts the library quietly as well

wp.set_module_options(FORWARD)


@wp.struct
class Cell:
    """Where a point lies on a plane: its first tap, and how far it is to the next one along each axis."""

    start: int
    along: wp.vec3
    inside: wp.vec3


@wp.func
def _cell(point: wp.vec3, plane: int, box: float, sizes: wp.vec3i) -> Cell:
    place = wp.vec3(point[0], point[1], point[2])
    if plane == 1:
        place = wp.vec3(point[0], point[2], point[1])
    if plane == 2:
        place = wp.vec3(point[1], point[2], point[0])
    first = wp.vec3i(0, 0, 0)
    along = wp.vec3(0.0, 0.0, 0.0)
    inside = wp.vec3(0.0, 0.0, 0.0)
    for axis in range(wp.static(3)):
        side = float(sizes[axis])
        # 0 is the middle of the border's cell, 1 that of the first own one.
        at = place[axis] * side / box + 0.5 * side + 0.5
        if at > 0.0 and at < side + 1.0:
            inside[axis] = side / box
        at = wp.clamp(at, 0.0, side + 1.0)
        first[axis] = wp.min(int(at), sizes[axis])
        along[axis] = at - float(first[axis])
    cell = Cell()
    cell.start = ((plane * (sizes[2] + 2) + first[2]) * (sizes[1] + 2) + first[1]) * (sizes[0] + 2) + first[0]
    cell.along = along
    cell.inside = inside
    return cell


@cache
def kernels(features: int) -> tuple[Any, Any]:
    """The look-up and its reverse for so many features."""
    vector = wp.types.vector(length=features, dtype=wp.float32)

    def look_up(
        planes: wp.array(dtype=vector),
        points: wp.array(dtype=wp.vec3),
        sizes: wp.vec3i,
        box: float,
        found: wp.array(dtype=vector),
    ) -> None:
        """Means over the three planes of trilinear look-ups; ``sizes`` are width, height and depth of a plane."""
        i = wp.tid()
        row = sizes[0] + 2
        slab = row * (sizes[1] + 2)
        total = vector()
        for plane in range(3):
            cell = _cell(points[i], plane, box, sizes)
            for k in range(wp.static(4)):
                y = k & 1
                z = k >> 1
                share = wp.where(y == 1, cell.along[1], 1.0 - cell.along[1])
                share *= wp.where(z == 1, cell.along[2], 1.0 - cell.along[2])
                tap = cell.start + y * row + z * slab
                total += (share * (1.0 - cell.along[0])) * planes[tap]
                total += (share * cell.along[0]) * planes[tap + 1]
        found[i] = total / 3.0

    def look_up_reverse(
        planes: wp.array(dtype=vector),
        points: wp.array(dtype=wp.vec3),
        sizes: wp.vec3i,
        box: float,
        given: wp.array(dtype=vector),
        to_planes: wp.array(dtype=vector),
        to_points: wp.array(dtype=wp.vec3),
    ) -> None:
        """Gradients of the look-up for ``given``. Rows of ``to_planes`` are shared, so points must come one after
        another: one launch, one thread."""
        i = wp.tid()
        row = sizes[0] + 2
        slab = row * (sizes[1] + 2)
        gradient = given[i] / 3.0
        total = wp.vec3(0.0, 0.0, 0.0)
        for plane in range(3):
            cell = _cell(points[i], plane, box, sizes)
            slope = wp.vec3(0.0, 0.0, 0.0)
            for k in range(wp.static(4)):
                y = k & 1
                z = k >> 1
                of_y = wp.where(y == 1, cell.along[1], 1.0 - cell.along[1])
                of_z = wp.where(z == 1, cell.along[2], 1.0 - cell.along[2])
                tap = cell.start + y * row + z * slab
                first = wp.dot(gradient, planes[tap])
                second = wp.dot(gradient, planes[tap + 1])
                mixed = first + (second - first) * cell.along[0]
                slope += wp.vec3(
                    (second - first) * of_y * of_z,
                    float(2 * y - 1) * of_z * mixed,
                    float(2 * z - 1) * of_y * mixed,
                )
                share = of_y * of_z
                to_planes[tap] += (share * (1.0 - cell.along[0])) * gradient
                to_planes[tap + 1] += (share * cell.along[0]) * gradient
            slope = wp.cw_mul(slope, cell.inside)
            if plane == 0:
                total += slope
            if plane == 1:
                total += wp.vec3(slope[0], slope[2], slope[1])
            if plane == 2:
                total += wp.vec3(slope[2], slope[0], slope[1])
        to_points[i] = total

    made = tuple(wp.kernel(each, module="unique", enable_backward=False) for each in (look_up, look_up_reverse))
    return made[0], made[1]


def vectors(rows: Any) -> Any:
    """A view of numbers ``(N, K)`` as N vectors; kernels read and write them in place."""
    return wp.array(rows, dtype=wp.types.vector(length=rows.shape[1], dtype=wp.float32), device="cpu", copy=False)
