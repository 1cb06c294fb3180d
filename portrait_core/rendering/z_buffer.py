# SPDX-License-Identifier: Apache-2.0
"""What a square grid of samples sees of a mesh of several materials, by drawing its triangles into a z-buffer.

For samples as close as a small picture's this is several times as quick as following their rays
(:mod:`portrait_core.rendering.layered_rays`, which is the oracle of the tests), and needs no hierarchy of the mesh.
What covers wholly is drawn first; what shines through is listed where it lies before that, and sorted.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.mesh_queries import Hits
from portrait_core.rendering.coat_table import KINDS, CoatTable
from portrait_core.rendering.layered_rays import BYTES, REST, LayeredMesh, Met, light_of
from portrait_core.rendering.preview import directions_at
from portrait_core.rendering.vertex_shares import VertexShares

LISTED = 1 << 13
"""Places that shine through for which there is room at first: a face has a few hundred in a small picture."""


class Grid(NamedTuple):
    """``side`` squared samples, the first one ``begin`` sides of a pixel from the top left of a picture of ``size``
    pixels, those of ``wanted`` (side squared,) uint8 that are not 0."""

    side: int
    begin: float
    size: int
    wanted: NDArray[np.uint8]

    def places(self, samples: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Rows and columns (N,) of samples (N,), in picture sides."""
        row, column = np.divmod(samples, self.side)
        return (row + self.begin) / self.size, (column + self.begin) / self.size


def centres(size: int) -> Grid:
    """The middles of all pixels."""
    return Grid(size, 0.5, size, np.ones(size * size, np.uint8))


def corners(size: int, wanted: NDArray[np.int64]) -> Grid:
    """Those corners of pixels whose numbers, row by row of ``size + 1``, are ``wanted``."""
    chosen = np.zeros((size + 1) * (size + 1), np.uint8)
    chosen[wanted] = 1
    return Grid(size + 1, 0.0, size, chosen)


class Projection:
    """A mesh before a camera: ``place`` (V, 3): columns and rows in picture sides, and metres beyond ``far``, which is
    how far the mesh's middle lies before the camera."""

    def __init__(
        self, vertices: NDArray[np.float32], cam2world: NDArray[np.float32], intrinsics: NDArray[np.float32]
    ) -> None:
        """Raises ``ValueError`` where a part of the mesh lies beside or behind the camera."""
        local = (vertices.astype(np.float64) - cam2world[:3, 3]) @ cam2world[:3, :3].astype(np.float64)
        away = local[:, 2]
        if not bool((away > 1e-6).all()):
            raise ValueError("a mesh that is drawn must lie before the camera")
        self.cam2world, self.intrinsics = cam2world, intrinsics
        self.far = float(np.float32(0.5 * (away.min(initial=np.inf) + away.max(initial=0.0)))) if len(away) else 1.0
        flat = local @ intrinsics.astype(np.float64).T
        self.place = np.column_stack([flat[:, 0] / away, flat[:, 1] / away, away - self.far])


class DrawnBundle:
    """As :class:`portrait_core.rendering.layered_rays.RayBundle`, of the samples ``which`` (N,) of a grid that see
    anything: the share (N,) of the backdrop that comes ``through``, and ``nearest`` (N,) metres before the camera of
    what covers at least half (infinite for none)."""

    def __init__(self, mesh: LayeredMesh, projection: Projection, grid: Grid, shares: VertexShares) -> None:
        from portrait_core.rendering import z_buffer_kernels

        self._kernels, self._mesh, self._shares = z_buffer_kernels, mesh, shares
        scale = np.array([grid.size, grid.size, 1.0])
        begin = np.array([grid.begin, grid.begin, 0.0])
        place = np.ascontiguousarray(projection.place * scale - begin, np.float32)
        kinds = mesh.table.numbers[mesh.coat_of, 0]
        blends = kinds == KINDS["blend"]
        count = grid.side * grid.side
        depth, face = np.full(count, np.inf, np.float32), np.full(count, -1, np.int32)
        weights = np.zeros((count, 3), np.float32)
        wrap = self._kernels.wrap
        surface = [wrap(each) for each in (*mesh.surface(mesh.table), BYTES)]
        whole = [wrap(place), projection.far, grid.side, wrap(grid.wanted), *surface, wrap(depth)]

        def draw(kernel: Any, drawn: NDArray[np.bool_], answers: list[NDArray[Any]]) -> None:
            chosen = np.flatnonzero(drawn).astype(np.int32)
            if len(chosen):
                self._kernels.launch(kernel, len(chosen), [wrap(chosen), *whole, *(wrap(each) for each in answers)])

        draw(self._kernels.solid, ~blends, [face, weights])
        room = LISTED
        while True:
            listed = np.zeros(1, np.int32)
            samples, faces, places = np.zeros(room, np.int32), np.zeros(room, np.int32), np.zeros((room, 3), np.float32)
            far_off, covers = np.zeros(room, np.float32), np.zeros(room, np.float32)
            draw(self._kernels.blended, blends, [listed, samples, faces, places, far_off, covers])
            if int(listed[0]) <= room:
                break
            room = int(listed[0])
        end = int(listed[0])
        sample, of_face, at, away, cover = samples[:end], faces[:end], places[:end], far_off[:end], covers[:end]

        shown = face >= 0
        solid = np.flatnonzero(shown)
        shown[sample] = True
        self.which = np.flatnonzero(shown)
        number = np.full(count, -1, np.int32)
        number[self.which] = np.arange(len(self.which), dtype=np.int32)
        self.through = np.ones(len(self.which), np.float32)
        self.nearest = np.full(len(self.which), np.inf, np.float32)
        self._directions = directions_at(*grid.places(self.which), projection.cam2world, projection.intrinsics)

        # Front to back, a layer at a time, as a ray meets them.
        order = np.lexsort((away, sample))
        layer = np.arange(len(order)) - np.searchsorted(sample[order], sample[order])
        layers = [order[layer == k] for k in range(int(layer.max(initial=-1)) + 1)]
        met = [(number[sample[rows]], of_face[rows], at[rows], cover[rows], away[rows]) for rows in layers]
        met.append((number[solid], face[solid], weights[solid], np.ones(len(solid), np.float32), depth[solid]))
        self._met: list[Met] = []
        shares.look_up(mesh.faces[np.concatenate([each[1] for each in met])])
        for ray, own, places, alpha, far in met:
            seen = self.through[ray]
            rest = np.flatnonzero(seen > REST)
            ray, seen, alpha, far = ray[rest], seen[rest], alpha[rest], far[rest]
            self.through[ray] = seen * (1 - alpha)
            half = (alpha >= 0.5) & ~np.isfinite(self.nearest[ray])
            self.nearest[ray[half]] = far[half] + np.float32(projection.far)
            hits = Hits(own[rest], places[rest], far)
            self._met.append(Met(ray, hits, alpha, seen, *shares.closer(hits, mesh.opaque[hits.face])))

    def read(self, coat: int, size: int) -> NDArray[np.bool_]:
        """(size squared,) the texels of a coat's colours, an image of ``size`` squared, that :meth:`light` reads."""
        marked = np.zeros(size * size, np.uint8)
        wrap, mesh = self._kernels.wrap, self._mesh
        whole = [wrap(each) for each in (mesh.corners, mesh.uvs, mesh.coat_of)]
        for met in self._met:
            own = [wrap(each) for each in (met.hits.face, met.hits.weights)]
            self._kernels.launch(self._kernels.read, len(met.ray), [*own, *whole, coat, size, wrap(marked)])
        return marked.astype(bool)

    def light(self, coats: CoatTable) -> NDArray[np.float32]:
        """(N, 3) linear: what the samples show, which looks as ``coats`` say."""
        return light_of(self._mesh, self._shares, self._directions, self._met, coats)
