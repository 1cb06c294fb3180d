# SPDX-License-Identifier: Apache-2.0
"""The coefficients of a starter's identity warp carried over to the whole base mesh.

The warp knows the visible skin, subdivided once. Its mean and its 64 directions are morph targets with weights of their
own, which is the space the warp was fitted in; so the weights are found again by least squares on the warp's vertices,
and applied to the whole mesh they also move what the warp does not know: the bag of the mouth, the inner lids, teeth,
tongue, lashes and joints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from portrait_core.geometry.settled import settled
from portrait_core.models.starter.identity_warp import IdentityWarp
from portrait_core.parts.controls import Controls
from portrait_core.training.parts_template.whole_mesh import WholeMesh
from portrait_core.world.assets import AssetFolders
from portrait_core.world.base_mesh import BaseMesh, load_base_mesh
from portrait_core.world.latent import Z_DIM, attributes
from portrait_core.world.morphs import target_weights

RIDGE = 1e-9
"""Of the mean diagonal: targets that only differ where the warp does not see them share the weight."""

IDENTITIES = 1600
"""Random identities that tell which targets vary at all."""

SAME = 1e-5
"""Metres within which two vertices are the same."""

STRIDE = 2
"""Every so many vertices of the warp are enough."""

linalg: Any = np.linalg  # numpy's hints lose the element type here


@dataclass(frozen=True, eq=False)
class WholeBasis:
    """``mean`` (N, 3) and ``basis`` (N, 3, K) of all vertices of the base mesh, metres, neck joint at the origin;
    ``residual``: how far the warp's own mean and directions are missed, metres, at most and a unit."""

    mean: NDArray[np.float64]
    basis: NDArray[np.float64]
    residual: float

    def controls(self, index: NDArray[np.integer], mesh: WholeMesh) -> Controls:
        """Those of some vertices (C,)."""
        rows = index.astype(np.int64)
        return Controls(
            rows,
            settled(self.mean[rows]),
            self.basis[rows].astype(np.float16),
            mesh.weights[rows],
        )


def whole_basis(warp: IdentityWarp, mesh: WholeMesh, assets: AssetFolders) -> WholeBasis:
    """Fit target weights to a warp; raises ``ValueError`` for a warp over another template."""
    base = load_base_mesh(assets)
    rows = warped_rows(warp.vertices.double().cpu().numpy(), base)
    usual = target_weights(base, attributes(np.random.default_rng(0).normal(size=(IDENTITIES, Z_DIM))))
    varying, middle = np.flatnonzero(usual.std(axis=0) > 1e-9), usual.mean(axis=0)
    own_mean, own_basis = warp.mean.double().cpu().numpy(), warp.basis.double().cpu().numpy()
    linear = _linear(base, rows, varying)
    start = np.asarray(rows @ (_centred(base.rest, base.targets, middle, base.joints["neck"]) - base.neutral))
    part, wanted = slice(None, None, STRIDE), np.concatenate([own_basis, (own_mean - start)[:, :, None]], 2)
    system = linear[part].reshape(-1, len(varying))
    gram = system.T @ system
    gram += np.eye(len(varying)) * gram.trace() * RIDGE
    found = linalg.solve(gram, system.T @ wanted[part].reshape(len(system), -1))
    missed = np.abs(np.tensordot(linear, found, 1) - wanted).max()
    whole = middle.copy()
    whole[varying] += found[:, -1]
    moved = mesh.targets[varying].astype(np.float64)
    moved -= moved[:, mesh.joints["neck"]].mean(axis=1, keepdims=True)
    return WholeBasis(
        mean=_centred(mesh.rest, mesh.targets, whole, mesh.joints["neck"]),
        basis=np.asarray(np.tensordot(moved, found[:, :-1], (0, 0)), np.float64),
        residual=float(missed),
    )


def warped_rows(vertices: NDArray[np.float64], base: BaseMesh) -> Any:
    """(V, U) control vertices -> the vertices (V, 3) of a warp.

    They are known by their places, not by what is visible of the canonical body today: rays decide that, and a vertex
    more or less in the mouth would give all others the neighbours' targets. Raises ``ValueError`` for places that are
    not the base mesh's.
    """
    every: Any = sparse.csr_matrix(sparse.vstack([base.skin.matrix, base.eyes.matrix]))
    found: Any = cKDTree(np.asarray(every @ base.neutral)).query(vertices)
    farthest = float(np.max(found[0]))
    if farthest > SAME:
        raise ValueError(
            f"a vertex of the warp lies {1e3 * farthest:.1f} mm beside the base mesh: "
            "the weights were made with another version of the CC0 data"
        )
    return every[found[1]]


def _linear(base: BaseMesh, rows: Any, targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """(V, 3, T) displacement of the warp's template per unit of target weight."""
    moved = base.targets[targets].astype(np.float64)
    moved -= moved[:, base.joints["neck"]].mean(axis=1, keepdims=True)
    flat = moved.transpose(1, 2, 0).reshape(len(base.neutral), -1)
    return np.asarray(rows @ flat).reshape(-1, 3, len(targets))


def _centred(
    rest: NDArray[np.float64],
    targets: NDArray[np.float32],
    weights: NDArray[np.float64],
    origin: NDArray[np.int64],
) -> NDArray[np.float64]:
    moved = rest + np.tensordot(weights, targets.astype(np.float64), 1)
    return moved - moved[origin].mean(axis=0)
