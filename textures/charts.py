# SPDX-License-Identifier: Apache-2.0
"""From parts of a surface to flat charts: cut, open, lay flat, and cut again what comes out badly."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.components import component_labels
from portrait_core.geometry.edge_pairs import Pairs, face_pairs
from textures.chart_growth import absorb_small, grow_charts, path_costs, smooth_borders
from textures.chart_rounds import FLAT_ENOUGH, Surface, one_round, restricted

CHART_SHARE = 0.04
"""Area of a chart as a share of the whole surface, for the first cut of a part."""

SMALLEST = 0.0006
"""Pieces below this share of the surface join a neighbour: such charts need more padding than they cover."""

SCRAP = 0.1
"""Even of a part that is to stay whole, pieces below this share of ``SMALLEST`` join a neighbour: stray triangles."""

QUALITY_ROUNDS = 3
MOST_ROUNDS = 40
MOST_CHARTS = 44
"""Charts are cut for less distortion only while there are fewer than this; for validity always."""

WORK = 24_000_000
"""Steps of descent of one triangle that an unwrap may take, about 20 to 30 seconds: a bust of 20,000 triangles needs
1 million, one of 100,000 needs 6."""

_log = logging.getLogger("portraitkit")


@dataclass(frozen=True)
class Charts:
    """Flat charts: ``chart`` (F,) from 0, ``glued`` (F, 3) vertices of the charts, ``uvs`` (N, 2) in surface units.

    ``whole`` (C,) tells which charts are parts that were to stay in one piece, ``energy`` (C,) how they are distorted
    (4: not at all). ``used_up``: whether the work allowed did not suffice to finish what was wanted.
    """

    chart: NDArray[np.int64]
    glued: NDArray[np.int32]
    uvs: NDArray[np.float64]
    whole: NDArray[np.bool_]
    energy: NDArray[np.float64]
    used_up: bool = False


def make_charts(
    vertices: NDArray[np.float32],
    faces: NDArray[np.int32],
    parts: NDArray[np.int32],
    whole: Collection[int],
    budget: int,
) -> Charts:
    """Charts that are discs, flipped nowhere and cover nothing twice, each within one of ``parts`` (F,).

    A part in ``whole`` becomes one chart for each connected piece, opened by cuts where it is no disc. Small pieces of
    the other parts join a neighbour. After ``budget`` steps of descent of one triangle nothing more is improved:
    what is not done by then is laid onto a disc (Tutte), which is always valid but more distorted. Work is counted and
    no clock asked, so that slow machines make the same charts.
    """
    corners = vertices.astype(np.float64)[faces]
    area = 0.5 * np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    total = float(area.sum())
    # Unit: a triangle of mean area has area one.
    unit = float(np.sqrt(total / len(faces))) or 1.0
    corners, area, total = corners / unit, area / unit**2, total / unit**2
    pairs = face_pairs(faces)
    kept = np.isin(parts, np.asarray(sorted(whole), np.int64))
    label = absorb_small(parts.astype(np.int64), area, pairs, np.where(kept, SCRAP, 1.0) * SMALLEST * total)
    kept &= label == parts
    one, two = pairs.one // 3, pairs.two // 3
    inner = pairs.chosen(label[one] == label[two])
    piece = component_labels(len(faces), inner.one // 3, inner.two // 3)
    size = np.bincount(piece, weights=area)
    single = np.zeros(len(size), np.bool_)
    single[piece] = kept
    wanted = np.where(single, 1, np.maximum(np.rint(size / (CHART_SHARE * total)), 1)).astype(np.int64)
    width = float(np.sqrt(CHART_SHARE * total))
    cost = path_costs(corners, inner, width=width)
    chart = grow_charts(area, inner, cost, piece, wanted)
    chart = smooth_borders(chart, inner, single[piece])
    chart = _connected(chart, area, inner, single[piece], SMALLEST * total)
    return _laid_flat(Surface(corners, area, inner, cost), chart, single[piece], budget)


def _connected(
    chart: NDArray[np.int64],
    area: NDArray[np.float64],
    pairs: Pairs,
    fixed: NDArray[np.bool_],
    smallest: float,
) -> NDArray[np.int64]:
    """Pieces of charts as charts, small ones joined to a neighbour of the same part; numbered from 0."""
    chart = absorb_small(chart, area, pairs, np.where(fixed, 0.0, smallest))
    same = chart[pairs.one // 3] == chart[pairs.two // 3]
    return component_labels(len(chart), pairs.one[same] // 3, pairs.two[same] // 3)


def _laid_flat(surface: Surface, chart: NDArray[np.int64], single: NDArray[np.bool_], budget: int) -> Charts:
    """Lay charts flat, cut the bad ones and lay those flat again, until all are good or the budget is used up."""
    count = len(chart)
    flat = np.zeros((count, 3, 2))
    glued = np.zeros((count, 3), np.int32)
    energy_of_face = np.zeros(count)
    todo = np.ones(count, np.bool_)
    work, used_up = 0, False
    for turn in range(MOST_ROUNDS):
        late = work >= budget
        if late and not used_up:
            used_up = True
            _log.warning("unwrap: %d triangles used up the work allowed; the rest gets a simpler layout", count)
        rows = np.flatnonzero(todo)
        _, own = np.unique(chart[rows], return_inverse=True)
        own = np.asarray(own, np.int64)
        result = one_round(surface, rows, own, single, late)
        work += result.work
        flat[rows], glued[rows] = result.flat, result.glued + (int(glued.max()) + 1)
        energy_of_face[rows] = result.energy[own]
        whole = np.zeros(len(result.energy), np.bool_)
        whole[own] = single[rows]
        wanted = np.ones(len(result.energy), np.int64)
        distorted = (result.energy > FLAT_ENOUGH) & ~whole & (np.bincount(own) > 8)
        if turn < QUALITY_ROUNDS and not late:
            # The worst first, while there is room for more charts.
            room = max(0, MOST_CHARTS - len(np.unique(chart)))
            worst = np.argsort(-np.where(distorted, result.energy, 0.0), kind="stable")[:room]
            distorted &= np.isin(np.arange(len(distorted)), worst)
            wanted[distorted] = 2
        wanted[~result.valid] = 2
        urgent = np.zeros(count, np.bool_)
        urgent[rows] = ~result.valid[own]
        if bool((wanted == 1).all()):
            break
        again = wanted[own] > 1
        if bool((~result.valid & whole).any()):
            _log.warning("unwrap: a part that was to stay in one chart could not be laid flat and is cut")
        todo = np.zeros(count, np.bool_)
        todo[rows[again]] = True
        before = chart
        chart = _split(surface, chart, todo, urgent)
        todo &= chart != before
    else:
        raise ValueError(f"unwrap: some charts cannot be laid flat even after {MOST_ROUNDS} cuts")
    _, chart = np.unique(chart, return_inverse=True)
    _, first = np.unique(glued, return_index=True)
    _, glued_flat = np.unique(glued, return_inverse=True)
    charts = int(chart.max()) + 1
    whole = np.zeros(charts, np.bool_)
    whole[chart] = single
    energy = np.zeros(charts)
    energy[chart] = energy_of_face
    return Charts(
        np.asarray(chart, np.int64),
        np.asarray(glued_flat, np.int32).reshape(-1, 3),
        flat.reshape(-1, 2)[first],
        whole,
        energy,
        used_up,
    )


def _split(
    surface: Surface, chart: NDArray[np.int64], todo: NDArray[np.bool_], urgent: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Each chart of the triangles ``todo`` cut in two; new numbers for them, the others keep theirs.

    A cut that would leave a scrap is not made, unless it is ``urgent`` (F,).
    """
    rows = np.flatnonzero(todo)
    _, group = np.unique(chart[rows], return_inverse=True)
    group = np.asarray(group, np.int64)
    pairs, area, cost = restricted(surface, rows)
    within = group[pairs.one // 3] == group[pairs.two // 3]
    pairs, cost = pairs.chosen(within), cost[within]
    parts = grow_charts(area, pairs, cost, group, np.full(int(group.max()) + 1, 2))
    smoothed = smooth_borders(parts, pairs, np.zeros(len(rows), np.bool_))
    # Smoothing must not undo a cut nor leave pieces: then the cut stays as it was.
    lost = np.bincount(smoothed, minlength=int(parts.max()) + 1) == 0
    same = smoothed[pairs.one // 3] == smoothed[pairs.two // 3]
    pieces = component_labels(len(rows), pairs.one[same] // 3, pairs.two[same] // 3)
    if bool(lost.any()) or int(pieces.max()) + 1 > len(lost):
        pieces = parts
    size = np.bincount(pieces, weights=area)
    scrap = np.zeros(int(group.max()) + 1, np.bool_)
    np.logical_or.at(scrap, group, (size < 0.7 * SMALLEST * float(surface.area.sum()))[pieces])
    cut = ~scrap[group] | urgent[rows]
    result = chart.copy()
    result[rows[cut]] = int(chart.max()) + 1 + pieces[cut]
    return result
