# SPDX-License-Identifier: Apache-2.0
"""One round of flattening charts: opened to discs, unfolded, relaxed where they must stay whole, judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.edge_pairs import Pairs, glue
from textures.flatten import flattenings
from textures.overlaps import crossed
from textures.slim import strong_steps
from textures.topology import border_loops, euler_numbers, open_to_discs

FLAT_ENOUGH = 4.7
"""Mean energy of a chart (4 without distortion) from which on it is cut in two; 4.7 is a stretch of about 1.5."""

STEPS = (32, 14, 6, 2, 0)
"""Steps of descent; a chart whose border comes to cross itself gets fewer, in the end none: Tutte's disc."""

STRONG_STEPS = 16
STRONG_GAIN = 0.99
"""A chart that must stay whole and is badly distorted gets so many stronger steps, while each gains that much."""

CROSSED_STEPS = 4
"""After so many steps in a row with a crossed border it is not expected to come right again."""

OPENING_WORK, STRONG_WORK = 10, 20
"""What opening a chart and laying it onto a disc costs, and a strong step, in steps of descent for each triangle; by
times measured once. Work is counted, not timed: the same mesh gets the same charts on every machine."""

LEAST_HEIGHT = 3e-4
"""A triangle flatter than this, in edges of a mean triangle, may turn over when its corners are rounded to float32."""


@dataclass(frozen=True)
class Surface:
    """Triangles to lay flat: ``corners`` (F, 3, 3) in edges of a mean triangle, ``area`` (F,), the ``pairs`` that
    charts may run over, and the ``cost`` (E,) of cutting each."""

    corners: NDArray[np.float64]
    area: NDArray[np.float64]
    pairs: Pairs
    cost: NDArray[np.float64]


GRID = 1 << 20
"""Steps along the surface's longest side (up to the next power of two) to which places in charts are rounded."""


@dataclass(frozen=True)
class Round:
    """Charts laid flat: ``flat`` (F, 3, 2) corners, ``glued`` (F, 3) vertices; of each chart its mean ``energy`` (C,)
    (4: no distortion) and whether it is ``valid``: a disc, no triangle turned over. ``work`` is what it took, in steps
    of descent of one triangle."""

    flat: NDArray[np.float64]
    glued: NDArray[np.int32]
    energy: NDArray[np.float64]
    valid: NDArray[np.bool_]
    work: int


def one_round(
    surface: Surface,
    rows: NDArray[np.int64],
    chart: NDArray[np.int64],
    single: NDArray[np.bool_],
    late: bool,
) -> Round:
    """Open and flatten the charts of the triangles ``rows``; when ``late``, in the simplest way.

    Those that may not be cut in two, ``single`` (F,), get stronger steps where they come out badly.
    """
    pairs, _, cost = restricted(surface, rows)
    within = chart[pairs.one // 3] == chart[pairs.two // 3]
    pairs, cost = pairs.chosen(within), cost[within]
    pairs = open_to_discs(chart, pairs, cost)
    glued = glue(len(rows), pairs)
    disc = euler_numbers(chart, pairs, glued) == 1
    flat = np.zeros((len(rows), 3, 2))
    energy = np.full(len(disc), np.inf)
    valid = disc.copy()
    work = OPENING_WORK * len(rows)
    if bool(disc.any()):
        use = disc[chart]
        own = (np.cumsum(disc) - 1)[chart[use]]
        _, vertex = np.unique(glued[use], return_inverse=True)
        vertex = np.asarray(vertex, np.int32).reshape(-1, 3)
        corners = surface.corners[rows[use]]
        steps = STEPS[-1:] if late else STEPS
        uvs, laid = _unfolded(corners, vertex, own, steps)
        work += max(steps) * len(own)
        stubborn = np.bincount(own, weights=single[rows[use]]).astype(np.bool_) & (laid > FLAT_ENOUGH)
        if not late:
            for k in np.flatnonzero(stubborn):
                taken = _relax(corners, vertex, own == k, uvs, laid[k : k + 1])
                work += STRONG_WORK * taken * int(np.count_nonzero(own == k))
        flat[use], energy[disc] = _settled(uvs, vertex, own, surface)[vertex], laid
        turned = _heights(flat[use]) < LEAST_HEIGHT
        valid[np.flatnonzero(disc)[own[turned]]] = False
    return Round(flat, glued, energy, valid, work)


def _settled(
    uvs: NDArray[np.float64], glued: NDArray[np.int32], chart: NDArray[np.int64], surface: Surface
) -> NDArray[np.float64]:
    """Places (N, 2) around the middle of their charts, rounded to a grid far finer than a texel.

    Solvers take sums in an order that depends on the processor, and say nothing of where a chart lies as a whole: what
    comes out differs by parts in 10^11 between machines, and by more in place. On the grid it is the same.
    """
    of_vertex = np.zeros(len(uvs), np.int64)
    of_vertex[glued.ravel()] = np.repeat(chart, 3)
    count = np.maximum(np.bincount(of_vertex), 1)
    middle = np.stack([np.bincount(of_vertex, weights=uvs[:, axis]) / count for axis in (0, 1)], axis=1)
    size = float(np.ptp(surface.corners.reshape(-1, 3), axis=0).max())
    step = float(np.exp2(np.ceil(np.log2(max(size, 1e-30))))) / GRID
    return np.round((uvs - middle[of_vertex]) / step) * step


def _unfolded(
    corners: NDArray[np.float64], glued: NDArray[np.int32], chart: NDArray[np.int64], steps: tuple[int, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places (N, 2) and energies (C,) of charts, each with as many steps of descent as leave its border uncrossed."""
    laid = flattenings(corners, glued, chart, steps)
    uvs, energy = laid[steps[0]].uvs.copy(), laid[steps[0]].energy.copy()
    of_vertex = np.zeros(len(uvs), np.int64)
    of_vertex[glued.ravel()] = np.repeat(chart, 3)
    loops = border_loops(glued)
    open_charts = np.ones(len(energy), np.bool_)
    for count in steps:
        uvs[open_charts[of_vertex]] = laid[count].uvs[open_charts[of_vertex]]
        energy[open_charts] = laid[count].energy[open_charts]
        if count == 0:
            break
        open_charts &= crossed(uvs, loops, of_vertex, open_charts) | ~np.isfinite(energy)
        if not bool(open_charts.any()):
            break
    return uvs, energy


def _relax(
    corners: NDArray[np.float64],
    glued: NDArray[np.int32],
    inside: NDArray[np.bool_],
    uvs: NDArray[np.float64],
    energy: NDArray[np.float64],
) -> int:
    """Improve the chart of the triangles ``inside`` (F,), its places in ``uvs`` (N, 2) and its ``energy`` (1,).

    Returns how many steps were taken.
    """
    names, vertex = np.unique(glued[inside], return_inverse=True)
    vertex = np.asarray(vertex, np.int32).reshape(-1, 3)
    one = np.zeros(len(vertex), np.int64)
    loops, of_vertex, yes = border_loops(vertex), np.zeros(len(names), np.int64), np.ones(1, np.bool_)
    begin, at_first = uvs[names].copy(), float(energy[0])
    last, over, taken = at_first, 0, 0
    for laid in strong_steps(corners[inside], vertex, one, begin, STRONG_STEPS):
        taken += 1
        reached = float(laid.energy[0])
        if bool(crossed(laid.uvs, loops, of_vertex, yes)[0]):
            over += 1
        elif reached < energy[0]:
            uvs[names], energy[0], over = laid.uvs, reached, 0
        # Before the energy is finite a step may have nothing to show for itself.
        if over > CROSSED_STEPS or (np.isfinite(last) and not reached < STRONG_GAIN * last):
            break
        last = reached
    if float(_heights(uvs[names][vertex]).min()) < min(LEAST_HEIGHT, float(_heights(begin[vertex]).min())):
        uvs[names], energy[0] = begin, at_first
    return taken


def _heights(flat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Height of each triangle over its longest edge, negative where it is turned over."""
    one, two = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    longest = np.linalg.norm(np.roll(flat, -1, axis=1) - flat, axis=2).max(axis=1)
    return (one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]) / np.maximum(longest, 1e-300)


def restricted(surface: Surface, rows: NDArray[np.int64]) -> tuple[Pairs, NDArray[np.float64], NDArray[np.float64]]:
    """Pairs, areas and costs among the triangles ``rows`` only, renumbered."""
    number = np.full(len(surface.area), -1, np.int64)
    number[rows] = np.arange(len(rows))
    one, two = number[surface.pairs.one // 3], number[surface.pairs.two // 3]
    inside = (one >= 0) & (two >= 0)
    pairs = Pairs(3 * one[inside] + surface.pairs.one[inside] % 3, 3 * two[inside] + surface.pairs.two[inside] % 3)
    return pairs, surface.area[rows], surface.cost[inside]
