# SPDX-License-Identifier: Apache-2.0
"""Lips that pass through each other or themselves behind where they meet, where no seal reaches, come apart.

The inside of the lips is folded together in the base mesh; on some faces its folds cross. Edges that go through faces
are looked for; where the two belong to different lips they give way to each other, where one lip crosses itself its
vertices move towards their neighbours. Nobody sees it but through an opening mouth.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.mesh_queries import Hits, MeshQueries
from portrait_core.parts.arrays import Sparse

ROUNDS = 14
ENOUGH = 0.00012
"""Metres that lips may be in each other unnoticed."""
SHOWN, HIDDEN = 0.0045, 0.0075
"""Metres behind the foremost point of the lips between which a vertex begins to be free to move."""
BACK = 0.015
"""Metres behind it where nothing is looked for any more: folds of the bag may touch."""
STEP = 0.09
"""Share of a crossing's depth that each lip gives way in a round: small, for what moves too far opens the slit."""
PASSED_ON = 0.3
"""Share of their mean that the neighbours of a vertex pass on to it."""
RELAXED = 0.5
"""Share of the way to their neighbours' mean that vertices of a lip that crosses itself go."""


@dataclass(frozen=True, eq=False)
class Untangling:
    """Over the V vertices of the skin's level 0.

    Attributes:
        faces, edges: (F, 3) of lips and mouth, and the edges (E, 2) of those.
        side: (V,) 1 for the upper lip, -1 for the lower one, 0 for neither.
        neighbours: (V, V) the mean over a vertex's edges.
    """

    faces: NDArray[np.int32]
    edges: NDArray[np.int64]
    side: NDArray[np.float64]
    neighbours: Sparse

    @classmethod
    def of(cls, faces: NDArray[np.int32], side: NDArray[np.float64], neighbours: Sparse) -> Untangling:
        ends = np.sort(np.stack([faces, np.roll(faces, -1, axis=1)], -1).reshape(-1, 2), axis=1)
        return cls(faces, np.unique(ends, axis=0).astype(np.int64), side, neighbours)

    def begin(self, places: NDArray[np.float64]) -> MeshQueries:
        """What the steps of a person share, whose vertices are at ``places`` (V, 3) at first."""
        return MeshQueries(places, self.faces)

    def step(self, places: NDArray[np.float64], scene: MeshQueries | None = None) -> NDArray[np.float64] | None:
        """How far (V, 3) vertices at ``places`` (V, 3) are to move, or None where nothing crosses; ``scene`` by
        :meth:`begin`, for the same person's places before."""
        if len(self.faces) == 0:
            return None
        behind = places[self._used, 2].max() - places[:, 2]
        edge, face, depth = self._crossings(places, behind, scene)
        if not len(edge):
            return None
        free = np.clip((behind - SHOWN) / (HIDDEN - SHOWN), 0, 1)
        ends, corners = self.edges[edge], self.faces[face].astype(np.int64)
        one, two = self.side[ends].mean(axis=1), self.side[corners].mean(axis=1)
        apart = one * two < 0
        push = np.zeros(len(places))
        for rows in (ends, corners):
            np.maximum.at(push, rows[apart].ravel(), np.repeat(STEP * depth[apart], rows.shape[1]))
        push = np.maximum(push, PASSED_ON * (self.neighbours @ push)) * np.sign(self.side)
        moved = np.zeros_like(places)
        moved[:, 1] = push * free
        own = np.unique(np.concatenate([ends[~apart].ravel(), corners[~apart].ravel()]))
        moved[own] += (RELAXED * free[own])[:, None] * (np.asarray(self.neighbours[own] @ places) - places[own])
        return moved

    @cached_property
    def _used(self) -> NDArray[np.int32]:
        """The vertices of the faces."""
        return np.unique(self.faces)

    @cached_property
    def _ends(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the edges begin (E,) and end (E,)."""
        return np.ascontiguousarray(self.edges[:, 0]), np.ascontiguousarray(self.edges[:, 1])

    def _crossings(
        self, places: NDArray[np.float64], behind: NDArray[np.float64], scene: MeshQueries | None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Edges (K,) that go through faces (K,), and how deep (K,): how far their nearer end lies beyond."""
        if scene is None:
            scene = self.begin(places)
        else:
            scene.move(places)
        one, two = self._ends
        near = np.flatnonzero(np.minimum(behind[one], behind[two]) < BACK)
        one, two = one[near], two[near]
        begin, end = places[one], places[two]
        way = end - begin
        length = np.sqrt(np.einsum("ei,ei->e", way, way))
        way = way / np.maximum(length, 1e-12)[:, None]
        ahead = 0.02 * length[:, None] * way
        # No farther than the longest edge goes.
        reach = float(length.max(initial=0.0))
        there = _met(scene.first_hits(begin + ahead, way, reach), length)
        # Back along those that meet anything: from the other end that may be another face.
        met = there[0]
        back = _met(scene.first_hits((end - ahead)[met], -way[met], reach), length[met])
        edge, face = np.concatenate([met, met[back[0]]]), np.concatenate([there[1], back[1]])
        one, two, corners = one[edge], two[edge], self.faces[face]
        other = ~((corners == one[:, None]) | (corners == two[:, None])).any(axis=1)
        a, b, c = (places[corners[:, k]] for k in range(3))
        normal = np.cross(b - a, c - a)
        normal /= np.maximum(np.sqrt(np.einsum("ei,ei->e", normal, normal)), 1e-18)[:, None]
        depth = np.minimum(*(np.abs(np.einsum("ei,ei->e", places[each] - a, normal)) for each in (one, two)))
        deep = other & (depth > ENOUGH)
        return near[edge[deep]], face[deep], depth[deep]


def _met(hits: Hits, length: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which rays (K,) of N along edges of ``length`` (N,) meet a face before the edge ends, and the faces (K,)."""
    rays = np.flatnonzero((hits.face >= 0) & (hits.distance < 0.96 * length))
    return rays, hits.face[rays].astype(np.int64)
