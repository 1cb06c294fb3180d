# SPDX-License-Identifier: Apache-2.0
"""Which part of the base mesh is the bust: down to mid-chest and a little of the upper arms, with a smooth border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.geometry.components import component_labels
from portrait_core.training.parts_template.whole_mesh import BODY, WholeMesh

CHEST = -0.185
"""Height of the lower cut, metres from the neck joint of the canonical body."""
ARM = 0.42
"""Share of the upper arm that is kept."""


@dataclass(frozen=True, eq=False)
class Crop:
    """``quads`` (Q,) rows of the base mesh's quads, ``vertices`` (V,) of theirs, growing, ``own`` (Q, 4) the quads over
    those; ``border`` (V, V) what is added to vertices beyond the cut to bring them onto it."""

    quads: NDArray[np.int64]
    vertices: NDArray[np.int64]
    own: NDArray[np.int64]
    border: Any


def crop(mesh: WholeMesh) -> Crop:
    """The bust of the base mesh."""
    inside = _within(mesh)
    body = np.flatnonzero(mesh.groups == BODY)
    kept = body[((inside > 0)[mesh.quads[body]]).sum(axis=1) >= 2]
    kept = _largest(mesh.quads[kept], kept)
    vertices = np.unique(mesh.quads[kept])
    place = np.full(len(mesh.rest), -1)
    place[vertices] = np.arange(len(vertices))
    own = place[mesh.quads[kept]]
    return Crop(kept, vertices, own, _slides(own, inside[vertices]))


def _within(mesh: WholeMesh) -> NDArray[np.float64]:
    """(N,) metres on the kept side of the cuts, negative beyond them."""
    at = mesh.neutral
    result = at[:, 1] - CHEST
    weights = np.asarray(mesh.weights.todense())
    for side in ("left", "right"):
        shoulder, elbow = (at[mesh.joints[f"{side}_{name}"]].mean(axis=0) for name in ("shoulder", "elbow"))
        along = (elbow - shoulder) / np.linalg.norm(elbow - shoulder)
        length = ARM * float(np.linalg.norm(elbow - shoulder))
        arm = weights[:, [SMPL_JOINT_NAMES.index(f"{side}_{name}") for name in ("shoulder", "elbow")]].sum(axis=1)
        beyond = length - (at - shoulder) @ along
        result = np.where(arm > 0.5, beyond, result)
        # What hangs on forearm and hand has weight on no joint of the bust.
        outer = (np.abs(at[:, 0]) > abs(elbow[0])) & (np.sign(at[:, 0]) == np.sign(elbow[0]))
        result = np.where(outer, -1.0, result)
    return result


def _largest(quads: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    label = component_labels(int(quads.max()) + 1, quads.ravel(), np.roll(quads, -1, axis=1).ravel())[quads[:, 0]]
    return rows[label == np.bincount(label).argmax()]


def _slides(quads: NDArray[np.int64], inside: NDArray[np.float64]) -> Any:
    """(V, V): a vertex beyond the cut goes along the edges to its neighbours within, to where those cross the cut."""
    ends = np.stack([quads, np.roll(quads, -1, axis=1)], -1).reshape(-1, 2)
    edges = np.unique(np.sort(ends, axis=1), axis=0)
    both = np.concatenate([edges, edges[:, ::-1]])
    crossing = both[(inside[both[:, 0]] <= 0) & (inside[both[:, 1]] > 0)]
    out, within = crossing.T
    share = inside[out] / (inside[out] - inside[within]) / np.bincount(out, minlength=len(inside))[out]
    values, rows, columns = np.r_[share, -share], np.r_[out, out], np.r_[within, out]
    return sparse.csr_matrix((values, (rows, columns)), (len(inside), len(inside)))
