# SPDX-License-Identifier: Apache-2.0
"""The contact of the lips: they meet for everybody, and where they would still pass through each other they give way.

First the seal, which is linear: *pairs* of places on the two lips' edges, found once, are brought together exactly
(:mod:`portrait_core.training.parts_template.lips`). Lips of another shape than the mean's may then lie in each other
behind the edge. So every vertex of one lip that is deeper in the other than a few hundredths of a millimetre goes back
by half of that, up or down, its neighbours with it, a few times over. Where that has drawn the edges apart again the
seal is laid once more, this time only to close.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from portrait_core.parts.arrays import Arrays, Sparse, sparse_arrays, sparse_from
from portrait_core.parts.normals import LiftedNormals, SmoothNormals

ALLOWED = 0.00004
"""Metres that a lip may be in the other one: less would open the slit again."""
ROUNDS = 7
REACH = 0.003
"""Metres beyond which two places of the lips have nothing to do with each other."""
LEAST_SLOPE = 0.4
"""Least upward part of a normal that is reckoned with."""
LEAF = 32
"""Vertices of a lip that are looked through one after another."""
FARTHEST = 0.0012
"""Metres that a vertex gives way at most: some deep in the mouth's corners never get free, and would run away."""
SPREAD = 0.8
"""Share of their mean that the neighbours of a vertex pass on to it."""


@dataclass(frozen=True, eq=False)
class LipContact:
    """Over the V1 vertices of the skin's level 1.

    Attributes:
        amounts: (J, V1) of the heights give how much of each of ``fields`` (V1, J) closes all pairs. Fields lead the
            upper lip up and the lower one down: amounts below zero close, those above draw apart.
        overlaps: (J,) how much more.
        limits: (J,) how much of a field a seal takes at most, metres: little beside the corners, where a lip that
            moved far would fold.
        upper, lower: vertices of the two lips' facing sides.
    """

    amounts: Sparse
    fields: Sparse
    overlaps: NDArray[np.float64]
    limits: NDArray[np.float64]
    upper: NDArray[np.int64]
    lower: NDArray[np.int64]

    def sealed(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """(V1, 3) with the lips' edges together, of places (V1, 3): all that a small picture shows of contact."""
        result = places.copy()
        amounts = self.amounts @ places[:, 1] + self.overlaps
        result[:, 1] += self.fields @ np.clip(amounts, -self.limits, self.limits)
        return result

    def closed(self, places: NDArray[np.float64], prepared: Facing) -> NDArray[np.float64]:
        """(V1, 3) with the lips in contact, of places (V1, 3); ``prepared`` by :meth:`prepare`."""
        result = self.sealed(places)
        result[prepared.vertices] = self.given_way(result[prepared.vertices], prepared)
        return self.resealed(result)

    def resealed(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """(V1, 3) with edges that have come apart closed once more; what overlaps stays as it is."""
        result = places.copy()
        amounts = self.amounts @ places[:, 1] + self.overlaps
        result[:, 1] += self.fields @ np.clip(amounts, -self.limits, 0)
        return result

    def given_way(self, own: NDArray[np.float64], prepared: Facing) -> NDArray[np.float64]:
        """(N, 3) the surface around the lips where no vertex is deep in the other lip; ``own`` (N, 3) as sealed."""
        heights = own[:, 1].copy()
        low, high = heights - FARTHEST, heights + FARTHEST
        upper, lower = prepared.upper, prepared.lower
        sides = [_Across.of(own, *lips) for lips in ((upper, lower), (lower, upper))]
        normals_at = LiftedNormals(prepared.normals, own)
        for _ in range(ROUNDS):
            normals = normals_at(heights)
            up, down = (side.depth(heights, normals) for side in sides)
            if not bool(up.any() or down.any()):
                break
            push = np.zeros(len(own))
            push[sides[0].mine] = up
            push[sides[1].mine] -= down
            heights = np.clip(heights + prepared.spread(push), low, high)
        result = own.copy()
        result[:, 1] = heights
        return result

    def prepare(self, quads: NDArray[np.int64], count: int) -> Facing:
        """What the contact needs of a mesh of ``quads`` and ``count`` vertices, the same for everybody."""
        facing = np.zeros(count, np.bool_)
        facing[self.upper] = facing[self.lower] = True
        near = quads[facing[quads].any(axis=1)]
        vertices = np.unique(near)
        place = np.full(count, -1)
        place[vertices] = np.arange(len(vertices))
        own, size = place[near], len(vertices)
        means = _means(own, facing[vertices], size)
        return Facing(vertices, SmoothNormals.of(own, size), means, place[self.upper], place[self.lower])

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        plain = {
            "overlaps": self.overlaps,
            "limits": self.limits,
            "upper": self.upper.astype(np.int16),
            "lower": self.lower.astype(np.int16),
        }
        return plain | sparse_arrays("amounts", self.amounts) | sparse_arrays("fields", self.fields)

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> LipContact:
        return cls(
            amounts=sparse_from(arrays, "amounts"),
            fields=sparse_from(arrays, "fields"),
            overlaps=arrays["overlaps"].astype(np.float64),
            limits=arrays["limits"].astype(np.float64),
            upper=arrays["upper"].astype(np.int64),
            lower=arrays["lower"].astype(np.int64),
        )


@dataclass(frozen=True, eq=False)
class Facing:
    """The surface around the lips: its ``vertices`` (N,) of level 1, and over those what is summed over neighbours and
    the vertices of the two lips."""

    vertices: NDArray[np.int64]
    normals: SmoothNormals
    means: Sparse
    upper: NDArray[np.int64]
    lower: NDArray[np.int64]

    def spread(self, push: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pushes (N,) passed on to the neighbours, so that no vertex goes alone."""
        both = np.stack([np.maximum(push, 0), np.maximum(-push, 0)], axis=1)
        for _ in range(2):
            both = np.maximum(both, SPREAD * np.asarray(self.means @ both))
        return both[:, 0] - both[:, 1]


def _means(quads: NDArray[np.int64], own: NDArray[np.bool_], count: int) -> Sparse:
    """(N, N) the mean over a vertex's neighbours, for the vertices ``own`` (N,)."""
    ends = np.stack([quads, np.roll(quads, -1, axis=1)], -1).reshape(-1, 2)
    edges = np.unique(np.sort(ends, axis=1), axis=0)
    both = np.concatenate([edges, edges[:, ::-1]])
    both = both[own[both].all(axis=1)]
    degree = np.maximum(np.bincount(both[:, 0], minlength=count), 1)
    return sparse.csr_matrix((1 / degree[both[:, 0]], (both[:, 0], both[:, 1])), (count, count))


@dataclass(frozen=True, eq=False)
class _Across:
    """P vertices ``mine`` of a lip that have the other one near, the vertex of it that is nearest, ``other``, and how
    far the first lie ``aside`` and ``ahead`` of the second, which no push changes."""

    mine: NDArray[np.int64]
    other: NDArray[np.int64]
    aside: NDArray[np.float64]
    ahead: NDArray[np.float64]

    @classmethod
    def of(cls, places: NDArray[np.float64], own: NDArray[np.int64], other: NDArray[np.int64]) -> _Across:
        """Of the vertices ``own`` and ``other`` among ``places`` (N, 3)."""
        tree: Any = cKDTree(places[other], leafsize=LEAF)
        away, nearest = tree.query(places[own], distance_upper_bound=REACH)
        index = np.flatnonzero(np.isfinite(away))
        mine, across = own[index], other[nearest[index]]
        apart = places[mine] - places[across]
        return cls(mine, across, apart[:, 0].copy(), apart[:, 2].copy())

    def depth(self, heights: NDArray[np.float64], normals: NDArray[np.float64]) -> NDArray[np.float64]:
        """(P,) half of how far each has to go up or down to be no deeper in the other lip than allowed; ``normals``
        (3, N)."""
        facing = normals[:, self.other]
        apart = heights[self.mine] - heights[self.other]
        inside = -(self.aside * facing[0] + apart * facing[1] + self.ahead * facing[2]) - ALLOWED
        # A lip's outside and the bag behind it have their backs to each other: they cannot be in contact.
        inside[(inside < 0) | ((normals[:, self.mine] * facing).sum(axis=0) > 0)] = 0
        return 0.5 * inside / np.maximum(np.abs(facing[1]), LEAST_SLOPE)
