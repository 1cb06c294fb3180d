# SPDX-License-Identifier: GPL-3.0-or-later
"""Where to cut: the shortest way once around the neck along the edges of a mesh, and what lies on either side of it."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from .seam_frame import Places, Rows, angles, radii

THICKEST = 0.13
"""Metres from the axis within which a neck is looked for."""
BAND = 0.035
"""Metres above and below the wanted height within which the way may run."""
LEVEL = 0.03
"""Metres from the wanted height at which an edge counts as twice as long."""
_STARTS = 24
_SHEETS = range(-1, 3)

Graph = list[list[tuple[int, float, int]]]


def closed_path(
    places: Places, edges: Rows, height: float | Places, allowed: NDArray[np.bool_] | None = None
) -> Rows | None:
    """(K,) the vertices of the shortest way once around the axis near ``height``, by growing angle, none twice.

    ``places`` (N, 3), ``edges`` (E, 2); the height is one for all, or that of each vertex (N,); ``allowed`` (N,) are
    the vertices that may be used. Edges count the more the further from the height they run, so that of a mesh in rings
    the way is a ring. None where no way closes.
    """
    off = np.abs(places[:, 2] - height)
    near = (off < BAND) & (radii(places) < THICKEST)
    if allowed is not None:
        near &= allowed
    graph = _graph(places, edges[near[edges].all(axis=1)], off)
    turned = angles(places)
    back = np.flatnonzero(near & (np.abs(turned) > np.pi - 0.35))
    starts = back[np.argsort(off[back], kind="stable")][:_STARTS]
    best, most = None, np.inf
    for start in starts.tolist():
        found = _around(graph, start, most)
        if found is not None:
            best, most = found
    if best is None or len(set(best)) != len(best) or len(best) < 6:
        return None
    path = np.array(best)
    return np.roll(path, -int(np.argmin(turned[path])))


def _graph(places: Places, edges: Rows, off: Places) -> Graph:
    """For each vertex its neighbours, what the edge costs, and whether it crosses the half-plane at the back."""
    graph = [list[tuple[int, float, int]]() for _ in range(len(places))]
    turned = angles(places)
    first, second = edges.T
    cost = np.linalg.norm(places[first] - places[second], axis=1) * (1 + (off[edges].mean(axis=1) / LEVEL) ** 2)
    step = turned[second] - turned[first]
    crossing = np.where(step > np.pi, -1, np.where(step < -np.pi, 1, 0))
    ends: list[list[int]] = np.column_stack([first, second, crossing]).tolist()
    prices: list[float] = cost.tolist()
    for (a, b, sheet), price in zip(ends, prices, strict=True):
        graph[a].append((b, price, sheet))
        graph[b].append((a, price, -sheet))
    return graph


def _around(graph: Graph, start: int, most: float) -> tuple[list[int], float] | None:
    """The cheapest way from ``start`` once around to itself, where it costs less than ``most``."""
    begin, end = (start, 0), (start, 1)
    cost, before = {begin: 0.0}, {begin: begin}
    waiting = [(0.0, begin)]
    while waiting:
        price, at = heapq.heappop(waiting)
        if price > cost[at]:
            continue
        if price >= most:
            return None
        if at == end:
            way = [at]
            while way[-1] != begin:
                way.append(before[way[-1]])
            return [vertex for vertex, _ in way[:0:-1]], price
        vertex, sheet = at
        for other, more, crosses in graph[vertex]:
            to = (other, sheet + crosses)
            if to[1] in _SHEETS and price + more < cost.get(to, np.inf):
                cost[to], before[to] = price + more, at
                heapq.heappush(waiting, (price + more, to))
    return None


def components(count: int, edges: Rows) -> Rows:
    """(N,) for each vertex the smallest vertex that edges lead to."""
    label = np.arange(count)
    first, second = edges.T
    while True:
        least = np.minimum(label[first], label[second])
        after = label.copy()
        # Whole groups are joined at once: the least goes to the vertex that stands for the group.
        np.minimum.at(after, label[first], least)
        np.minimum.at(after, label[second], least)
        while not np.array_equal(after, after[after]):
            after = after[after]
        if np.array_equal(after, label):
            return label
        label = after


def sides(places: Places, edges: Rows, loop: Rows) -> Rows:
    """(N,) 1 for vertices above the loop, -1 below, 0 on it.

    What the loop does not touch, such as teeth of the same mesh, is above where it lies above the loop's middle and not
    far aside.
    """
    on = np.zeros(len(places), bool)
    on[loop] = True
    label = components(len(places), edges[~on[edges].any(axis=1)])
    result = np.full(len(places), -1)
    middle = places[loop].mean(axis=0)
    for one in np.unique(label[~on]):
        own = np.flatnonzero((label == one) & ~on)
        at = places[own].mean(axis=0) - middle
        if at[2] > 0 and np.hypot(at[0], at[1]) < 2 * THICKEST:
            result[own] = 1
    result[loop] = 0
    return result


def distances(places: Places, edges: Rows, loop: Rows, most: float) -> tuple[Places, Rows]:
    """(N,) metres along the edges to the nearest vertex of the loop, infinite beyond ``most``; and (N,) which of the
    loop's that is, by its place in it."""
    graph = [list[tuple[int, float]]() for _ in range(len(places))]
    length = np.linalg.norm(places[edges[:, 0]] - places[edges[:, 1]], axis=1)
    pairs: list[list[int]] = edges.tolist()
    lengths: list[float] = length.tolist()
    for (a, b), long in zip(pairs, lengths, strict=True):
        graph[a].append((b, long))
        graph[b].append((a, long))
    result = np.full(len(places), np.inf)
    origin = np.zeros(len(places), np.int64)
    result[loop], origin[loop] = 0, np.arange(len(loop))
    ring: list[int] = loop.tolist()
    waiting = [(0.0, vertex) for vertex in ring]
    while waiting:
        so_far, vertex = heapq.heappop(waiting)
        if so_far > result[vertex]:
            continue
        for other, more in graph[vertex]:
            if so_far + more < result[other] and so_far + more <= most:
                result[other], origin[other] = so_far + more, origin[vertex]
                heapq.heappush(waiting, (so_far + more, other))
    return result, origin


def spread(turned: Places) -> Places:
    """(K,) the angles of a ring's vertices, so moved along it that none stands over another: where a way changes from
    one row of a mesh to the next it has two of the same angle."""
    step = np.append(np.unwrap(turned), turned[0] + 2 * np.pi)
    for _ in range(8):
        before = np.append(step[-2] - 2 * np.pi, step[:-1])
        after = np.append(step[1:], step[1] + 2 * np.pi)
        step = (before + 2 * step + after) / 4
    return step[:-1]
