# SPDX-License-Identifier: Apache-2.0
"""The islands of the base mesh's own texture layout: where its modellers cut it, which says where lips and lids end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.components import component_labels


def corner_ids(corner_uvs: NDArray[np.float64]) -> NDArray[np.int64]:
    """(F, 4) a number for every place in the texture, for corners (F, 4, 2)."""
    key = np.rint(corner_uvs.reshape(-1, 2) * 1e6).astype(np.int64)
    return np.unique(key, axis=0, return_inverse=True)[1].reshape(corner_uvs.shape[:2])


def islands(corner_uvs: NDArray[np.float64]) -> NDArray[np.int64]:
    """(F,) the island of each quad, the largest first."""
    ids = corner_ids(corner_uvs)
    label = component_labels(int(ids.max()) + 1, ids.ravel(), np.roll(ids, -1, axis=1).ravel())[ids[:, 0]]
    _, first, own, size = np.unique(label, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -size))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank[own]


def loop_between(quads: NDArray[np.int64], one: NDArray[np.bool_], two: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The vertices, in order, of the longest closed line of edges between the quads ``one`` and the quads ``two``.

    They run as the quads of ``one`` run through them. Raises ``ValueError`` where there is no such line.
    """
    count = int(quads.max()) + 1
    ends = np.stack([quads, np.roll(quads, -1, axis=1)], -1)
    own, other = ends[one].reshape(-1, 2), ends[two].reshape(-1, 2)
    shared = own[np.isin(own[:, 0] * count + own[:, 1], other[:, 1] * count + other[:, 0])]
    following = {int(a): int(b) for a, b in shared}
    loops: list[list[int]] = []
    while following:
        start = next(iter(following))
        loop = [start]
        while loop[-1] in following:
            loop.append(following.pop(loop[-1]))
        if loop[-1] == start:
            loops.append(loop[:-1])
    if not loops:
        raise ValueError("the two parts of the mesh have no closed line of edges in common")
    return np.asarray(max(loops, key=len))
