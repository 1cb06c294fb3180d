# SPDX-License-Identifier: Apache-2.0
"""Discs laid flat without a flipped triangle: Tutte's embedding, then descent of the symmetric Dirichlet energy.

All charts are solved at once, as blocks of one sparse system. A convex border and positive weights make the start valid
(Tutte 1963; mean value weights, Floater 2003). The energy of Smith and Schaefer (2015), area * (|J|^2 + |1/J|^2), grows
without bound before a triangle turns over, so that no accepted step flips one; its gradient is preconditioned by the
Laplacian with Nesterov's acceleration (Kovalsky, Galun and Lipman, "Accelerated quadratic proxy", 2016). The first
steps follow the pull of each triangle towards its own shape, |J - R|^2 (as rigid as possible): near a collapsed
triangle that stays bounded where the energy's own gradient drowns all others. Each step must lower the energy.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.geometry.sparse_solver import factorised
from textures.distortion import (
    Flat,
    Rest,
    State,
    at_rest,
    energies,
    line_search,
    longest_step,
    stresses,
    triangle_frames,
)
from textures.topology import border_loops

RIGID_STEPS = 20
MOMENTUM = 0.8
GRADIENT_FACTOR = 1e-4
"""Of the expected gain, what a step must bring at least (Armijo)."""


def flatten(
    corners: NDArray[np.float64], glued: NDArray[np.int32], chart: NDArray[np.int64], *, iterations: int = 32
) -> Flat:
    """Lay each chart flat, free of flips; it keeps its size as well as its shape allows.

    ``corners`` (F, 3, 3) places of the triangles' corners, ``glued`` (F, 3) their vertices (0 to N - 1), ``chart`` (F,)
    from 0. Every chart must be a disc. The border of a chart may still cross itself: see
    :func:`textures.overlaps.crossed`.
    """
    return flattenings(corners, glued, chart, (iterations,))[iterations]


def flattenings(
    corners: NDArray[np.float64], glued: NDArray[np.int32], chart: NDArray[np.int64], stops: Collection[int]
) -> dict[int, Flat]:
    """As :func:`flatten`, after each of several numbers of steps; costs no more than the greatest of them."""
    frames = triangle_frames(corners)
    rest = at_rest(frames, glued, chart)
    uvs = tutte(corners, glued, rest.of_vertex)
    area = np.abs(_signed_areas(uvs[glued]))
    size = np.sqrt(rest.per_chart(rest.area) / np.maximum(rest.per_chart(area), 1e-300))
    return _descend(uvs * size[rest.of_vertex][:, None], rest, stops)


def tutte(corners: NDArray[np.float64], glued: NDArray[np.int32], of_vertex: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each chart onto a disc of radius 1, the border by its length, the inside by mean value weights: (N, 2)."""
    count = len(of_vertex)
    place = np.zeros((count, 3))
    place[glued] = corners
    border, loop = border_loops(glued)
    uvs = np.zeros((count, 2))
    uvs[border] = _circles(place[border], loop)
    inner = np.ones(count, np.bool_)
    inner[border] = False
    if not bool(inner.any()):
        return uvs
    weights = _mean_value_weights(corners, glued, count)
    number = np.cumsum(inner) - 1
    inside = weights[inner]
    total = np.asarray(inside.sum(axis=1)).ravel()
    inside = sparse.diags(1.0 / total) @ inside
    right = inside[:, border] @ uvs[border]
    matrix = sparse.eye(int(number[-1]) + 1, format="csc") - inside[:, inner].tocsc()
    solver = factorised(matrix, permc_spec="MMD_AT_PLUS_A")
    uvs[inner] = solver.solve(np.asarray(right))
    return uvs


def _circles(place: NDArray[np.float64], loop: NDArray[np.int64]) -> NDArray[np.float64]:
    """Points in order along closed loops, onto unit circles by arc length."""
    first = np.searchsorted(loop, loop)
    end = np.searchsorted(loop, loop, side="right")
    following = np.where(np.arange(len(loop)) + 1 == end, first, np.arange(len(loop)) + 1)
    step = np.linalg.norm(place[following] - place, axis=1)
    mean = np.bincount(loop, weights=step) / np.bincount(loop)
    step = np.maximum(step, 0.02 * np.maximum(mean[loop], 1e-12))  # no two points may fall together
    before = np.cumsum(step) - step
    angle = 2 * np.pi * (before - before[first]) / np.bincount(loop, weights=step)[loop]
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _mean_value_weights(corners: NDArray[np.float64], glued: NDArray[np.int32], count: int) -> Any:
    rows: list[NDArray[Any]] = []
    columns: list[NDArray[Any]] = []
    weights: list[NDArray[np.float64]] = []
    least = 1e-3 * float(np.linalg.norm(corners[:, 1] - corners[:, 0], axis=1).mean()) + 1e-300
    for k in range(3):
        one, two = corners[:, (k + 1) % 3] - corners[:, k], corners[:, (k + 2) % 3] - corners[:, k]
        a, b = np.linalg.norm(one, axis=1), np.linalg.norm(two, axis=1)
        cosine = np.clip(np.einsum("fi,fi->f", one, two) / np.maximum(a * b, 1e-300), -1.0, 1.0)
        half = np.clip(np.sqrt((1 - cosine) / np.maximum(1 + cosine, 1e-12)), 0.02, 50.0)
        for other, length in ((1, a), (2, b)):
            rows.append(glued[:, k])
            columns.append(glued[:, (k + other) % 3])
            weights.append(half / np.maximum(length, least))
    triple = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns)))
    return sparse.csr_matrix(triple, shape=(count, count))


def _signed_areas(flat: NDArray[np.float64]) -> NDArray[np.float64]:
    one, two = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    return 0.5 * (one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0])


def _pull(jacobian: NDArray[np.float64]) -> NDArray[np.float64]:
    """J less the rotation nearest to it: (2, 2, F)."""
    (a, b), (c, d) = jacobian
    cosine, sine = a + d, c - b
    length = np.sqrt(cosine**2 + sine**2) + 1e-300
    cosine, sine = cosine / length, sine / length
    return jacobian - np.stack([np.stack([cosine, -sine]), np.stack([sine, cosine])])


def _descend(uvs: NDArray[np.float64], rest: Rest, stops: Collection[int]) -> dict[int, Flat]:
    """The charts after each of the numbers of steps ``stops``."""
    laplacian = rest.gradient.T @ sparse.diags(np.tile(rest.area, 2)) @ rest.gradient
    small = 1e-6 * float(laplacian.diagonal().mean())
    system = laplacian + small * sparse.eye(laplacian.shape[0])
    options = {"SymmetricMode": True}
    solver = factorised(system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)
    total = np.maximum(rest.per_chart(rest.area), 1e-300)
    jacobian = rest.jacobians(uvs)
    state = State(uvs, jacobian, rest.per_chart(rest.area * energies(jacobian)))
    before = state
    result: dict[int, Flat] = {}
    for turn in range(max(stops) + 1):
        if turn in stops:
            result[turn] = Flat(state.uvs, state.energy / total)
        if turn == max(stops):
            break
        rigid = turn < RIGID_STEPS
        start = _accelerated(state, before, rest, slack=1.05 if rigid else 1.0)
        stress = (_pull(start.jacobian) if rigid else stresses(start.jacobian)) * rest.area
        slope = np.asarray(rest.gradient.T @ stress.transpose(0, 2, 1).reshape(-1, 2))
        direction: NDArray[np.float64] = -solver.solve(slope)
        change = rest.jacobians(direction)
        # The gain expected of a step along the pull is not known: then any descent will do.
        gain = np.zeros(rest.charts)
        if not rigid:
            gain = GRADIENT_FACTOR * rest.per_chart((stress * change).sum(axis=(0, 1)))
        step, energy = line_search(start.jacobian, change, start.energy, gain, rest)
        # Jacobians are linear in the places: following them saves most products with the gradient.
        before, state = state, State(
            start.uvs + step[rest.of_vertex][:, None] * direction, start.jacobian + step[rest.chart] * change, energy
        )  # fmt: skip
    return result


def _accelerated(state: State, before: State, rest: Rest, slack: float) -> State:
    """A bit further along the last step, where that flips nothing and does not cost too much."""
    if state is before:
        return state
    change = state.jacobian - before.jacobian
    momentum = np.minimum(MOMENTUM, 0.5 * rest.least(longest_step(state.jacobian, change)))
    jacobian = state.jacobian + momentum[rest.chart] * change
    reached = rest.per_chart(rest.area * energies(jacobian))
    worse = ~(reached <= slack * state.energy)
    momentum[worse] = 0.0
    if bool(worse.any()):
        jacobian = state.jacobian + momentum[rest.chart] * change
    there = state.uvs + momentum[rest.of_vertex][:, None] * (state.uvs - before.uvs)
    return State(there, jacobian, np.where(worse, state.energy, reached))
