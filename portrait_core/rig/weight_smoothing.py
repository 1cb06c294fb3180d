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

STRETCH = 2.6
"""Most that an edge may grow under `TURN`, as a factor. Keeping four joints of five, at hair that has grown onto a
shoulder, adds up to a half; four times is what a file may show."""

ROUNDS = 3
"""Rounds of smoothing after the limit, which leaves kinks."""

NEEDLE_ROUNDS = 12
"""Most passes over triangles that are flat as needles."""


def eased(
    weights: Floats,
    graph: VertexGraph,
    vertices: NDArray[np.float32],
    joints: NDArray[np.float32],
    parents: NDArray[np.int32],
    *,
    faces: NDArray[np.int32] | None = None,
    stretch: float = STRETCH,
) -> Floats:
    """``weights`` (V, J) of ``vertices`` (V, 3) such that no edge of ``graph`` grows over ``stretch`` times its length
    when one joint turns by `TURN`, to first order of what the last smoothing leaves.

    ``joints`` (J, 3) and ``parents`` (J,) are the skeleton's. With ``faces`` (F, 3) needle-like triangles are heeded as
    well. Rows sum to one and are not negative, as they came in.
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
    final = limited(smooth, stretch)
    if faces is not None:
        final = without_needles(final, vertices, faces, joints, parents, stretch)
    return own(final, parents)


def without_needles(
    shares: Floats,
    vertices: NDArray[np.float32],
    faces: NDArray[np.int32],
    joints: NDArray[np.float32],
    parents: NDArray[np.int32],
    stretch: float,
) -> Floats:
    """``shares`` (V, J), as `hanging` gives them, such that flat triangles do not stretch across either.

    A triangle whose third corner lies almost on its longest edge is narrow, though its edges are long: limits along
    edges do not help there. The third corner is taken towards what lies between the other two instead.
    """
    places = vertices.astype(np.float64)
    sides = places[np.roll(faces, -1, axis=1)] - places[np.roll(faces, -2, axis=1)]
    third = np.einsum("fki,fki->fk", sides, sides).argmax(axis=1)
    turned = (third[:, None] + np.arange(3)) % 3
    tip, start, end = np.take_along_axis(faces.astype(np.int64), turned, axis=1).T
    along, to = places[end] - places[start], places[tip] - places[start]
    square = np.maximum(np.einsum("fi,fi->f", along, along), 1e-18)
    part = np.clip(np.einsum("fi,fi->f", to, along) / square, 0.0, 1.0)
    height = np.linalg.norm(to - part[:, None] * along, axis=1)
    result = shares.copy()
    for joint in np.flatnonzero((parents >= 0) & (np.ptp(shares, axis=0) > 0.0)):
        way = 2.0 * np.sin(TURN / 2.0) * np.linalg.norm(places[tip] - joints[joint], axis=1)
        allowed = (stretch - 1.0) * height / np.maximum(way, 1e-3)
        share = result[:, joint].copy()
        for _ in range(NEEDLE_ROUNDS):
            off = share[tip] - (1.0 - part) * share[start] - part * share[end]
            bad = np.flatnonzero(np.abs(off) > allowed)
            if len(bad) == 0:
                break
            move = np.clip(off[bad], -allowed[bad], allowed[bad]) - off[bad]
            count = np.bincount(tip[bad], minlength=len(share))
            share += np.bincount(tip[bad], weights=move, minlength=len(share)) / np.maximum(count, 1)
        result[:, joint] = share
    return result


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
