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
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse.linalg as _linalg
from numpy.typing import NDArray

from textures.topology import border_loops, sparse

_linalg_any: Any = _linalg

LEAST_HEIGHT = 0.05
"""A needle counts as if it were this high, in lengths of its longest edge; its own shape does not matter."""

LEAST_WEIGHT = 0.05
"""Of a triangle of mean area, what even the smallest counts: else it costs nothing to squeeze it to a line."""

LEAST_AREA = 1e-9
"""A triangle below this share of its area has infinite energy."""

RIGID_STEPS = 20
MOMENTUM = 0.8
BACKTRACKS = 8
GRADIENT_FACTOR = 1e-4
"""Of the expected gain, what a step must bring at least (Armijo)."""


@dataclass(frozen=True)
class Flat:
    """Charts in the plane: ``uvs`` (N, 2) float64 in the unit of the surface, ``energy`` (C,): 4 is an isometry."""

    uvs: NDArray[np.float64]
    energy: NDArray[np.float64]


@dataclass(frozen=True)
class _Rest:
    """What does not change while the charts move: ``gradient`` (2 F, N) maps places to Jacobians, ``area`` (F,)."""

    gradient: Any
    area: NDArray[np.float64]
    chart: NDArray[np.int64]
    of_vertex: NDArray[np.int64]
    charts: int

    def jacobians(self, uvs: NDArray[np.float64]) -> NDArray[np.float64]:
        """(2, 2, F): [i, j] is the derivative of coordinate j along axis i of the triangle's own frame."""
        places: NDArray[np.float64] = np.asarray(self.gradient @ uvs, np.float64).reshape(2, -1, 2)
        return np.ascontiguousarray(places.transpose(0, 2, 1))

    def least(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The least of a value (F,) in each chart."""
        result = np.full(self.charts, np.inf)
        np.minimum.at(result, self.chart, values)
        return result

    def per_chart(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sums of a value (F,) over each chart."""
        return np.asarray(np.bincount(self.chart, weights=values, minlength=self.charts), np.float64)


@dataclass(frozen=True)
class _State:
    """Places (N, 2), the Jacobians (2, 2, F) that they give, and the energy (C,) of each chart, not yet divided."""

    uvs: NDArray[np.float64]
    jacobian: NDArray[np.float64]
    energy: NDArray[np.float64]


def flatten(
    corners: NDArray[np.float64], glued: NDArray[np.int32], chart: NDArray[np.int64], *, iterations: int = 32
) -> Flat:
    """Lay each chart flat, free of flips; it keeps its size as well as its shape allows.

    ``corners`` (F, 3, 3) places of the triangles' corners, ``glued`` (F, 3) their vertices (0 to N - 1), ``chart`` (F,)
    from 0. Every chart must be a disc. The border of a chart may still cross itself: see
    :func:`textures.crossings.overlapping`.
    """
    return flattenings(corners, glued, chart, (iterations,))[iterations]


def flattenings(
    corners: NDArray[np.float64], glued: NDArray[np.int32], chart: NDArray[np.int64], stops: Collection[int]
) -> dict[int, Flat]:
    """As :func:`flatten`, after each of several numbers of steps; costs no more than the greatest of them."""
    frames = triangle_frames(corners)
    rest = _rest(frames, glued, chart)
    uvs = tutte(corners, glued, rest.of_vertex)
    area = np.abs(_signed_areas(uvs[glued]))
    size = np.sqrt(rest.per_chart(rest.area) / np.maximum(rest.per_chart(area), 1e-300))
    return _descend(uvs * size[rest.of_vertex][:, None], rest, stops)


def triangle_frames(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each triangle in its own plane: (F, 3, 2), first corner at the origin, longest edge kept, positive area."""
    edges = np.roll(corners, -1, axis=1) - corners
    length = np.linalg.norm(edges, axis=2)
    longest = length.argmax(axis=1)
    rows = np.arange(len(corners))
    base = length[rows, longest]
    along = edges[rows, longest] / np.maximum(base, 1e-300)[:, None]
    base = np.maximum(base, LEAST_HEIGHT * float(base.mean()) + 1e-300)
    other = corners[rows, (longest + 2) % 3] - corners[rows, longest]
    x = np.einsum("fi,fi->f", other, along)
    height = np.linalg.norm(other - x[:, None] * along, axis=1)
    height = np.maximum(height, LEAST_HEIGHT * base)
    flat = np.zeros((len(corners), 3, 2))
    flat[rows, (longest + 1) % 3, 0] = base
    flat[rows, (longest + 2) % 3] = np.stack([np.clip(x, 0, base), height], axis=1)
    return flat - flat[:, :1]


def stretches(corners: NDArray[np.float64], flat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Singular values of each triangle's map from the surface to ``flat`` (F, 3, 2): (F, 2), the greater first."""
    frames = triangle_frames(corners)
    shape = np.stack([frames[:, 1] - frames[:, 0], frames[:, 2] - frames[:, 0]], axis=2)
    image = np.stack([flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]], axis=2)
    return np.asarray(np.linalg.svd(image @ np.linalg.inv(shape), compute_uv=False), np.float64)


def tutte(
    corners: NDArray[np.float64], glued: NDArray[np.int32], of_vertex: NDArray[np.int64]
) -> NDArray[np.float64]:
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
    uvs[inner] = _linalg_any.splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A").solve(np.asarray(right))
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


def _rest(frames: NDArray[np.float64], glued: NDArray[np.int32], chart: NDArray[np.int64]) -> _Rest:
    shape = np.stack([frames[:, 1] - frames[:, 0], frames[:, 2] - frames[:, 0]], axis=1)  # rows: edges
    inverse = np.linalg.inv(shape)
    area = 0.5 * np.abs(np.linalg.det(shape))
    area = np.maximum(area, LEAST_WEIGHT * area.mean())
    faces, count = len(glued), int(glued.max()) + 1
    # J = inverse @ [u1 - u0; u2 - u0]
    value = np.stack([-inverse[:, :, 0] - inverse[:, :, 1], inverse[:, :, 0], inverse[:, :, 1]], axis=2)
    rows = np.broadcast_to(np.arange(faces)[:, None, None] + faces * np.arange(2)[None, :, None], value.shape)
    columns = np.broadcast_to(glued[:, None, :], value.shape)
    gradient = sparse.csr_matrix((value.ravel(), (rows.ravel(), columns.ravel())), shape=(2 * faces, count))
    of_vertex = np.zeros(count, np.int64)
    of_vertex[glued.ravel()] = np.repeat(chart, 3)
    return _Rest(gradient, area, chart, of_vertex, int(chart.max()) + 1)


def _signed_areas(flat: NDArray[np.float64]) -> NDArray[np.float64]:
    one, two = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    return 0.5 * (one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0])


def _square_and_area(jacobian: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """|J|^2 and det J of each triangle, from (2, 2, F)."""
    (a, b), (c, d) = jacobian
    return a * a + b * b + c * c + d * d, a * d - b * c


def _energy(jacobian: NDArray[np.float64]) -> NDArray[np.float64]:
    """|J|^2 + |1/J|^2 of each triangle, infinite for one that is flat or turned over."""
    square, area = _square_and_area(jacobian)
    good = area > LEAST_AREA
    return np.where(good, square * (1.0 + 1.0 / np.where(good, area, 1.0) ** 2), np.inf)


def _stress(jacobian: NDArray[np.float64]) -> NDArray[np.float64]:
    """The derivative of the energy by J: (2, 2, F)."""
    (a, b), (c, d) = jacobian
    square, area = _square_and_area(jacobian)
    area = np.maximum(area, LEAST_AREA)
    turned = np.stack([np.stack([d, -c]), np.stack([-b, a])])
    return 2 * (1 + area**-2) * jacobian - 2 * square * area**-3 * turned


def _pull(jacobian: NDArray[np.float64]) -> NDArray[np.float64]:
    """J less the rotation nearest to it: (2, 2, F)."""
    (a, b), (c, d) = jacobian
    cosine, sine = a + d, c - b
    length = np.sqrt(cosine**2 + sine**2) + 1e-300
    cosine, sine = cosine / length, sine / length
    return jacobian - np.stack([np.stack([cosine, -sine]), np.stack([sine, cosine])])


def _longest_step(jacobian: NDArray[np.float64], change: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each triangle how far J + t * change may go until its area is zero; infinite if it never is."""
    (ja, jb), (jc, jd) = jacobian
    (da, db), (dc, dd) = change
    c = ja * jd - jb * jc
    a = da * dd - db * dc
    b = ja * dd + da * jd - jb * dc - db * jc
    root = b * b - 4 * a * c
    # 2 c / (-b + sqrt) is the smallest positive root in every case that has one (c > 0).
    below = -b + np.sqrt(np.maximum(root, 0.0))
    return np.where((root >= 0) & (below > 1e-200), 2 * c / np.maximum(below, 1e-200), np.inf)


def _descend(uvs: NDArray[np.float64], rest: _Rest, stops: Collection[int]) -> dict[int, Flat]:
    """The charts after each of the numbers of steps ``stops``."""
    laplacian = rest.gradient.T @ sparse.diags(np.tile(rest.area, 2)) @ rest.gradient
    small = 1e-6 * float(laplacian.diagonal().mean())
    solver = _linalg_any.splu(
        (laplacian + small * sparse.eye(laplacian.shape[0])).tocsc(),
        permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True},
    )  # fmt: skip
    total = np.maximum(rest.per_chart(rest.area), 1e-300)
    jacobian = rest.jacobians(uvs)
    state = _State(uvs, jacobian, rest.per_chart(rest.area * _energy(jacobian)))
    before = state
    result: dict[int, Flat] = {}
    for turn in range(max(stops) + 1):
        if turn in stops:
            result[turn] = Flat(state.uvs, state.energy / total)
        if turn == max(stops):
            break
        rigid = turn < RIGID_STEPS
        start = _accelerated(state, before, rest, slack=1.05 if rigid else 1.0)
        stress = (_pull(start.jacobian) if rigid else _stress(start.jacobian)) * rest.area
        slope = np.asarray(rest.gradient.T @ stress.transpose(0, 2, 1).reshape(-1, 2))
        direction = -solver.solve(slope)
        change = rest.jacobians(direction)
        # The gain expected of a step along the pull is not known: then any descent will do.
        gain = np.zeros(rest.charts)
        if not rigid:
            gain = GRADIENT_FACTOR * rest.per_chart((stress * change).sum(axis=(0, 1)))
        step, energy = _line_search(start.jacobian, change, start.energy, gain, rest)
        # Jacobians are linear in the places: following them saves most products with the gradient.
        before, state = state, _State(
            start.uvs + step[rest.of_vertex][:, None] * direction, start.jacobian + step[rest.chart] * change, energy
        )  # fmt: skip
    return result


def _line_search(
    jacobian: NDArray[np.float64],
    change: NDArray[np.float64],
    begin: NDArray[np.float64],
    gain: NDArray[np.float64],
    rest: _Rest,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each chart how far to go (C,), without a flip and to a lower energy, else 0; and the energies there (C,)."""
    step = np.minimum(1.0, 0.9 * rest.least(_longest_step(jacobian, change)))
    energy = begin.copy()
    chart, area = rest.chart, rest.area
    asked = np.ones(rest.charts, np.bool_)
    for _ in range(BACKTRACKS):
        reached = np.bincount(
            chart, weights=area * _energy(jacobian + step[chart] * change), minlength=rest.charts
        )
        good = asked & (reached <= begin + step * gain)
        energy = np.where(good, reached, energy)
        bad = asked & ~good
        if not bool(bad.any()):
            return step, energy
        step = np.where(bad, 0.5 * step, step)
        if int(bad.sum()) < int(asked.sum()):
            again = np.flatnonzero(bad[chart])
            chart, area = chart[again], area[again]
            jacobian, change = jacobian[:, :, again], change[:, :, again]
        asked = bad
    step[asked] = 0.0
    return step, energy


def _accelerated(state: _State, before: _State, rest: _Rest, slack: float) -> _State:
    """A bit further along the last step, where that flips nothing and does not cost too much."""
    if state is before:
        return state
    change = state.jacobian - before.jacobian
    momentum = np.minimum(MOMENTUM, 0.5 * rest.least(_longest_step(state.jacobian, change)))
    jacobian = state.jacobian + momentum[rest.chart] * change
    reached = rest.per_chart(rest.area * _energy(jacobian))
    worse = ~(reached <= slack * state.energy)
    momentum[worse] = 0.0
    if bool(worse.any()):
        jacobian = state.jacobian + momentum[rest.chart] * change
    there = state.uvs + momentum[rest.of_vertex][:, None] * (state.uvs - before.uvs)
    return _State(there, jacobian, np.where(worse, state.energy, reached))
