# SPDX-License-Identifier: Apache-2.0
"""The border of a person's own neckline, laid on the closed form.

Where the vertices of a border lie is known for a grid of depths and shapes; mixed between them they are up to a
millimetre off, and where the closed form has a corner between two of them the straight edge cuts it. So each person's
border slides within the cloth: along itself until a vertex lies at each corner, and across until all lie on the curve.
Both are asked on the canonical body, where the closed form is at home. What is found are shares of the border's own
vertices and of those one edge further in, and those shares hold for everybody. The hem goes along.

On a person the border is evened a little: what is a smooth curve on the canonical body gets a kink at each edge of the
skin's quads where the person stretches them unlike, and the closed form's own corners would be notches in cloth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from portrait_core.geometry.components import component_labels
from portrait_core.parts.arrays import Sparse
from portrait_core.parts.neckline import Neckline
from portrait_core.parts.person_look import PersonLook
from portrait_core.parts.skin import SkinTemplate

EYES = np.array([0.0, 0.1396, 0.1130])
"""The middle between the eyes of the canonical body, metres from the neck joint."""

FLAT, FLAT_TO = 0.055, 0.1
"""Metres aside where the rim begins to rise, and how much farther aside it rises."""
FRONT = (-0.10, -0.04)
"""Metres ahead of the eyes between which the front of a neckline begins."""

PASSED_ON = 6
"""Vertices on either side among which the way of one to its corner is shared out."""
STEPS, FARTHEST = 6, 0.004
"""How often a vertex moves across towards the curve, and how far it may come, metres."""
PROBE = 0.0001
"""Metres over which the closed form's slope is measured."""
LEAST_SLOPE = 0.2
"""A smaller slope counts as this."""

EVENED, EVENED_BY = 6, 0.0005
"""Rounds in which a border is evened along itself, and how far at most a vertex moves by it, metres: with what is left
of :data:`STEPS` it stays within a millimetre of the closed form."""
POINT = 0.010
"""Metres aside of the middle within which it is evened less and less: a pointed neckline keeps its point."""


def height_over_neckline(relative: NDArray[np.float64], depth: float, shape: float) -> NDArray[np.float64]:
    """(...) the portrait world's signed height over a neckline, metres, at canonical places (..., 3) relative to the
    eyes: the same as :func:`portrait_core.world.appearance.neckline`."""
    aside, y, z = np.abs(relative[..., 0]), relative[..., 1], relative[..., 2]
    rim = -0.158 - 0.55 * (z + 0.14) + 0.55 * np.clip(aside - FLAT, 0, FLAT_TO)
    hollow = np.clip(1 - (aside / width_of(shape)) ** (1.0 + 1.2 * shape), 0, 1)
    t = np.clip((z - FRONT[0]) / (FRONT[1] - FRONT[0]), 0, 1)
    front = t * t * (3 - 2 * t)
    return np.asarray(y - (rim - depth * hollow * front - 0.35 * depth * front), np.float64)


def width_of(shape: float) -> float:
    """Metres aside of where the front's hollow ends."""
    return 0.045 + 0.05 * shape


@dataclass(frozen=True, eq=False)
class Slide:
    """Where a border of B vertices goes: each is a mix of four of the neckline's vertices, ``corners`` (B, 4) with the
    ``shares`` (B, 4); ``along`` (B, 3) are the neckline's vertices that go with it: the border's own, the hem's two."""

    corners: NDArray[np.int64]
    shares: NDArray[np.float64]
    along: NDArray[np.int64]

    def of(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(M, W) of values (M, W) at the neckline's vertices; those of the hem move by as much as the border's."""
        result = values.copy()
        moved = np.einsum("bc,bcw->bw", self.shares, values[self.corners]) - values[self.along[:, 0]]
        for vertices in self.along.T:
            result[vertices] += moved
        return result


@dataclass(frozen=True, eq=False)
class NeckBorder:
    """The border around the neck, of B vertices in order.

    Attributes:
        neckline: whose border it is.
        inner: (B,) the neckline's vertex one edge further in, beside each of the border's.
        along: (B, 3) the neckline's vertices: the border's and the two of the hem under each.
        places, inner_places: (D, S, B, 3) of the grid on the canonical body, metres relative to the eyes.
    """

    neckline: Neckline
    inner: NDArray[np.int64]
    along: NDArray[np.int64]
    places: NDArray[np.float64]
    inner_places: NDArray[np.float64]

    @classmethod
    def of(
        cls, neckline: Neckline, quads: NDArray[np.int64], skin: SkinTemplate, canonical: NDArray[np.floating]
    ) -> NeckBorder:
        """Of a garment with these ``quads``, hemmed; ``canonical`` (V1, 3): the vertices of the skin's level 1 on the
        canonical body."""
        order, inner, hem = _around_neck(quads, neckline)
        place = np.full(int(quads.max()) + 1, -1)
        place[neckline.vertices] = np.arange(len(neckline.vertices))
        along, beside = np.concatenate([place[order][:, None], place[hem]], axis=1), place[inner]
        count = len(neckline.vertices)
        grid = count * np.arange(len(neckline.depths) * len(neckline.shapes))[:, None]
        wanted = np.concatenate([grid + along[:, 0], grid + beside], axis=1).ravel()
        rows = neckline.rows[wanted]
        used = np.unique(rows.indices)
        known = np.zeros((rows.shape[1], 3))
        known[used] = modelled_places(skin, used, canonical.astype(np.float64)) - EYES
        both = np.asarray(rows @ known).reshape(len(neckline.depths), len(neckline.shapes), 2, len(order), 3)
        return cls(neckline, beside, along, both[:, :, 0], both[:, :, 1])

    def slide(self, look: PersonLook) -> Slide:
        """How a person's border slides from where the mixed places of the grid have it."""
        depth, shape = self.neckline.held(look)
        at, inner = self._mixed(look, self.places), self._mixed(look, self.inner_places)
        count = len(at)
        to = np.arange(count) + _to_corners(at, shape)
        first = np.floor(to).astype(np.int64)
        share = (to - first)[:, None]
        one, two = first % count, (first + 1) % count
        begin = (1 - share) * at[one] + share * at[two]
        way = (1 - share) * inner[one] + share * inner[two] - begin
        length = np.sqrt(np.einsum("bi,bi->b", way, way))
        across = np.zeros(count)
        for _ in range(STEPS):
            probe = PROBE / length
            height, above, below = (
                height_over_neckline(begin + (across + step)[:, None] * way, depth, shape)
                for step in (np.zeros(count), probe, -probe)
            )
            # Cloth is below the neckline: further in is down.
            slope = np.minimum((above - below) / (2 * probe), -LEAST_SLOPE * length)
            across = np.clip(across - height / slope, -FARTHEST / length, FARTHEST / length)
        border = self.along[:, 0]
        corners = np.stack([border[one], border[two], self.inner[one], self.inner[two]], axis=1)
        near, far = np.concatenate([1 - share, share], axis=1), across[:, None]
        return Slide(corners, np.concatenate([(1 - far) * near, far * near], axis=1), self.along)

    def evened(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """(K, 3) the garment's places on a person, the border evened within the cloth."""
        order = self.neckline.vertices[self.along]
        border = places[order[:, 0]]
        even = border
        for _ in range(EVENED):
            even = 0.5 * even + 0.25 * (np.roll(even, 1, axis=0) + np.roll(even, -1, axis=0))
        across = places[self.neckline.vertices[self.inner]] - border
        along = np.roll(border, -1, axis=0) - np.roll(border, 1, axis=0)
        along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
        across -= along * (across * along).sum(axis=1, keepdims=True)
        across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
        way = ((even - border) * across).sum(axis=1) * np.clip(np.abs(border[:, 0]) / POINT, 0, 1)
        result = places.copy()
        result[order] += (np.clip(way, -EVENED_BY, EVENED_BY)[:, None] * across)[:, None]
        return result

    def _mixed(self, look: PersonLook, grid: NDArray[np.float64]) -> NDArray[np.float64]:
        """(B, 3) of the grid (D, S, B, 3)."""
        return np.sum([share * grid[depth, shape] for depth, shape, share in self.neckline.shares(look)], axis=0)


def _to_corners(at: NDArray[np.float64], shape: float) -> NDArray[np.float64]:
    """(B,) how many vertices each of a border (B, 3) goes along it, so that one lies where the closed form turns."""
    count = len(at)
    aside, following = np.abs(at[:, 0]), np.abs(np.roll(at[:, 0], -1))
    ahead = at[:, 2] > FRONT[0]
    ways: dict[int, float] = {}
    for corner, where in ((FLAT, np.ones(count, np.bool_)), (width_of(shape), ahead)):
        for edge in np.flatnonzero(((aside < corner) != (following < corner)) & where).tolist():
            place = edge + (corner - aside[edge]) / (following[edge] - aside[edge])
            # Of two corners beside one vertex, the second takes the other end of its edge.
            vertex = next(
                (v for v in sorted((edge, edge + 1), key=lambda v: abs(v - place)) if v % count not in ways), -1
            )
            if vertex >= 0:
                ways[vertex % count] = place - vertex
    result = np.zeros(count)
    for vertex, way in ways.items():
        away = _apart(np.arange(count), vertex, count)
        free = min([PASSED_ON, *(int(away[other]) for other in ways if other != vertex)])
        result += way * np.clip(1 - away / free, 0, 1)
    return result


def _apart(one: NDArray[np.int64], two: int, count: int) -> NDArray[np.int64]:
    """How many edges of a border of ``count`` lie between vertices."""
    around = (one - two) % count
    return np.minimum(around, count - around)


def _around_neck(
    quads: NDArray[np.int64], neckline: Neckline
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The garment's vertices (B,) of the highest outer border in order, those (B,) one edge further in, and the hem's
    (B, 2).

    What a hem adds are the last quads: as many for the rim, each beginning with its edge of the border turned round,
    and as many for the inner face.
    """
    count = int(quads.max()) + 1
    ends = np.sort(np.stack([quads, np.roll(quads, -1, axis=1)], -1).reshape(-1, 2), axis=1)
    uses = np.unique(ends[ends[:, 0] != ends[:, 1]], axis=0, return_counts=True)[1]
    edges = int((uses == 1).sum())
    cloth, rim, face = quads[: -2 * edges], quads[-2 * edges : -edges], quads[-edges:]
    end, begin = rim[:, 0], rim[:, 1]
    label = component_labels(count, begin, end)[begin]
    height = np.full(count, np.nan)
    height[neckline.vertices] = neckline.heights[0, 0]
    high = {each: float(height[begin[label == each]].mean()) for each in np.unique(label).tolist()}
    chosen = np.flatnonzero(label == max(high, key=lambda each: -np.inf if np.isnan(high[each]) else high[each]))
    row = dict(zip(begin[chosen].tolist(), chosen.tolist(), strict=True))
    order = [int(begin[chosen[0]])]
    while (after := int(end[row[order[-1]]])) != order[0]:
        order.append(after)
    rows = np.asarray([row[each] for each in order])
    border = np.isin(np.arange(count), order)
    sides = np.stack([cloth, np.roll(cloth, -1, axis=1)], -1).reshape(-1, 2)
    sides = np.concatenate([sides, sides[:, ::-1]])
    beside = dict(sides[border[sides[:, 0]] & ~border[sides[:, 1]]].tolist())
    return np.asarray(order), np.asarray([beside[each] for each in order]), np.stack([rim[rows, 2], face[rows, 2]], 1)


def modelled_places(
    skin: SkinTemplate, controls: NDArray[np.int64], subdivided: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(N, 3) where ``controls`` (N,) of a skin lie whose level 1 has these places (V1, 3) without its adjustments:
    subdivision taken back, around those controls alone."""
    matrix: Sparse = skin.fine.matrix
    place = np.full(int(skin.vertices.max()) + 1, -1)
    place[skin.vertices] = np.arange(len(skin.vertices))
    own = place[controls]
    near = np.zeros(matrix.shape[1], np.bool_)
    near[own] = True
    size = abs(matrix)
    near |= np.asarray(size[size @ near.astype(np.float64) > 0].sum(axis=0)).ravel() > 0
    columns, rows = np.flatnonzero(near), np.flatnonzero(size @ (~near).astype(np.float64) == 0)
    part = sparse.csc_matrix(matrix[rows][:, columns])
    found = splu(sparse.csc_matrix(part.T @ part)).solve(np.asarray(part.T @ subdivided[rows], np.float64))
    return np.asarray(found[np.searchsorted(columns, own)], np.float64)
