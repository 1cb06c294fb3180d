# SPDX-License-Identifier: Apache-2.0
"""Builds necklines that follow the world's closed form: a shirt's vertices slide over the body until its border lies on
the curve, for a grid of depths and shapes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from portrait_core.geometry.components import component_labels
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.geometry.normals import vertex_normals
from portrait_core.parts.controls import Controls
from portrait_core.parts.neckline import Neckline
from portrait_core.training.parts_template.hem import Hemmed, hemmed, open_edges
from portrait_core.training.parts_template.piece import Piece
from portrait_core.training.parts_template.proxy_mesh import Proxy, over_controls
from portrait_core.training.parts_template.worn import Mannequin
from portrait_core.world.appearance import Look, neckline

DEPTHS = (0.004, 0.022, 0.044, 0.068)
SHAPES = (0.0, 0.3, 0.6, 1.0)
"""The grid: metres, and the world's shape from pointed to round."""

stack: Any = partial(sparse.vstack, format="csr")

MOVED = 0.0015
"""What no neckline moves farther stays where it is, metres."""

CLOSE = 0.0035
"""Metres between the skin and the border."""

STEPS, LONGEST, LEAST = 28, 0.006, 0.35
"""How often a vertex is moved, and how far at once, metres; a smaller slope than the last
counts as that."""

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
    """The vertices of the highest open border."""
    begin, end, _ = open_edges(piece.quads)
    label = component_labels(len(piece.places), begin, end)
    loops = [
        np.unique(np.r_[begin[label[begin] == each], end[label[begin] == each]]) for each in np.unique(label[begin])
    ]
    return max(loops, key=lambda loop: float(piece.canonical[loop, 1].mean()))


class Slides:
    """A piece's vertices on the skin of the ``mannequin``, ready to be slid."""

    def __init__(self, piece: Piece, mannequin: Mannequin) -> None:
        self.piece, self.mannequin = piece, mannequin
        self._skin = MeshQueries(mannequin.mesh.neutral.astype(np.float32), mannequin.triangles)
        self._normals = vertex_normals(mannequin.mesh.neutral.astype(np.float32), mannequin.triangles)
        self._foot = self._on_skin(piece.canonical)
        mean = np.asarray(self._foot[0] @ mannequin.places)
        self._away = piece.places - mean
        self._height = (self._away * self._mean_normals(self._foot[0])).sum(axis=1)
        self._border = neck_border(piece)
        self._spread = self._harmonic()

    @cached_property
    def every(self) -> dict[tuple[float, float], Slid]:
        """The piece with every neckline of the grid."""
        return {(depth, shape): self.slid(depth, shape) for depth in DEPTHS for shape in SHAPES}

    def neckline(self, whole: Hemmed, proxy: Proxy, controls: Controls) -> Neckline:
        """The grid for the hemmed garment, which was made of the piece as it is."""
        source, piece = whole.source, self.piece
        at = np.stack([hemmed(s.places, piece.quads, piece.corners, piece.uvs).places for s in self.every.values()])
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
        weights = [self.mannequin.weights_at(self.every[depth, SHAPES[1]].places)[source[kept]] for depth in DEPTHS]
        strong = np.where(np.concatenate(weights) > 0.004, np.concatenate(weights), 0)
        return Neckline(
            depths=np.asarray(DEPTHS),
            shapes=np.asarray(SHAPES),
            vertices=kept,
            rows=stack(rows),
            offsets=np.reshape(offsets, (*shape, len(kept), 3)).astype(np.float32),
            heights=np.reshape(heights, (*shape, len(kept))).astype(np.float32),
            weights=sparse.csr_matrix(strong / strong.sum(axis=1, keepdims=True)),
        )

    def slid(self, depth: float, shape: float) -> Slid:
        """The piece with the neckline of two numbers: metres and the world's shape."""
        rows, at, _ = self._foot
        start = height_over_neckline(at - self.mannequin.canonical_eyes, depth, shape)
        wanted = start - self._spread @ start[self._border]
        moved, ways = rows, at
        for _ in range(STEPS):
            relative = ways - self.mannequin.canonical_eyes
            short = wanted - height_over_neckline(relative, depth, shape)
            normal = self._canonical_normals(moved)
            # Always down the plain slope, whose columns never meet; a pointed neckline's own slope leads aside.
            along = _slope(relative, 0.0, 1.0)
            along = _unit(along - (along * normal).sum(axis=1, keepdims=True) * normal)
            steep = np.maximum((_slope(relative, depth, shape) * along).sum(axis=1), LEAST)
            step = along * np.clip(short / steep, -LONGEST, LONGEST)[:, None]
            moved, ways, _ = self._on_skin(ways + step)
        normal = self._mean_normals(moved)
        # Loose as modelled below, close to the skin at the border.
        loose = self._away + (normal - self._mean_normals(rows)) * self._height[:, None]
        tight = self._spread.sum(axis=1)[:, None]
        places = np.asarray(moved @ self.mannequin.places) + loose * (1 - tight) + CLOSE * normal * tight
        return Slid(moved, places, self.piece.canonical + ways - at)

    def _on_skin(self, canonical: NDArray[np.float64]) -> tuple[Any, NDArray[np.float64], NDArray[np.int64]]:
        """Rows (K, N) of the skin's closest points, their places on the canonical body, their faces."""
        hits = self._skin.closest(canonical.astype(np.float32))
        corner, share = self.mannequin.triangles[hits.face], np.asarray(hits.weights, np.float64)
        index = np.repeat(np.arange(len(canonical)), 3), corner.ravel().astype(np.int64)
        shape = len(canonical), len(self.mannequin.places)
        rows = sparse.csr_matrix((share.ravel(), index), shape)
        return rows, np.asarray(rows @ self.mannequin.mesh.neutral), hits.face.astype(np.int64)

    def _canonical_normals(self, rows: Any) -> NDArray[np.float64]:
        return _unit(np.asarray(rows @ self._normals.astype(np.float64)))

    def _mean_normals(self, rows: Any) -> NDArray[np.float64]:
        return _unit(np.asarray(rows @ self.mannequin.normals))

    def _harmonic(self) -> Any:
        """(K, B): what each vertex takes of the border's way, from all at the border to none at the other borders."""
        quads, count = self.piece.quads, len(self.piece.places)
        ends = np.stack([quads, np.roll(quads, -1, axis=1)], -1).reshape(-1, 2)
        links = sparse.csr_matrix((np.ones(2 * len(ends)), np.r_[ends, ends[:, ::-1]].T), (count, count))
        links.data[:] = 1
        begin, end, _ = open_edges(quads)
        fixed = np.unique(np.r_[begin, end])
        free = np.setdiff1d(np.unique(quads), fixed)
        laplacian = sparse.csc_matrix(sparse.diags(np.asarray(links.sum(axis=1)).ravel()) - links)
        inner = splu(sparse.csc_matrix(laplacian[free][:, free]))
        result = np.zeros((count, len(self._border)))
        result[self._border, np.arange(len(self._border))] = 1
        result[free] = inner.solve(-np.asarray(laplacian[free][:, self._border].todense()))
        return result


def height_over_neckline(relative: NDArray[np.float64], depth: float, shape: float) -> NDArray[np.float64]:
    """(K,) the world's signed height over the neckline, metres, at canonical places (K, 3) relative to the eyes."""
    look = cast("Look", SimpleNamespace(neck_depth=np.float64(depth), neck_shape=np.float64(shape)))
    return np.asarray(neckline(relative, look), np.float64)


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
