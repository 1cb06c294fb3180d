# SPDX-License-Identifier: Apache-2.0
"""Polygons into triangles that face the way the polygon does, concave ones too."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

MAX_CORNERS = 5_000
"""Corners of one polygon that is cut by its ears."""

_STARTS = 8
"""Corners whose fan is tried before a polygon is cut ear by ear."""
_FLAT = 1e-6
"""Share of a polygon's area below which a triangle of a fan counts as turned over."""
_BEST_OF = 16
"""Up to so many corners the best ear is cut, above the first one."""
_LOOKS, _TESTS = 30, 4
"""Corners looked at and ears tested for each corner of a polygon: one that needs more crosses itself, and what is left
of it becomes a fan."""
_SLIVER = 1e-9
"""Quality of a triangle below which it is flat."""


def triangulate(
    points: NDArray[np.floating], sizes: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Triangles (T, 3) of polygons, as numbers of their corners, and the polygon (T,) of each.

    ``points`` (N, 3) are the corners of all polygons one after the other, ``sizes`` (P,) how many each has, at least
    three. A polygon of n corners becomes n - 2 triangles: the fan of its first corner where that turns nothing over,
    else of a later one, else by clipping ears in the plane of its area (Meisters 1975; Newell's normal). Raises
    ``ValueError`` for sizes that do not fit and for a concave polygon of more than ``MAX_CORNERS`` corners.
    """
    counts = np.asarray(sizes, np.int64)
    if int(counts.sum()) != len(points) or (len(counts) and int(counts.min()) < 3):
        raise ValueError(f"triangulate: {len(points)} corners for polygons of {int(counts.sum())}, each 3 or more")
    begin = np.cumsum(counts) - counts
    places = np.asarray(points, np.float64)
    triangles: list[NDArray[np.int64]] = [np.zeros((0, 3), np.int64)]
    owners: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    for size in np.unique(counts).tolist():
        which = np.flatnonzero(counts == size)
        local = _of_size(places, begin[which], size)
        triangles.append((local + begin[which][:, None, None]).reshape(-1, 3))
        owners.append(np.repeat(which, size - 2))
    owner = np.concatenate(owners)
    order = np.argsort(owner, kind="stable")
    return np.concatenate(triangles)[order], owner[order]


def _of_size(places: NDArray[np.float64], begin: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Triangles (P, size - 2, 3) of polygons of one size, by their own corners."""
    fan = np.stack([np.zeros(size - 2, np.int64), np.arange(1, size - 1), np.arange(2, size)], axis=1)
    result = np.repeat(fan[None], len(begin), axis=0)
    if size == 3:
        return result
    open_ = np.arange(len(begin))
    for start in range(min(size, _STARTS)):
        turned = (fan + start) % size
        good = _faces_its_way(places, begin[open_], turned, size)
        result[open_[good]] = turned
        open_ = open_[~good]
        if len(open_) == 0:
            return result
    for number in open_.tolist():
        corners = places[begin[number] : begin[number] + size]
        flat = _flattened(corners)
        if flat is not None:
            result[number] = _ears(flat)
        else:  # a polygon without area is the same by any fan
            result[number] = fan
    return result


def _faces_its_way(
    places: NDArray[np.float64], begin: NDArray[np.int64], fan: NDArray[np.int64], size: int
) -> NDArray[np.bool_]:
    """(P,) whether every triangle of a fan faces the way the whole polygon does."""
    with np.errstate(all="ignore"):
        hub = places[begin + fan[0, 0]][:, None]
        areas = np.cross(places[begin[:, None] + fan[:, 1]] - hub, places[begin[:, None] + fan[:, 2]] - hub)
        total = areas.sum(axis=1)
        along = np.einsum("pti,pi->pt", areas, total)
        return (along > _FLAT / size * (total * total).sum(axis=1)[:, None]).all(axis=1)


def _flattened(corners: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The corners (n, 2) in the plane of the polygon's area, counter-clockwise; None where it has none."""
    if len(corners) > MAX_CORNERS:
        raise ValueError(f"a concave polygon of {len(corners)} corners; at most {MAX_CORNERS} are read")
    with np.errstate(all="ignore"):
        local = corners - corners.mean(axis=0)
        normal = np.cross(local, np.roll(local, -1, axis=0)).sum(axis=0)
        length = float(np.linalg.norm(normal))
        if not np.isfinite(length) or length <= 0.0:
            return None
        up = normal / length
        side = np.cross(up, np.eye(3)[int(np.abs(up).argmin())])
        side /= np.linalg.norm(side)
        return local @ np.stack([side, np.cross(up, side)], axis=1)


def _ears(flat: NDArray[np.float64]) -> NDArray[np.int64]:
    """Triangles (n - 2, 3) of a simple polygon (n, 2), counter-clockwise; of one that crosses itself, some."""
    ring = list(range(len(flat)))
    points = [(float(x), float(y)) for x, y in flat.tolist()]
    across, down = np.ascontiguousarray(flat[:, 0]), np.ascontiguousarray(flat[:, 1])
    # Only corners that turn inwards can lie in an ear, and a cut never makes one of them.
    inward = np.array([_quality(points, _around(ring, k)) <= _SLIVER for k in range(len(ring))], np.bool_)
    triangles: list[tuple[int, int, int]] = []
    looks, tests, at = _LOOKS * len(ring) + 4000, _TESTS * len(ring) + 2000, 0
    while len(ring) > 3 and looks > 0 and tests > 0:
        count, obstacles = len(ring), (across[inward], down[inward])
        best, best_quality = -1, _SLIVER
        for step in range(count):
            place = (at + step) % count
            corner = _around(ring, place)
            quality = _quality(points, corner)
            looks -= 1
            if quality > best_quality:
                tests -= 1
                if _is_free(points, obstacles, corner):
                    best, best_quality = place, quality
                    if count > _BEST_OF:
                        break
        if best < 0:  # it crosses itself, or is flat: the corner that sticks out most
            best = max(range(count), key=lambda k: _quality(points, _around(ring, k)))
            looks -= count
        triangles.append(_around(ring, best))
        inward[ring.pop(best)] = False
        at = best % len(ring)
        for place in (at - 1, at):
            inward[ring[place]] = _quality(points, _around(ring, place % len(ring))) <= _SLIVER
    triangles += [(ring[0], one, two) for one, two in pairwise(ring[1:])]
    return np.array(triangles, np.int64)


def _around(ring: list[int], place: int) -> tuple[int, int, int]:
    """A corner of the ring between its neighbours."""
    return ring[place - 1], ring[place], ring[(place + 1) % len(ring)]


def _quality(points: list[tuple[float, float]], corner: tuple[int, int, int]) -> float:
    """Twice a triangle's area over the squares of its sides: below 0 where it is turned over, small for slivers."""
    (ax, ay), (bx, by), (cx, cy) = (points[k] for k in corner)
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    sides = (bx - ax) ** 2 + (by - ay) ** 2 + (cx - bx) ** 2 + (cy - by) ** 2 + (ax - cx) ** 2 + (ay - cy) ** 2
    return area / sides if sides > 0.0 else 0.0


def _is_free(
    points: list[tuple[float, float]],
    obstacles: tuple[NDArray[np.float64], NDArray[np.float64]],
    corner: tuple[int, int, int],
) -> bool:
    """Whether none of the ``obstacles`` (x and y) lies in the triangle or on its border, but for its own corners."""
    own = [points[k] for k in corner]
    x, y = obstacles
    (left, low), (right, high) = (tuple(pick(axis) for axis in zip(*own, strict=True)) for pick in (min, max))
    near = np.flatnonzero((x >= left) & (x <= right) & (y >= low) & (y <= high)).tolist()
    return not any(_lies_in(own, (float(x[k]), float(y[k]))) for k in near)


def _lies_in(own: list[tuple[float, float]], point: tuple[float, float]) -> bool:
    """Whether a point lies in a triangle or on its border, and at none of its corners."""
    if point in own:
        return False
    for k in range(3):
        (ax, ay), (bx, by) = own[k], own[(k + 1) % 3]
        if (bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax) < 0.0:
            return False
    return True
