# SPDX-License-Identifier: Apache-2.0
"""How much charts are distorted: triangles in their own planes, their Jacobians, and the symmetric Dirichlet energy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

LEAST_HEIGHT = 0.05
"""A needle counts as if it were this high, in lengths of its longest edge; its own shape does not matter."""

LEAST_WEIGHT = 0.05
"""Of a triangle of mean area, what even the smallest counts: else it costs nothing to squeeze it to a line."""

LEAST_AREA = 1e-9
"""A triangle below this share of its area has infinite energy."""

BACKTRACKS = 8


@dataclass(frozen=True)
class Flat:
    """Charts in the plane: ``uvs`` (N, 2) float64 in the unit of the surface, ``energy`` (C,): 4 is an isometry."""

    uvs: NDArray[np.float64]
    energy: NDArray[np.float64]


@dataclass(frozen=True)
class Rest:
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
class State:
    """Places (N, 2), the Jacobians (2, 2, F) that they give, and the energy (C,) of each chart, not yet divided."""

    uvs: NDArray[np.float64]
    jacobian: NDArray[np.float64]
    energy: NDArray[np.float64]


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


def at_rest(frames: NDArray[np.float64], glued: NDArray[np.int32], chart: NDArray[np.int64]) -> Rest:
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
    return Rest(gradient, area, chart, of_vertex, int(chart.max()) + 1)


def _square_and_area(jacobian: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """|J|^2 and det J of each triangle, from (2, 2, F)."""
    (a, b), (c, d) = jacobian
    return a * a + b * b + c * c + d * d, a * d - b * c


def energies(jacobian: NDArray[np.float64]) -> NDArray[np.float64]:
    """|J|^2 + |1/J|^2 of each triangle, infinite for one that is flat or turned over."""
    square, area = _square_and_area(jacobian)
    good = area > LEAST_AREA
    return np.where(good, square * (1.0 + 1.0 / np.where(good, area, 1.0) ** 2), np.inf)


def stresses(jacobian: NDArray[np.float64]) -> NDArray[np.float64]:
    """The derivative of the energy by J: (2, 2, F)."""
    (a, b), (c, d) = jacobian
    square, area = _square_and_area(jacobian)
    area = np.maximum(area, LEAST_AREA)
    turned = np.stack([np.stack([d, -c]), np.stack([-b, a])])
    return 2 * (1 + area**-2) * jacobian - 2 * square * area**-3 * turned


def longest_step(jacobian: NDArray[np.float64], change: NDArray[np.float64]) -> NDArray[np.float64]:
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


def line_search(
    jacobian: NDArray[np.float64],
    change: NDArray[np.float64],
    begin: NDArray[np.float64],
    gain: NDArray[np.float64],
    rest: Rest,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each chart how far to go (C,), without a flip and to a lower energy, else 0; and the energies there (C,)."""
    step = np.minimum(1.0, 0.9 * rest.least(longest_step(jacobian, change)))
    energy = begin.copy()
    chart, area = rest.chart, rest.area
    asked = np.ones(rest.charts, np.bool_)
    for _ in range(BACKTRACKS):
        reached = np.bincount(chart, weights=area * energies(jacobian + step[chart] * change), minlength=rest.charts)
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
