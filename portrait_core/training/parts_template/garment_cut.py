# SPDX-License-Identifier: Apache-2.0
"""Garments end where the bust does: on a smooth cut, with every vertex of the new border on it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.training.parts_template.crop import ARM, CHEST
from portrait_core.training.parts_template.worn import Mannequin

BELOW = 0.004
"""Cloth goes this much lower than the skin, metres."""

SIDE, SLOPE = 0.150, 0.5
"""Beside the trunk (metres from the middle) the cut of the chest falls away, so that the arms have a cut of their own;
cloth that hangs in the armpit ends where the two meet."""


def within(canonical: NDArray[np.float64], mannequin: Mannequin) -> NDArray[np.float64]:
    """(K,) metres on the kept side of the cuts, for places (K, 3) on the canonical body; continuous everywhere."""
    aside = np.abs(canonical[:, 0])
    result = canonical[:, 1] - (CHEST - BELOW) + SLOPE * np.maximum(aside - SIDE, 0)
    neutral, joints = mannequin.mesh.neutral, mannequin.mesh.joints
    for side in ("left", "right"):
        shoulder, elbow = (neutral[joints[f"{side}_{name}"]].mean(axis=0) for name in ("shoulder", "elbow"))
        length = float(np.linalg.norm(elbow - shoulder))
        along = (elbow - shoulder) / length
        own = np.sign(canonical[:, 0]) == np.sign(elbow[0])
        result = np.where(own, np.minimum(result, ARM * length + BELOW - (canonical - shoulder) @ along), result)
    return result


def onto_cut(quads: NDArray[np.int64], inside: NDArray[np.float64]) -> Any:
    """(K, K) what brings the vertices of quads (Q, 4) beyond the cut (``inside`` (K,) not positive) onto it.

    A vertex with neighbours within goes along the edges to where those cross the cut; one that only lies across from
    such a neighbour goes between the two that it shares a side with. So quads that the cut leaves a corner of become
    triangles with four vertices.
    """
    count = len(inside)
    ends = np.stack([quads, np.roll(quads, -1, axis=1)], -1).reshape(-1, 2)
    edges = np.unique(np.sort(ends, axis=1), axis=0)
    both = np.concatenate([edges, edges[:, ::-1]])
    crossing = both[(inside[both[:, 0]] <= 0) & (inside[both[:, 1]] > 0)]
    out, inner = crossing.T
    number = np.bincount(out, minlength=count)
    share = inside[out] / (inside[out] - inside[inner]) / number[out]
    slide = sparse.identity(count, format="csr") + sparse.csr_matrix(
        (np.r_[share, -share], (np.r_[out, out], np.r_[inner, out])), (count, count)
    )
    lone = (inside <= 0) & (number == 0)
    beside = both[lone[both[:, 0]] & (number[both[:, 1]] > 0)]
    weight = 1 / np.bincount(beside[:, 0], minlength=count)[beside[:, 0]]
    between = sparse.csr_matrix((weight, (beside[:, 0], beside[:, 1])), (count, count))
    placed = np.asarray(between.sum(axis=1)).ravel() > 0
    return sparse.csr_matrix(between @ slide + sparse.diags((~placed).astype(np.float64)) @ slide)
