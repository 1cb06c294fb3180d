# SPDX-License-Identifier: Apache-2.0
"""A coarser level that shares its finer one's atlas: collapses that keep vertices, charts and seams.

Vertices only ever move onto a neighbour of theirs, so what is left is a subset of the finer level's
vertices with their places in the texture, their skin weights, all as they were. A vertex inside a chart may
go to any neighbour; one on a seam only along the seam, on both sides together; seam ends and crossings
stay. Collapses go in rounds, the cheapest first by quadric error (Garland and Heckbert 1997, "Surface
simplification using quadric error metrics"); those of one round do not touch each other's faces.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.errors import UsageError
from portrait_core.geometry.half_edges import after, ends, starts, twins
from portrait_core.geometry.surface import face_cross

SHARE = 0.25
"""The part of the possible collapses that one round looks at: a small one keeps the order of cost."""
TURN = 0.2
"""Cosine below which a face would turn too far by one collapse."""
LEAST_UV = 0.02
"""Share of its area in the texture that a face must keep of what it would have at the map's common scale."""


@dataclass(frozen=True)
class SharedLevel:
    """``kept`` (Vk,) int32 names vertices of the finer level, ``faces`` (F, 3) int32 name places in ``kept``."""

    kept: NDArray[np.int32]
    faces: NDArray[np.int32]


def decimate_seams(
    vertices: NDArray[np.float32],
    faces: NDArray[np.int32],
    uvs: NDArray[np.float32],
    vertex_map: NDArray[np.int32],
    target: int,
    *,
    focus: tuple[NDArray[np.floating], float] | None = None,
    uv_slack: float = 1.5 / 1024,
) -> SharedLevel:
    """At most ``target`` faces of a mesh that is cut along its seams, or as few as its seams allow.

    ``vertices`` (Vn, 3) metres, ``faces`` (F, 3) and ``uvs`` (Vn, 2) of the cut mesh, ``vertex_map`` (Vn,)
    names the welded vertex of each, and the welded mesh is a closed manifold. A chart's border moves by at
    most ``uv_slack`` (in uvs; stay within the map's padding). Near ``focus`` errors weigh more. Raises
    ``UsageError`` for a mesh that is not closed.
    """
    work = _Work(vertices, faces.astype(np.int64), uvs, vertex_map.astype(np.int64), focus, uv_slack)
    while len(work.faces) > target:
        if work.round(-(-(len(work.faces) - target) // 2)) == 0:
            break
    kept = np.unique(work.faces)
    return SharedLevel(kept.astype(np.int32), np.searchsorted(kept, work.faces).astype(np.int32))


class _Work:
    """The mesh while it shrinks: the cut faces, and a quadric and the way travelled in the texture per vertex."""

    def __init__(
        self,
        vertices: NDArray[np.float32],
        faces: NDArray[np.int64],
        uvs: NDArray[np.float32],
        welded: NDArray[np.int64],
        focus: tuple[NDArray[np.floating], float] | None,
        uv_slack: float,
    ) -> None:
        self.faces, self.uvs, self.welded, self.slack = faces, uvs.astype(np.float64), welded, uv_slack
        count = int(welded.max()) + 1
        self.place = np.zeros((count, 3))
        self.place[welded] = vertices
        self.weight = np.ones(count)
        if focus is not None:
            away = np.linalg.norm(self.place - np.asarray(focus[0], np.float64), axis=1) / focus[1]
            self.weight = 1.0 / (1.0 + away**2)  # the square of asinh's slope: errors are squares as well
        self.quadric = _quadrics(self.place, welded[faces])
        self.drift = np.zeros(len(welded))

    def round(self, wanted: int) -> int:
        """One set of collapses that do not touch each other; how many they were."""
        corners = self.welded[self.faces]
        count = len(self.place)
        other = twins(corners, count)
        if other is None:
            raise UsageError("decimate_seams needs a closed surface; make the avatar with its cap closed.")
        begin, end = starts(corners).astype(np.int64), ends(corners).astype(np.int64)
        cut_begin = self.faces.ravel()
        cut_end = cut_begin[after(np.arange(len(begin)))]
        # The same two vertices as the face on the other side has them.
        twin_begin, twin_end = cut_end[other], cut_begin[other]
        seam = (cut_begin != twin_begin) | (cut_end != twin_end)
        movable = self._movable(begin, seam, count)
        on_seam = np.bincount(begin, seam, minlength=count) > 0
        allowed = movable[begin] & (seam | ~on_seam[begin])
        allowed &= _common(begin, end, count) == 2
        shift = self._border_shift(begin, cut_begin, cut_end, twin_begin, twin_end, seam)
        allowed &= shift <= self.slack
        half = np.flatnonzero(allowed)
        cost = self._cost(begin[half], end[half])
        rank = np.argsort(cost, kind="stable")
        # The cheapest way of each vertex first; a part of them, so that no dear one is taken before a cheap one.
        most = max(64, int(SHARE * 6 * max(len(np.unique(begin[half])), 1)))
        chosen = np.zeros(0, np.int64)
        for some in (half[rank[:most]], half[rank]):
            good = self._unfolded(some, corners, begin, end, cut_begin, cut_end, twin_begin, twin_end)
            chosen = _independent(some[good], begin, end, count)[:wanted]
            if len(chosen):
                break
        if len(chosen) == 0:
            return 0
        goes = np.arange(len(self.welded))
        goes[cut_begin[chosen]] = cut_end[chosen]
        goes[twin_begin[chosen]] = twin_end[chosen]
        np.maximum.at(self.drift, cut_end[chosen], shift[chosen])
        np.maximum.at(self.drift, twin_end[chosen], shift[chosen])
        self.quadric[end[chosen]] += self.quadric[begin[chosen]]
        faces = goes[self.faces]
        weld = self.welded[faces]
        same = (weld[:, 0] == weld[:, 1]) | (weld[:, 1] == weld[:, 2]) | (weld[:, 2] == weld[:, 0])
        self.faces = faces[~same]
        return len(chosen)

    def _movable(self, begin: NDArray[np.int64], seam: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
        """Vertices with one copy and no seam, or with two copies and two ways on along one seam."""
        used = np.unique(self.faces)
        copies = np.bincount(self.welded[used], minlength=count)
        ways = np.bincount(begin, seam, minlength=count)
        return ((copies == 1) & (ways == 0)) | ((copies == 2) & (ways == 2))

    def _border_shift(
        self,
        begin: NDArray[np.int64],
        cut_begin: NDArray[np.int64],
        cut_end: NDArray[np.int64],
        twin_begin: NDArray[np.int64],
        twin_end: NDArray[np.int64],
        seam: NDArray[np.bool_],
    ) -> NDArray[np.float64]:
        """How far (in uvs) a chart's border moves when a seam vertex goes along each half-edge, on the worse side."""
        shift = np.zeros(len(begin))
        index = np.flatnonzero(seam)
        # The vertex before it along the seam is the end of its other seam half-edge.
        order = index[np.argsort(begin[index], kind="stable")]
        first = np.searchsorted(begin[order], begin[index], side="left")
        last = np.searchsorted(begin[order], begin[index], side="right")
        pair = last - first == 2
        index, first = index[pair], first[pair]
        beyond = np.where(order[first] == index, order[first + 1], order[first])
        for own, ahead in ((cut_begin, cut_end), (twin_begin, twin_end)):
            # On this side the other half-edge shows the same copy of the vertex in its own face or in its twin's.
            match = cut_begin[beyond] == own[index]
            behind = np.where(match, cut_end[beyond], twin_end[beyond])
            a, b, p = self.uvs[behind], self.uvs[ahead[index]], self.uvs[own[index]]
            along = b - a
            share = np.einsum("ij,ij->i", p - a, along) / np.maximum(np.einsum("ij,ij->i", along, along), 1e-18)
            off = np.linalg.norm(p - (a + np.clip(share, 0, 1)[:, None] * along), axis=1)
            off += np.maximum(self.drift[own[index]], self.drift[ahead[index]])
            shift[index] = np.maximum(shift[index], off)
        return shift

    def _cost(self, begin: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.float64]:
        """Weighted squared error of each collapse, with a small share of the length, which settles flat regions."""
        point = np.concatenate([self.place[end], np.ones((len(end), 1))], axis=1)
        total = self.quadric[begin] + self.quadric[end]
        error = np.maximum(np.einsum("ni,nij,nj->n", point, total, point), 0.0)
        length = ((self.place[begin] - self.place[end]) ** 2).sum(axis=1)
        return self.weight[begin] * (error + 1e-4 * length**2)

    def _unfolded(
        self,
        half: NDArray[np.int64],
        corners: NDArray[np.int64],
        begin: NDArray[np.int64],
        end: NDArray[np.int64],
        cut_begin: NDArray[np.int64],
        cut_end: NDArray[np.int64],
        twin_begin: NDArray[np.int64],
        twin_end: NDArray[np.int64],
    ) -> NDArray[np.bool_]:
        """Whether the faces around stay the right way round, in space and in the texture."""
        # Pairs of a candidate and a face corner at its vertex.
        by_vertex = np.argsort(begin, kind="stable")
        offset = np.searchsorted(begin[by_vertex], np.arange(len(self.place) + 1))
        degree = (offset[1:] - offset[:-1])[begin[half]]
        which = np.repeat(np.arange(len(half)), degree)
        inside = np.arange(len(which)) - np.repeat(np.cumsum(degree) - degree, degree)
        corner = by_vertex[offset[begin[half]][which] + inside]
        face, slot, candidate = corner // 3, corner % 3, half[which]
        stays = (corners[face] != end[candidate][:, None]).all(axis=1)
        face, slot, candidate, which = face[stays], slot[stays], candidate[stays], which[stays]
        rows = np.arange(len(face))
        moved = corners[face].copy()
        moved[rows, slot] = end[candidate]
        was, now = face_cross(self.place, corners[face]), face_cross(self.place, moved)
        size = np.linalg.norm(was, axis=1) * np.linalg.norm(now, axis=1)
        good = (np.einsum("ij,ij->i", was, now) > TURN * size) & (np.linalg.norm(now, axis=1) > 2e-11)
        flat = self.faces[face].copy()
        copy = flat[rows, slot]
        flat[rows, slot] = np.where(copy == cut_begin[candidate], cut_end[candidate], twin_end[candidate])
        before, later = _signed(self.uvs[self.faces[face]]), _signed(self.uvs[flat])
        good &= later * np.sign(before) > LEAST_UV * np.abs(before)
        return np.bincount(which, ~good, minlength=len(half)) == 0


def _signed(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) twice the signed area of triangles (N, 3, 2)."""
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]


def _quadrics(place: NDArray[np.float64], faces: NDArray[np.int64]) -> NDArray[np.float64]:
    """(V, 4, 4) sum over the faces around a vertex of the squared distance from their planes, weighted by area."""
    cross = face_cross(place, faces)
    size = np.linalg.norm(cross, axis=1, keepdims=True)
    normal = cross / np.maximum(size, 1e-20)
    plane = np.concatenate([normal, -np.einsum("ij,ij->i", normal, place[faces[:, 0]])[:, None]], axis=1)
    each = size[:, :, None] / 6.0 * plane[:, :, None] * plane[:, None, :]
    total = np.zeros((len(place), 4, 4))
    for row in range(4):
        for column in range(4):
            for corner in range(3):
                total[:, row, column] += np.bincount(faces[:, corner], each[:, row, column], minlength=len(place))
    return total


def _common(begin: NDArray[np.int64], end: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """(H,) number of vertices next to both ends of each half-edge: two, or the collapse would pinch the surface."""
    link = sparse.coo_matrix((np.ones(len(begin), np.int32), (begin, end)), shape=(count, count)).tocsr()
    ways = (link @ link).multiply(link).tocsr()
    return np.asarray(ways[begin, end]).ravel().astype(np.int64)


def _independent(
    half: NDArray[np.int64], begin: NDArray[np.int64], end: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """Half-edges, cheapest first, of which no two have a common vertex around the vertices that go."""
    _, first = np.unique(begin[half], return_index=True)
    half = half[np.sort(first)]  # one way for each vertex, still in the order of cost
    rank = np.full(count, len(half), np.int64)
    rank[begin[half]] = np.arange(len(half))
    # A vertex belongs to the cheapest collapse among itself and its neighbours.
    owner = rank.copy()
    np.minimum.at(owner, end, rank[begin])
    ring_min = owner.copy()
    np.minimum.at(ring_min, begin, owner[end])
    return half[ring_min[begin[half]] == rank[begin[half]]]
