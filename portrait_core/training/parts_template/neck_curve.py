# SPDX-License-Identifier: Apache-2.0
"""The world's neckline as a curve on the skin, and the places along it that the vertices of a cloth's border take."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from portrait_core.world.appearance import Look, neckline

FRONT = -0.10
"""Metres along z from the eyes where the front of a neckline begins to be deeper than its back."""

ROOTS = 24
"""Halvings of an edge that the curve crosses."""

CORNER_AT, CORNER_BETWEEN = 0.60, (0.56, 0.74)
"""The share of a border's vertices between the nape and the corner beside the front's hollow, whatever the shape, so
that the corners of two shapes mix to a corner; and the shares of the curve between which that corner may lie."""


def height_over_neckline(relative: NDArray[np.float64], depth: float, shape: float) -> NDArray[np.float64]:
    """(K,) the world's signed height over the neckline, metres, at canonical places (K, 3) relative to the eyes."""
    look = cast("Look", SimpleNamespace(neck_depth=np.float64(depth), neck_shape=np.float64(shape)))
    return np.asarray(neckline(relative, look), np.float64)


def corner_of(shape: float) -> float:
    """Metres aside of the corner where the front's hollow ends."""
    return 0.045 + 0.05 * shape


def neck_curve(
    places: NDArray[np.float64], triangles: NDArray[np.integer], depth: float, shape: float
) -> NDArray[np.float64]:
    """(L, 3) the closed curve around the neck on which the height over the neckline is 0, on the skin with ``places``
    (N, 3) relative to the eyes and ``triangles`` (F, 3). Raises ``ValueError`` where it closes nowhere."""
    height = height_over_neckline(places, depth, shape)
    above = height > 0
    mixed = triangles[(above[triangles].any(axis=1)) & ~(above[triangles].all(axis=1))].astype(np.int64)
    ends = np.sort(np.stack([mixed, np.roll(mixed, -1, axis=1)], -1), axis=2)
    crossed = above[ends[..., 0]] != above[ends[..., 1]]
    edges, number = np.unique(ends[crossed], axis=0, return_inverse=True)
    pairs = number.reshape(-1, 2)
    at = _roots(places[edges[:, 0]], places[edges[:, 1]], height[edges[:, 0]] > 0, depth, shape)
    loops = _loops(pairs)
    if not loops:
        raise ValueError("a neckline that closes nowhere on the skin")
    # The one around the neck goes through both the front and the back of the middle.
    return max((at[loop] for loop in loops), key=lambda loop: float(np.ptp(loop[:, 0]) + np.ptp(loop[:, 2])))


def along(curve: NDArray[np.float64], border: NDArray[np.float64], shape: float) -> NDArray[np.float64]:
    """(B, 3) where the vertices of a border, in order around the neck at places (B, 3), lie on the curve (L, 3).

    The foremost and the hindmost of the middle keep that place; the rest lie evenly between them and the corner of the
    front's hollow.
    """
    result = np.empty_like(border)
    count = len(border)
    back, front = _middles(border)
    for begin, end in ((back, front), (front, back)):
        own = np.arange(begin, end + (count if end <= begin else 0) + 1) % count
        side = float(np.sign(border[own, 0].sum()))
        points = half_points(_half(curve, side), len(own), shape)
        result[own] = points if begin == back else points[::-1]
    return result


def half_points(half: NDArray[np.float64], count: int, shape: float) -> NDArray[np.float64]:
    """(count, 3) places along one side of the curve (L, 3), from the nape to the front's middle."""
    length = np.r_[0, np.cumsum(np.linalg.norm(np.diff(half, axis=0), axis=1))]
    aside = np.abs(half[:, 0])
    inner = np.flatnonzero((half[:, 2] > FRONT) & (aside >= corner_of(shape)))
    corner = length[inner[-1]] if len(inner) else CORNER_BETWEEN[0] * length[-1]
    if len(inner) and inner[-1] + 1 < len(half):
        one, two = aside[inner[-1]], aside[inner[-1] + 1]
        share = np.clip((one - corner_of(shape)) / max(one - two, 1e-9), 0, 1)
        corner += share * (length[inner[-1] + 1] - length[inner[-1]])
    corner = float(np.clip(corner / length[-1], *CORNER_BETWEEN)) * length[-1]
    step = round(CORNER_AT * (count - 1))
    wanted = np.r_[np.linspace(0, corner, step + 1), np.linspace(corner, length[-1], count - step)[1:]]
    axes: list[NDArray[np.float64]] = [np.interp(wanted, length, half[:, axis]) for axis in range(3)]
    return np.stack(axes, 1)


def _middles(loop: NDArray[np.float64]) -> tuple[int, int]:
    """The vertices of a loop (B, 3) in the middle of the back and of the front."""
    behind = loop[:, 2] < (loop[:, 2].min() + loop[:, 2].max()) / 2
    aside = np.abs(loop[:, 0])
    return int(np.where(behind, aside, np.inf).argmin()), int(np.where(behind, np.inf, aside).argmin())


def _half(curve: NDArray[np.float64], side: float) -> NDArray[np.float64]:
    """(L, 3) one side of the curve, from the back's middle to the front's."""
    back, front = _middles(curve)
    count = len(curve)
    forth = curve[np.arange(back, front + (count if front <= back else 0) + 1) % count]
    around = curve[np.arange(back, front - (count if front >= back else 0) - 1, -1) % count]
    return forth if forth[:, 0].sum() * side > 0 else around


def _roots(
    one: NDArray[np.float64], two: NDArray[np.float64], over: NDArray[np.bool_], depth: float, shape: float
) -> NDArray[np.float64]:
    """(E, 3) where edges cross the neckline; ``over``: whether their ``one`` end is above."""
    low, high = np.zeros(len(one)), np.ones(len(one))
    for _ in range(ROOTS):
        middle = (low + high) / 2
        same = (height_over_neckline(one + (two - one) * middle[:, None], depth, shape) > 0) == over
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return one + (two - one) * ((low + high) / 2)[:, None]


def _loops(pairs: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The closed loops that pairs (S, 2) of neighbours make."""
    beside: dict[int, list[int]] = {}
    for one, two in pairs.tolist():
        beside.setdefault(one, []).append(two)
        beside.setdefault(two, []).append(one)
    left, loops = set(beside), list[NDArray[np.int64]]()
    for start in sorted(beside):
        if start not in left:
            continue
        loop, current = [start], start
        left.discard(start)
        while True:
            following = next((each for each in beside[current] if each in left), None)
            if following is None:
                break
            left.discard(following)
            loop.append(following)
            current = following
        if start in beside[current] and len(loop) > 2:
            loops.append(np.asarray(loop))
    return loops
