# SPDX-License-Identifier: Apache-2.0
"""Builds necklines that follow the world's closed form: a shirt's vertices slide over the body until its border lies on
the curve, for a grid of depths and shapes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import dijkstra
from scipy.sparse.linalg import splu

from portrait_core.geometry.components import component_labels
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.geometry.normals import vertex_normals
from portrait_core.geometry.subdivision import catmull_clark
from portrait_core.parts.controls import Controls
from portrait_core.parts.neckline import Neckline
from portrait_core.training.parts_template.crop import crop
from portrait_core.training.parts_template.garment_cut import within
from portrait_core.training.parts_template.hair_shaping import smoothstep
from portrait_core.training.parts_template.hem import Hemmed, hemmed, open_edges
from portrait_core.training.parts_template.neck_curve import along, height_over_neckline, neck_curve
from portrait_core.training.parts_template.piece import Piece
from portrait_core.training.parts_template.proxy_mesh import Proxy, over_controls
from portrait_core.training.parts_template.whole_mesh import BODY
from portrait_core.training.parts_template.worn import Mannequin, halves

DEPTHS = (0.006, 0.019, 0.031, 0.044)
SHAPES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""The grid: metres, and the world's shape from pointed to round. The world has deeper ones, which would leave no cloth
between them and where the bust ends."""

stack: Any = partial(sparse.vstack, format="csr")

MOVED = 0.0015
"""What no neckline moves farther stays where it is, metres."""

CLOSE, LESS_CLOSE = 0.0016, 0.0036
"""Metres between the skin and the outer face of the cloth, at the border and a little off it."""

STEPS, LONGEST, LEAST = 12, 0.004, 0.35
"""How often a vertex of the border is moved onto the curve, and how far at once, metres; a smaller slope than the last
counts as that."""

ALONG, EVENED = 0.007, 4
"""Metres of cloth that keep their width beside the border wherever it goes; rounds in which shares are smoothed."""

IN_ORDER, NEARLY = 0.75, 0.0001
"""Of a vertex's height over the bust's cut, were all pushed together as under the neckline's deepest place, how much it
keeps at least; metres that do not count."""

TIGHT = (0.004, 0.05)
"""Metres from the border between which cloth gets as loose as modelled."""

SLOPE = 0.0005
"""Metres over which the closed form's slope is measured."""


@dataclass(frozen=True, eq=False)
class Slid:
    """A piece with another neckline: ``rows`` (K, N) on the skin, ``places`` (K, 3) on the mannequin, ``canonical``
    (K, 3) on the canonical body."""

    rows: Any
    places: NDArray[np.float64]
    canonical: NDArray[np.float64]


def neck_border(piece: Piece) -> NDArray[np.int64]:
    """The vertices of the highest open border, in order around it."""
    begin, end, _ = open_edges(piece.quads)
    label = component_labels(len(piece.places), begin, end)
    loops = [
        np.unique(np.r_[begin[label[begin] == each], end[label[begin] == each]]) for each in np.unique(label[begin])
    ]
    highest = max(loops, key=lambda loop: float(piece.canonical[loop, 1].mean()))
    following = dict(zip(begin.tolist(), end.tolist(), strict=True))
    order = [int(highest[0])]
    while (after := following[order[-1]]) != order[0]:
        order.append(after)
    return np.asarray(order)


def finer_border(piece: Piece) -> Piece:
    """The piece with three edges for each of its highest open border, and four quads for each quad there."""
    border = neck_border(piece)
    begin, _, own = open_edges(piece.quads)
    own = own[np.isin(begin, border)]
    rows, sides = own // 4, own % 4
    finer: list[tuple[NDArray[np.int64], Any]] = []
    for polygons in (piece.quads, piece.corners):
        count = int(polygons.max()) + 1
        a, b, c, d = (polygons[rows, (sides + k) % 4] for k in range(4))
        p, q, r, s = (count + len(rows) * k + np.arange(len(rows)) for k in range(4))
        parts = [np.stack(each, 1) for each in ((a, p, r, d), (p, q, s, r), (q, b, c, s), (d, r, s, c))]
        weights = np.array([[2, 1, 0, 0], [1, 2, 0, 0], [1, 0.5, 0.5, 1], [0.5, 1, 1, 0.5]]) / 3
        new = np.concatenate([p, q, r, s]) - count
        mix = sparse.csr_matrix(
            (
                np.repeat(weights, len(rows), axis=0).ravel(),
                (np.repeat(new, 4), np.tile(np.stack([a, b, c, d], 1), (4, 1)).ravel()),
            ),
            (len(new), count),
        )
        kept = np.delete(polygons, rows, axis=0)
        finer.append((np.concatenate([kept, *parts]), stack([sparse.identity(count, format="csr"), mix])))
    (quads, places), (corners, uvs) = finer
    return Piece(
        rows=sparse.csr_matrix(places @ piece.rows),
        places=np.asarray(places @ piece.places),
        canonical=np.asarray(places @ piece.canonical),
        quads=quads,
        corners=corners,
        uvs=np.asarray(uvs @ piece.uvs.astype(np.float64)).astype(np.float32),
    )


class Slides:
    """A piece's vertices on the skin of the ``mannequin``, ready to be slid."""

    def __init__(self, piece: Piece, mannequin: Mannequin) -> None:
        self.piece, self.mannequin = piece, mannequin
        # No farther down than the bust goes: what is below is no control.
        self._triangles = halves(mannequin.mesh.quads[crop(mannequin.mesh).quads]).astype(np.int32)
        self._skin = MeshQueries(mannequin.mesh.neutral.astype(np.float32), self._triangles)
        self._normals = vertex_normals(mannequin.mesh.neutral.astype(np.float32), mannequin.triangles)
        self._foot = self._on_skin(piece.canonical)
        mean = np.asarray(self._foot[0] @ mannequin.places)
        self._away = piece.places - mean
        self._height = (self._away * self._mean_normals(self._foot[0])).sum(axis=1)
        self._border = neck_border(piece)
        self._near, self._whole, self._along = self._shares()
        harmonic, self._ends = self._harmonic()
        self._spread = harmonic * (self._along / np.maximum(harmonic.sum(axis=1), 1e-9))[:, None]

    @cached_property
    def every(self) -> dict[tuple[float, float], Slid]:
        """The piece with every neckline of the grid."""
        return {(depth, shape): self.slid(depth, shape) for depth in DEPTHS for shape in SHAPES}

    def neckline(self, whole: Hemmed, proxy: Proxy, controls: Controls) -> Neckline:
        """The grid for the hemmed garment, which was made of the piece as it is."""
        source = whole.source
        at = np.stack([self.hemmed(slid).places for slid in self.every.values()])
        # What stays nearly where it is keeps the rows of the whole garment.
        kept = np.flatnonzero(np.linalg.norm(at - whole.places, axis=2).max(axis=0) > MOVED)
        a, b = proxy.pairs.T
        axes, mean = np.arange(3), self.mannequin.places
        scale = np.where(a == b, 1.0, np.abs(mean[a, axes] - mean[b, axes]) / proxy.lengths)
        offsets: list[NDArray[np.float64]] = []
        heights: list[NDArray[np.float64]] = []
        rows: list[Any] = []
        for slid, places in zip(self.every.values(), at, strict=True):
            own = slid.rows[source[kept]]
            rows.append(over_controls(own, controls))
            offsets.append((places[kept] - np.asarray(own @ mean)) / scale)
            heights.append((slid.canonical[:, 1] - self.mannequin.canonical_eyes[1])[source[kept]])
        shape = len(DEPTHS), len(SHAPES)
        return Neckline(
            depths=np.asarray(DEPTHS),
            shapes=np.asarray(SHAPES),
            vertices=kept,
            rows=stack(rows),
            offsets=np.reshape(offsets, (*shape, len(kept), 3)).astype(np.float32),
            heights=np.reshape(heights, (*shape, len(kept))).astype(np.float32),
        )

    def hemmed(self, slid: Slid | Piece) -> Hemmed:
        """The piece with hems where it has slid to, tucked in at the neck."""
        return hemmed(slid.places, self.piece.quads, self.piece.corners, self.piece.uvs, self._border)

    def slid(self, depth: float, shape: float) -> Slid:
        """The piece with the neckline of two numbers: metres and the world's shape."""
        rows, at, _ = self._foot
        eyes, border = self.mannequin.canonical_eyes, self._border
        curve = neck_curve(self.mannequin.mesh.neutral - eyes, self.mannequin.triangles, depth, shape)
        lies = self._onto(along(curve, at[border] - eyes, shape) + eyes, depth, shape)
        # What is away from the border goes along, less and less, and keeps its distance from it.
        start = height_over_neckline(at - eyes, depth, shape)
        share = np.clip((self._near - ALONG) / np.maximum(self._whole - ALONG, 1e-9), 0, 1)
        wanted = -np.minimum(self._near, ALONG) * (1 - share) + (self._ends @ start) * share
        moved, ways, _ = self._on_skin(at + self._spread @ (lies - at[border]))
        for _ in range(STEPS):
            relative = ways - eyes
            normal = self._canonical_normals(moved)
            # Always down the plain slope, whose columns never meet; a pointed neckline's own slope leads aside.
            way = _slope(relative, 0.0, 1.0)
            way = _unit(way - (way * normal).sum(axis=1, keepdims=True) * normal)
            steep = np.maximum((_slope(relative, depth, shape) * way).sum(axis=1), LEAST)
            short = wanted - height_over_neckline(relative, depth, shape)
            step = way * np.clip(short / steep, -LONGEST, LONGEST)[:, None]
            step[border] = 0
            moved, ways, _ = self._on_skin(ways + step)
        moved, ways, _ = self._on_skin(at + self._evened(ways - at))
        moved, ways = self._over_cut(moved, ways, lies)
        normal = self._mean_normals(moved)
        # Loose as modelled below, close to the skin at the border.
        loose = self._away + (normal - self._mean_normals(rows)) * self._height[:, None]
        tight = 1 - smoothstep(self._near, *TIGHT)[:, None]
        close = CLOSE + (LESS_CLOSE - CLOSE) * smoothstep(1 - tight, 0.0, 0.3)
        # The skin is shown as its subdivision, which lies within the base mesh where that bulges.
        lying = np.asarray(moved @ self._shown)
        loose_at = np.asarray(moved @ self.mannequin.places) + loose
        places = loose_at * (1 - tight) + (lying + close * normal) * tight
        under = close - ((places - lying) * normal).sum(axis=1, keepdims=True)
        places = places + normal * np.where(self._along[:, None] > 0, np.maximum(under, 0), 0)
        return Slid(moved, places, self.piece.canonical + ways - at)

    def _over_cut(
        self, moved: Any, ways: NDArray[np.float64], lies: NDArray[np.float64]
    ) -> tuple[Any, NDArray[np.float64]]:
        """Rows (K, N) and places (K, 3) on the canonical skin, none nearer to the bust's cut than if all cloth were
        pushed together as much as under the deepest place of the border (B, 3): under a deep neckline no row of quads
        hangs out below."""
        before = np.maximum(within(self._foot[1], self.mannequin), 0)
        least = IN_ORDER * before * np.clip(within(lies, self.mannequin) / before[self._border], 0, 1).min()
        for _ in range(STEPS):
            short = least - within(ways, self.mannequin)
            short[(self._near <= 0) | (self._near >= self._whole)] = 0
            if float(short.max()) < NEARLY:
                break
            normal = self._canonical_normals(moved)
            up = _unit(np.array([0.0, 1.0, 0.0]) - normal[:, 1:2] * normal)
            step = np.clip(short, 0, LONGEST) / np.maximum(up[:, 1], LEAST)
            moved, ways, _ = self._on_skin(ways + up * step[:, None])
        return moved, ways

    def _onto(self, places: NDArray[np.float64], depth: float, shape: float) -> NDArray[np.float64]:
        """(B, 3) the border on the skin of the canonical body, where its height over the neckline is 0."""
        moved, ways, _ = self._on_skin(places)
        for _ in range(STEPS):
            relative = ways - self.mannequin.canonical_eyes
            normal = self._canonical_normals(moved)
            slope = _slope(relative, depth, shape)
            way = _unit(slope - (slope * normal).sum(axis=1, keepdims=True) * normal)
            steep = np.maximum((slope * way).sum(axis=1), LEAST)
            short = -height_over_neckline(relative, depth, shape)
            moved, ways, _ = self._on_skin(ways + way * np.clip(short / steep, -LONGEST, LONGEST)[:, None])
        return ways

    def _on_skin(self, canonical: NDArray[np.float64]) -> tuple[Any, NDArray[np.float64], NDArray[np.int64]]:
        """Rows (K, N) of the skin's closest points, their places on the canonical body, their faces."""
        hits = self._skin.closest(canonical.astype(np.float32))
        corner, share = self._triangles[hits.face], np.asarray(hits.weights, np.float64)
        index = np.repeat(np.arange(len(canonical)), 3), corner.ravel().astype(np.int64)
        shape = len(canonical), len(self.mannequin.places)
        rows = sparse.csr_matrix((share.ravel(), index), shape)
        return rows, np.asarray(rows @ self.mannequin.mesh.neutral), hits.face.astype(np.int64)

    @cached_property
    def _shown(self) -> NDArray[np.float64]:
        """(N, 3) the mannequin where subdivision has its vertices."""
        mesh, places = self.mannequin.mesh, self.mannequin.places
        quads = mesh.quads_of(BODY)
        finer = catmull_clark(quads, len(places), np.zeros((len(quads), 4, 2)))
        used = np.unique(quads)
        result = places.copy()
        result[used] = np.asarray(finer.matrix[used] @ places)
        return result

    def _canonical_normals(self, rows: Any) -> NDArray[np.float64]:
        return _unit(np.asarray(rows @ self._normals.astype(np.float64)))

    def _mean_normals(self, rows: Any) -> NDArray[np.float64]:
        return _unit(np.asarray(rows @ self.mannequin.normals))

    def _shares(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """(K,) metres from the border, from there to the other borders, and how much of the border's way each vertex
        goes: all of it near the border, none at the others, evenly between, so that no ring of quads overtakes
        another."""
        links = self._links()
        begin, end = links.nonzero()
        away = np.linalg.norm(self.piece.canonical[begin] - self.piece.canonical[end], axis=1)
        lengths = sparse.csr_matrix((away, (begin, end)), links.shape)
        edge = np.unique(np.concatenate(open_edges(self.piece.quads)[:2]))
        near, far = (
            dijkstra(lengths, indices=ends, min_only=True) for ends in (self._border, np.setdiff1d(edge, self._border))
        )
        share = np.minimum(1, far / np.maximum(near + far - ALONG, 1e-9))
        degree = np.asarray(links.sum(axis=1)).ravel()
        for _ in range(EVENED):
            mean = np.asarray(links @ share) / np.maximum(degree, 1)
            share = np.where((near < ALONG) | (far == 0), share, mean)
        return near, near + far, share

    def _evened(self, ways: NDArray[np.float64]) -> NDArray[np.float64]:
        """(K, 3) ways smoothed, those beside the border and at the other borders kept."""
        links = self._links()
        degree = np.maximum(np.asarray(links.sum(axis=1)), 1)
        kept = (self._near < ALONG) | (self._near >= self._whole)
        for _ in range(EVENED):
            ways = np.where(kept[:, None], ways, 0.5 * (ways + np.asarray(links @ ways) / degree))
        return ways

    def _links(self) -> Any:
        """(K, K) ones where an edge is."""
        quads, count = self.piece.quads, len(self.piece.places)
        ends = np.stack([quads, np.roll(quads, -1, axis=1)], -1).reshape(-1, 2)
        links = sparse.csr_matrix((np.ones(2 * len(ends)), np.r_[ends, ends[:, ::-1]].T), (count, count))
        links.data[:] = 1
        return links

    def _harmonic(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(K, B) what part each vertex of the border has in a vertex's way, to none at the other borders; (K, K) what
        part each vertex of those has, which all sum to one."""
        quads, count, links = self.piece.quads, len(self.piece.places), self._links()
        begin, end, _ = open_edges(quads)
        fixed = np.unique(np.r_[begin, end])
        free = np.setdiff1d(np.unique(quads), fixed)
        laplacian = sparse.csc_matrix(sparse.diags(np.asarray(links.sum(axis=1)).ravel()) - links)
        inner = splu(sparse.csc_matrix(laplacian[free][:, free]))
        every = np.zeros((count, count))
        every[fixed, fixed] = 1
        every[np.ix_(free, fixed)] = inner.solve(-np.asarray(laplacian[free][:, fixed].todense()))
        ends = every.copy()
        ends[:, self._border] = 0
        return every[:, self._border], ends / np.maximum(ends.sum(axis=1, keepdims=True), 1e-9)


def _slope(relative: NDArray[np.float64], depth: float, shape: float) -> NDArray[np.float64]:
    """(K, 3) how fast the height grows along the axes."""
    columns = [
        height_over_neckline(relative + SLOPE * axis, depth, shape)
        - height_over_neckline(relative - SLOPE * axis, depth, shape)
        for axis in np.eye(3)
    ]
    return np.stack(columns, 1) / (2 * SLOPE)


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def with_places(piece: Piece, slid: Slid) -> Piece:
    """The piece where it has slid to."""
    return replace(piece, rows=slid.rows, places=slid.places, canonical=slid.canonical)
