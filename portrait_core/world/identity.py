# SPDX-License-Identifier: Apache-2.0
"""Identities of the portrait world as displacements of the canonical surface, and the linear basis of them.

The template of the identity warp is the visible canonical surface (skin and eyeballs) around the bust. An identity
moves its vertices by morph targets; hair and clothing, which hang in space, are carried by the same warp.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.geometry.mesh_queries import closest_points
from portrait_core.geometry.subdivision import Sparse
from portrait_core.models.starter.identity_warp import IdentityWarp, Sites, solve_kernel
from portrait_core.world.assets import AssetFolders, find_assets
from portrait_core.world.base_mesh import BaseMesh, load_base_mesh
from portrait_core.world.canonical_body import EYE_MIDDLE, CanonicalBody, load_canonical_body
from portrait_core.world.latent import Z_DIM, attributes
from portrait_core.world.morphs import control_vertices, target_weights

FloatArray = NDArray[np.float64]

linalg: Any = np.linalg  # numpy's hints lose the element type here

LANDMARKS = (*SMPL_JOINT_NAMES, "left_eye", "right_eye", "left_eye_front", "right_eye_front")
"""Places carried with the identity: SMPL joints (legs and forearms stay under the pelvis and elbows) and eyes."""

CENTRES = 320
MARGIN = 0.05


@dataclass(frozen=True)
class IdentitySpace:
    """The template and how target weights move it.

    Attributes:
        vertices (V, 3), triangles (F, 3): the template, canonical.
        matrix (V, U): control vertices -> template vertices.
        centres (M,): vertices that carry the smooth part of the warp.
        landmark_matrix (L, U), landmark_offset (L, 3): control vertices -> landmarks.
        skins: how many of the template's vertices are skin; the rest are eyeballs.
        body_vertices (V,): index of every template vertex in the canonical body.
    """

    vertices: FloatArray
    triangles: NDArray[np.int64]
    matrix: Sparse
    centres: NDArray[np.int64]
    landmark_matrix: Sparse
    landmark_offset: FloatArray
    skins: int
    body_vertices: NDArray[np.int64]

    def displacement(self, control: FloatArray, base: BaseMesh) -> FloatArray:
        """Displacement (V, 3) of the template for control vertices (U, 3)."""
        return np.asarray(self.matrix @ (control - base.neutral))

    def landmarks(self, control: FloatArray) -> FloatArray:
        """Landmarks (L, 3) of an identity with these control vertices, metres."""
        return np.asarray(self.landmark_matrix @ control) + self.landmark_offset

    def warp(self) -> IdentityWarp:
        """An identity warp with this template and no basis yet: use :meth:`IdentityWarp.move` with a displacement."""
        sizes = len(self.vertices), len(self.triangles), len(self.centres), 0, len(LANDMARKS)
        warp = IdentityWarp(*sizes, search=closest_points)
        warp.vertices.copy_(torch.as_tensor(self.vertices))
        warp.triangles.copy_(torch.as_tensor(self.triangles))
        warp.centres.copy_(torch.as_tensor(self.centres))
        warp.solver.copy_(torch.as_tensor(solve_kernel(self.vertices[self.centres])))
        return warp


@lru_cache(maxsize=2)
def load_identity_space(assets: AssetFolders | None = None) -> IdentitySpace:
    """Template, centres and landmarks of the CC0 base mesh."""
    folders = assets or find_assets()
    base, body = load_base_mesh(folders), load_canonical_body(folders)
    at = body.vertices
    low = np.array([-0.255 - MARGIN, -0.185 - MARGIN])
    inside = (np.abs(at[:, 0]) < -low[0]) & (at[:, 1] > low[1])
    triangles = body.triangles[body.visible]
    triangles = triangles[inside[triangles].all(axis=1)]
    used = np.unique(triangles)
    place = np.full(len(at), -1)
    place[used] = np.arange(len(used))
    matrix = sparse.csr_matrix(sparse.vstack([base.skin.matrix, base.eyes.matrix]))[used]
    vertices = np.asarray(matrix @ base.neutral)
    skins = int((used < body.skins).sum())
    landmark_matrix, offset = _landmark_matrix(base, body)
    centres = _spread(vertices[:skins])
    return IdentitySpace(
        vertices, place[triangles], sparse.csr_matrix(matrix), centres, landmark_matrix, offset, skins, used
    )


def _landmark_matrix(base: BaseMesh, body: CanonicalBody) -> tuple[Sparse, FloatArray]:
    rows = sparse.lil_matrix((len(LANDMARKS), len(base.neutral)))
    offset = np.zeros((len(LANDMARKS), 3))
    eyes = np.asarray(base.eyes.matrix @ base.neutral)
    for i, name in enumerate(LANDMARKS):
        if "eye" in name:
            side = np.flatnonzero((eyes[:, 0] > 0) == name.startswith("left"))
            if name.endswith("front"):
                rows[i] = base.eyes.matrix[side[np.argmax(eyes[side, 2])]]
            else:
                # A sphere's centre is half-way between opposite points, whatever its size.
                ends = [side[np.argmax(eyes[side, 0])], side[np.argmin(eyes[side, 0])]]
                rows[i] = (base.eyes.matrix[ends[0]] + base.eyes.matrix[ends[1]]) / 2
            continue
        cube, shift = _joint_source(name)
        rows[i, base.joints[cube]] = 1 / len(base.joints[cube])
        offset[i] = shift
    return sparse.csr_matrix(rows), offset


def _joint_source(name: str) -> tuple[str, tuple[float, float, float]]:
    """The base mesh's joint that an SMPL joint follows, and how far from it: the bust has no legs and no hands."""
    below = {"hip": -0.05, "knee": -0.45, "ankle": -0.85, "foot": -0.90}
    side = 1.0 if name.startswith("left") else -1.0
    for part, drop in below.items():
        if name.endswith(part):
            return "pelvis", (side * 0.08, drop, 0.0)
    if name.endswith(("wrist", "hand")):
        return f"{name.partition('_')[0]}_elbow", (side * (0.17 if "wrist" in name else 0.22), -0.19, 0.02)
    return name, (0.0, 0.0, 0.0)


def _spread(skin: FloatArray) -> NDArray[np.int64]:
    """Centres by farthest-point sampling, denser on the face."""
    at = skin - EYE_MIDDLE
    x, y, z = at.T
    weight = np.where(y > -0.14, 1.5, 1.0)
    weight[(np.abs(x) < 0.075) & (y > -0.13) & (y < 0.07) & (z > -0.09)] = 3.0
    weight[(((np.abs(x) - 0.03) / 0.024) ** 2 + ((y - 0.002) / 0.018) ** 2 < 1) & (z > -0.05)] = 5.0
    weight[((x / 0.034) ** 2 + ((y + 0.075) / 0.018) ** 2 < 1) & (z > -0.05)] = 4.0
    chosen = [int(np.argmax(y))]
    away = np.full(len(skin), np.inf)
    while len(chosen) < CENTRES:
        away = np.minimum(away, np.linalg.norm(skin - skin[chosen[-1]], axis=1) * weight)
        chosen.append(int(np.argmax(away)))
    return np.asarray(chosen)


def fit_basis(
    space: IdentitySpace, base: BaseMesh, coefficients: int, rng: np.random.Generator, identities: int = 1600
) -> dict[str, NDArray[np.float64]]:
    """Principal components of displacement and landmarks over random identities.

    Returns:
        ``mean`` (V, 3), ``basis`` (V, 3, K), ``landmark_mean`` (L, 3), ``landmark_basis`` (L, 3, K), scaled so that
        the coefficients have unit variance, and ``encode`` (K, T) with ``encode_bias`` (K,): target weights ->
        coefficients.
    """
    weights = target_weights(base, attributes(rng.normal(size=(identities, Z_DIM))))
    centre = weights.mean(axis=0)
    # Components are sought in the span of target weights, where the data is small; displacement is linear in them.
    varying = np.flatnonzero(weights.std(axis=0) > 1e-9)
    shape = _linear_map(space, base, varying)
    metric = shape.T @ shape
    factor: FloatArray = linalg.cholesky(metric + np.eye(len(varying)) * metric.trace() * 1e-10)
    right: FloatArray = linalg.svd((weights - centre)[:, varying] @ factor, full_matrices=False)[2]
    directions: FloatArray = linalg.solve(factor.T, right[:coefficients].T)
    encode = right[:coefficients] @ factor.T
    spread = ((weights - centre)[:, varying] @ encode.T).std(axis=0)
    directions, encode = directions * spread, encode / spread[:, None]

    control = control_vertices(base, centre[None])[0]
    move = np.tensordot(directions.T, base.targets[varying].astype(np.float64), 1)
    move -= move[:, base.joints["neck"]].mean(axis=1, keepdims=True)
    flat = move.transpose(1, 2, 0).reshape(len(base.neutral), -1)
    full = np.zeros((coefficients, weights.shape[1]))
    full[:, varying] = encode
    return {
        "mean": space.displacement(control, base),
        "basis": np.asarray(space.matrix @ flat).reshape(-1, 3, coefficients),
        "landmark_mean": space.landmarks(control),
        "landmark_basis": np.asarray(space.landmark_matrix @ flat).reshape(-1, 3, coefficients),
        "encode": full,
        "encode_bias": -full @ centre,
    }


def _linear_map(space: IdentitySpace, base: BaseMesh, targets: NDArray[np.int64]) -> FloatArray:
    """(3V', T') displacement of a third of the template per unit of target weight: enough for the metric."""
    part = space.matrix[::3]
    moved = base.targets[targets].astype(np.float64)
    moved -= moved[:, base.joints["neck"]].mean(axis=1, keepdims=True)
    flat = moved.transpose(1, 2, 0).reshape(len(base.neutral), -1)
    return np.asarray(part @ flat).reshape(part.shape[0] * 3, len(targets))


def carry(warp: IdentityWarp, sites: Sites, displacement: FloatArray) -> NDArray[np.float32]:
    """Carry prepared canonical points by a displacement (V, 3) of the template; float32 (N, 3)."""
    with torch.no_grad():
        return warp.move(sites, torch.as_tensor(displacement.astype(np.float32))).numpy()
