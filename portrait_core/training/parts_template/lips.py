# SPDX-License-Identifier: Apache-2.0
"""The seal of the lips: what closes the slit that the base mesh leaves between them, for every person alike.

On a mouth that is a little open, upright lines in front of it meet the edge of the upper lip and the edge of the lower
one; those two places of the surface are a *pair*. The seal moves the lips up and down so that every pair meets: between
the pairs it goes over smoothly, along the lips and away from them. It is linear in the vertices and solved so that all
pairs meet exactly, so it needs no search for any person; what remains comes from edges that turn as faces differ.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.parts.contact import LipContact
from portrait_core.parts.part_mesh import triangles_of_quads
from portrait_core.training.parts_template.regions import edge_graph

OPEN_TARGET = Path("targets") / "expression" / "units" / "caucasian" / "mouth-open.target.gz"
OPENED = 0.20
"""Share of that target at which pairs are looked for."""
PAIRS = 33
REACH = 0.0075
"""Metres along the surface at which the lips' movement has fallen to a third."""
LINES = 0.00004
"""Metres between the lines that look for a lip's edge."""
OVERLAP = 0.00003
"""Metres that the lips' edges are moved past each other: less of the slit is left as faces differ."""
STEEPEST = 0.3
"""How much more the lips may be moved apart or together with every metre away from a corner of the mouth."""
LEAST_RESPONSE = 0.3
"""How much of its field a pair must show."""
FACING = 0.010
"""Metres along the surface from a lip's edge within which it may touch the other lip."""


def find_contact(
    opened: NDArray[np.float64], closed: NDArray[np.float64], quads: NDArray[np.int64], mouth: NDArray[np.bool_]
) -> LipContact:
    """The contact of the lips of a surface (V1, 3), ``opened`` a little and ``closed``; ``mouth`` (Q,) tells the quads
    of the bag's inside."""
    faces, of_quad = triangles_of_quads(quads)
    inner = np.unique(quads[mouth])
    rim = np.intersect1d(inner, np.unique(quads[~mouth]))
    ends = float(opened[rim][:, 0].min()), float(opened[rim][:, 0].max())
    across: NDArray[np.float64] = np.linspace(*ends, PAIRS + 2)[1:-1]
    upper, lower, nodes = _pairs(opened, faces, mouth[of_quad], rim, across)
    side, away = _sides(closed, quads, upper, lower)
    weight = np.exp(-((away / REACH) ** 2)) * _near(closed, closed[rim])
    kept = np.arange(len(nodes))
    while True:
        gaps = sparse.csr_matrix((upper - lower)[kept])
        hats = _hats(opened[:, 0], nodes[kept], ends)
        raw = sparse.csr_matrix(hats.multiply((-0.5 * side * weight)[:, None]))
        response = np.asarray((gaps @ raw).todense())
        # Next to the corners the lips are one, and no movement apart is to be had.
        good = np.abs(np.diag(response)) > LEAST_RESPONSE
        if bool(good.all()):
            break
        kept = kept[good]
    answer = np.linalg.inv(response)
    # gaps (1 - raw (gaps raw)^-1 gaps) = 0: all pairs meet.
    return LipContact(
        amounts=sparse.csr_matrix(answer @ np.asarray(gaps.todense())),
        fields=sparse.csr_matrix(-raw),
        overlaps=answer @ np.full(len(kept), OVERLAP),
        limits=STEEPEST * np.minimum(nodes[kept] - ends[0], ends[1] - nodes[kept]),
        upper=np.flatnonzero((away < FACING) & (side > 0)),
        lower=np.flatnonzero((away < FACING) & (side < 0)),
    )


def _pairs(
    surface: NDArray[np.float64],
    faces: NDArray[np.int32],
    inside: NDArray[np.bool_],
    rim: NDArray[np.int64],
    across: NDArray[np.float64],
) -> tuple[Any, Any, NDArray[np.float64]]:
    """Rows (J, V1) of the edges of upper and lower lip, and where (J,) across the mouth they lie."""
    low, high = surface[rim][:, 1].min() - 0.012, surface[rim][:, 1].max() + 0.012
    front = float(surface[:, 2].max()) + 0.05
    heights = np.arange(low, high, LINES)
    scene = MeshQueries(surface.astype(np.float32), faces)
    rows: list[list[tuple[NDArray[np.int32], NDArray[np.floating]]]] = [[], []]
    nodes: list[float] = []
    for x in across:
        starts = np.stack([np.full(len(heights), x), heights, np.full(len(heights), front)], 1)
        hits = scene.first_hits(starts, np.broadcast_to([0.0, 0.0, -1.0], starts.shape))
        depth = np.where(hits.face >= 0, front - hits.distance, -1.0)
        hidden = (hits.face < 0) | inside[np.maximum(hits.face, 0)]
        # The slit is where the bag is seen, or where the surface leaps back most.
        leap = np.abs(np.diff(depth)) > 0.0012
        seen = np.flatnonzero(hidden)
        if len(seen):
            below, above = seen[0] - 1, seen[-1] + 1
        elif bool(leap.any()):
            below = int(np.flatnonzero(leap)[0])
            above = below + 1
        else:
            continue
        for group, line in zip(rows, (above, below), strict=True):
            group.append((faces[hits.face[line]], hits.weights[line]))
        nodes.append(float(x))
    matrices = [
        sparse.csr_matrix(
            (
                np.concatenate([w for _, w in group]).astype(np.float64),
                (np.repeat(np.arange(len(group)), 3), np.concatenate([f for f, _ in group])),
            ),
            (len(group), len(surface)),
        )
        for group in rows
    ]
    return matrices[0], matrices[1], np.asarray(nodes)


def _sides(
    surface: NDArray[np.float64], quads: NDArray[np.int64], upper: Any, lower: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(V1,) 1 for what belongs to the upper lip, -1 to the lower one, less where the two are equally near; and the
    distance (V1,) along the surface to the nearer lip's edge."""
    graph = edge_graph(quads, len(surface)).tocoo()
    length = np.linalg.norm(surface[graph.row] - surface[graph.col], axis=1)
    ways = sparse.csr_matrix((length, (graph.row, graph.col)), graph.shape)
    near = [
        np.asarray(dijkstra(ways, indices=np.unique(lip.indices), min_only=True), np.float64) for lip in (upper, lower)
    ]
    return np.clip((near[1] - near[0]) / 0.002, -1, 1), np.minimum(*near)


def _near(surface: NDArray[np.float64], rim: NDArray[np.float64]) -> NDArray[np.float64]:
    """(V1,) 1 beside the mouth's rim, 0 from 20 mm on: what the lips' movement may reach at all."""
    low, high = rim.min(axis=0), rim.max(axis=0)
    away = np.linalg.norm(np.maximum(np.maximum(low - surface, surface - high), 0), axis=1)
    return np.clip(2 - away / 0.010, 0, 1)


def _hats(x: NDArray[np.float64], nodes: NDArray[np.float64], ends: tuple[float, float]) -> Any:
    """(V1, J) shares of the nodes at places across the mouth, linear between them, zero at the corners and beyond."""
    stops = np.concatenate([[ends[0]], nodes, [ends[1]]])
    place = np.clip(np.searchsorted(stops, x) - 1, 0, len(stops) - 2)
    share = np.clip((x - stops[place]) / (stops[place + 1] - stops[place]), 0, 1)
    rows = np.arange(len(x))
    values = np.concatenate([1 - share, share])
    columns = np.concatenate([place, place + 1]) - 1
    rows = np.concatenate([rows, rows])
    kept = (columns >= 0) & (columns < len(nodes)) & (values > 0)
    return sparse.csr_matrix((values[kept], (rows[kept], columns[kept])), (len(x), len(nodes)))
