# SPDX-License-Identifier: Apache-2.0
"""Skin weights made gentle enough that no edge stretches too far when a joint turns.

Turning joint j moves each vertex by the share of weight that hangs on j and its descendants, times how far the turn
takes that place. Where the share changes by d between two ends of an edge, and the turn takes the place by m metres,
the edge grows by no more than d * m. So a limit of d for each edge is a limit of stretch, whatever the axis.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.rig.vertex_graph import VertexGraph

Floats = NDArray[np.float64]

TURN = np.radians(40.0)
"""Largest turn of one joint for which the limit holds: about what a head does."""

STRETCH = 3.0
"""Most that an edge may grow under `TURN`, as a factor."""

ROUNDS = 3
"""Rounds of smoothing after the limit, which leaves kinks."""


def eased(
    weights: Floats,
    graph: VertexGraph,
    vertices: NDArray[np.float32],
    joints: NDArray[np.float32],
    parents: NDArray[np.int32],
    *,
    stretch: float = STRETCH,
) -> Floats:
    """``weights`` (V, J) of ``vertices`` (V, 3) such that no edge of ``graph`` grows over ``stretch`` times its length
    when one joint turns by `TURN`, to first order of what the last smoothing leaves.

    ``joints`` (J, 3) and ``parents`` (J,) are the skeleton's. Rows sum to one and are not negative, as they came in.
    """
    shares = hanging(weights, parents)
    middles = vertices.astype(np.float64)[graph.edges].mean(axis=1)

    def limited(shares: Floats, stretch: float) -> Floats:
        result = shares.copy()
        for joint in np.flatnonzero((parents >= 0) & (shares.max(axis=0) > 0.0)):
            way = 2.0 * np.sin(TURN / 2.0) * np.linalg.norm(middles - joints[joint], axis=1)
            steepest = (stretch - 1.0) * graph.lengths / np.maximum(way, 1e-3)
            result[:, joint] = graph.without_jumps(shares[:, joint], np.minimum(steepest, 1.0))
        return result

    smooth = graph.smoothed(limited(shares, 0.75 * stretch), ROUNDS)
    return own(limited(smooth, stretch), parents)


def hanging(weights: Floats, parents: NDArray[np.int32]) -> Floats:
    """(V, J): the weight of each joint and all its descendants together."""
    shares = weights.copy()
    for joint in range(len(parents) - 1, 0, -1):
        shares[:, parents[joint]] += shares[:, joint]
    return shares


def own(shares: Floats, parents: NDArray[np.int32]) -> Floats:
    """Weights (V, J) back from `hanging` ones; where children have more than their parent, they share what it has."""
    shares = np.clip(shares, 0.0, 1.0)
    weights = shares.copy()
    for joint in range(len(parents)):
        children = np.flatnonzero(parents == joint)
        total = shares[:, children].sum(axis=1)
        factor = np.minimum(1.0, shares[:, joint] / np.maximum(total, 1e-12))
        shares[:, children] *= factor[:, None]
        weights[:, joint] = shares[:, joint] - shares[:, children].sum(axis=1)
    weights = np.clip(weights, 0.0, None)
    return weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
