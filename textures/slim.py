# SPDX-License-Identifier: Apache-2.0
"""Few but strong steps for charts that descent leaves badly distorted.

One triangle close to collapse stops the steps of :mod:`textures.flatten` for its whole chart. Here each step solves a
least-squares problem whose weights follow the distortion of each triangle (Rabinovich, Poranne, Panozzo and
Sorkine-Hornung, "Scalable locally injective mappings", 2017), so that the jammed triangles weigh most. A step costs
a factorisation of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.geometry.sparse_solver import factorised
from textures.distortion import Flat, Rest, State, at_rest, energies, line_search, triangle_frames

DAMPING = 1e-8
"""Of the mean diagonal: charts may move as a whole, which alone would leave the system singular."""


def strong_steps(
    corners: NDArray[np.float64],
    glued: NDArray[np.int32],
    chart: NDArray[np.int64],
    uvs: NDArray[np.float64],
    steps: int,
) -> Iterator[Flat]:
    """The charts after each step from ``uvs`` (N, 2), which must not have flipped triangles; never worse.

    ``corners`` (F, 3, 3), ``glued`` (F, 3) and ``chart`` (F,) as for :func:`textures.flatten.flatten`.
    """
    rest = at_rest(triangle_frames(corners), glued, chart)
    total = np.maximum(rest.per_chart(rest.area), 1e-300)
    jacobian = rest.jacobians(uvs)
    state = State(uvs, jacobian, rest.per_chart(rest.area * energies(jacobian)))
    for _ in range(steps):
        direction = _direction(state, rest)
        change = rest.jacobians(direction)
        step, energy = line_search(state.jacobian, change, state.energy, np.zeros(rest.charts), rest)
        state = State(
            state.uvs + step[rest.of_vertex][:, None] * direction,
            state.jacobian + step[rest.chart] * change,
            energy,
        )
        yield Flat(state.uvs, energy / total)


def proxy_weights(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the squares (s - 1)^2 of singular values s weigh, so that their gradient is that of the energy s^2 + s^-2:
    (s - s^-3) / (s - 1), written without the division."""
    return 1.0 + 1.0 / values + values**-2 + values**-3


def _direction(state: State, rest: Rest) -> NDArray[np.float64]:
    """From the places (N, 2) to those of least sum over triangles of area * |W (J - R)|^2."""
    left, values, right = np.linalg.svd(state.jacobian.transpose(2, 1, 0))
    squares = proxy_weights(np.maximum(values, 1e-9))
    metric = np.einsum("fij,fj,fkj->fik", left, squares, left) * rest.area[:, None, None]
    target = np.einsum("fab,fbi->fai", metric, left @ right)
    gradient: Any = rest.gradient
    blocks = [[gradient.T @ sparse.diags(np.tile(metric[:, a, b], 2)) @ gradient for b in (0, 1)] for a in (0, 1)]
    matrix = sparse.bmat(blocks).tocsc()
    right_side = np.concatenate([gradient.T @ np.concatenate([target[:, a, 0], target[:, a, 1]]) for a in (0, 1)])
    system = matrix + DAMPING * float(matrix.diagonal().mean()) * sparse.eye(matrix.shape[0])
    options = {"SymmetricMode": True}
    solver = factorised(system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)
    return np.asarray(solver.solve(right_side - matrix @ state.uvs.T.ravel())).reshape(2, -1).T
