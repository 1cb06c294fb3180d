# SPDX-License-Identifier: Apache-2.0
"""The table of marching cubes (Lorensen and Cline 1987), derived instead of copied.

A cube's surface crosses each face of the cube in segments between crossed edges. On a face with two opposite corners
inside, the outside corners are always kept apart; the rule looks at that face alone, so the two cubes at a face agree
and no cracks open. The segments form loops around the cube, and each loop is cut into triangles.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

CORNERS: tuple[tuple[int, int, int], ...] = tuple((i >> 2 & 1, i >> 1 & 1, i & 1) for i in range(8))
"""Corner c of a cell is its low corner plus these; bit c of a case says that the corner is inside."""

EDGES: tuple[tuple[int, int], ...] = tuple(
    (a, b) for axis in (4, 2, 1) for a in range(8) for b in (a | axis,) if not a & axis
)
"""Corners of edge e; edges 0-3 run along x, 4-7 along y, 8-11 along z, each from its low corner."""

_EDGE_OF = {edge: number for number, edge in enumerate(EDGES)}


@cache
def cube_table() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """``start`` (257,) and ``triangles`` (T, 3): case c has the triangles start[c] to start[c + 1], as edge numbers.

    Triangles are counter-clockwise seen from outside (where corners are not inside).
    """
    rows = [_triangles(case) for case in range(256)]
    start = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return start, np.array([triangle for row in rows for triangle in row], np.int64).reshape(-1, 3)


def _triangles(case: int) -> list[tuple[int, int, int]]:
    follow: dict[int, int] = {}
    for face in _faces():
        inside = [bool(case >> corner & 1) for corner in face]
        # Walking around the face as seen from outside the cube: leaving the inside at one edge, coming back at another.
        leave = [k for k in range(4) if inside[k] and not inside[(k + 1) % 4]]
        enter = [k for k in range(4) if not inside[k] and inside[(k + 1) % 4]]
        for k in leave:
            # The crossing on the other end of this run of outside corners, which so stays apart from the other run.
            back = next(j for step in range(1, 4) for j in ((k + step) % 4,) if j in enter)
            follow[_edge(face, k)] = _edge(face, back)
    found: list[tuple[int, int, int]] = []
    while follow:
        first, at = next(iter(follow.items()))
        del follow[first]
        loop = [first]
        while at != first:
            loop.append(at)
            at = follow.pop(at)
        cut = _cut(tuple(reversed(loop)))
        assert cut is not None, f"case {case} has no triangles without a diagonal in a face of the cube"
        found += cut
    return found


def _edge(face: tuple[int, ...], side: int) -> int:
    a, b = face[side], face[(side + 1) % 4]
    return _EDGE_OF[min(a, b), max(a, b)]


def _faces() -> list[tuple[int, ...]]:
    """The corners around each face of the cube, counter-clockwise seen from outside the cube."""
    found: list[tuple[int, ...]] = []
    for axis, (u, v) in {4: (2, 1), 2: (1, 4), 1: (4, 2)}.items():
        found.append((axis, axis | u, axis | u | v, axis | v))
        found.append((0, v, u | v, u))
    return found


def _cut(loop: tuple[int, ...]) -> list[tuple[int, int, int]] | None:
    """Triangles of a loop of edges without a diagonal in a face of the cube, which another cube might use as well."""
    if len(loop) == 3:
        return [(loop[0], loop[1], loop[2])]
    last = len(loop) - 1
    for middle in range(1, last):
        sides = [(0, middle)] * (middle > 1) + [(middle, last)] * (last - middle > 1)
        if any(_share_face(loop[a], loop[b]) for a, b in sides):
            continue
        below = _cut(loop[: middle + 1]) if middle > 1 else []
        above = _cut(loop[middle:]) if last - middle > 1 else []
        if below is not None and above is not None:
            return [(loop[0], loop[middle], loop[last]), *below, *above]
    return None


def _share_face(one: int, two: int) -> bool:
    corners = {*EDGES[one], *EDGES[two]}
    return any(corners <= set(face) for face in _faces())
