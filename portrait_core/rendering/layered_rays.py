# SPDX-License-Identifier: Apache-2.0
"""Rays that go through a mesh of several materials, layer by layer, and gather the light that leaves each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Level
from portrait_core.geometry.mesh_queries import Hits, MeshQueries, in_threads
from portrait_core.imaging.colour_space import LINEAR_OF_BYTES
from portrait_core.rendering.coat_table import CoatTable
from portrait_core.rendering.coats import Coat
from portrait_core.rendering.lighting import GROUND, LAMPS, SKY, lamp_directions
from portrait_core.rendering.vertex_shares import VertexShares

LAYERS = 16
"""Surfaces that a ray passes at most; the last one counts as opaque."""
REST = 0.01
"""A ray ends when less than this share of what lies behind would be seen."""
STEP = 3e-6
"""Metres that a ray starts behind the surface it passed: less than cards lie above the skin where they end in it."""

BYTES = np.arange(256, dtype=np.float32)
"""What a byte stands for that is no colour."""
LAMP_COLOURS = np.array([lamp.colour for lamp in LAMPS], np.float32)
LAMP_NUMBERS = np.array([(lamp.wrap, lamp.shine, max(lamp.colour)) for lamp in LAMPS], np.float32)
"""(L, 3): wrap, shine and brightness."""


class LayeredMesh:
    """A level of detail at ``vertices`` (V, 3), ready for rays; what shines through it, ``coats`` say."""

    def __init__(self, level: Level, coats: Sequence[Coat], vertices: NDArray[np.float32]) -> None:
        self._vertices, self.faces = vertices, level.faces
        self.corners, self.uvs = np.ascontiguousarray(level.faces.reshape(-1)), np.ascontiguousarray(level.uvs)
        numbers = np.arange(len(coats), dtype=np.int32)
        self.coat_of = np.repeat(numbers, [len(coat.faces) for coat in coats])
        self.opaque = np.asarray([coat.section.material.alpha == "opaque" for coat in coats], bool)[self.coat_of]
        """(F,) whether nothing shines through a face."""
        self.table = CoatTable(coats)

    @cached_property
    def queries(self) -> MeshQueries:
        """The hierarchy that rays go through; drawn pictures need none."""
        return MeshQueries(self._vertices, self.faces)

    def surface(self, table: CoatTable) -> tuple[NDArray[Any], ...]:
        """What kernels read of the mesh and of its materials."""
        return (self.corners, self.uvs, self.coat_of, table.numbers, table.factors, table.texels)


class Met(NamedTuple):
    """What N rays meet next: their numbers ``ray``; ``hits``; the share (N,) of what lies behind that is covered,
    ``alpha``; how much (N,) of the surface itself is ``seen``; and the shadows there, ``line`` and ``fine`` as
    :meth:`portrait_core.rendering.vertex_shares.VertexShares.of` gives them."""

    ray: NDArray[np.int32]
    hits: Hits
    alpha: NDArray[np.float32]
    seen: NDArray[np.float32]
    line: NDArray[np.int32]
    fine: NDArray[np.float32]


class RayBundle:
    """Rays from ``eye`` (3,) along unit ``directions`` (N, 3), through everything that shows; colours are not asked
    for yet.

    Of each ray the share (N,) of the backdrop that comes ``through``, and ``nearest`` (N,) metres to what covers at
    least half (infinite for none).
    """

    def __init__(
        self, mesh: LayeredMesh, eye: NDArray[np.float32], directions: NDArray[np.float32], shares: VertexShares
    ) -> None:
        from portrait_core.rendering import picture_kernels

        self._kernels, self._mesh, self._directions, self._shares = picture_kernels, mesh, directions, shares
        count = len(directions)
        self.through = np.ones(count, np.float32)
        self.nearest = np.full(count, np.inf, np.float32)
        passed, layers = np.zeros(count, np.float32), np.zeros(count, np.int32)
        self._met: list[Met] = []
        going = np.arange(count, dtype=np.int32)
        while len(going):
            met = self._next(going, eye, passed, layers)
            self._met.append(met)
            going = met.ray[self.through[met.ray] > REST]

    def _next(
        self,
        going: NDArray[np.int32],
        eye: NDArray[np.float32],
        passed: NDArray[np.float32],
        layers: NDArray[np.int32],
    ) -> Met:
        """What the rays ``going`` meet next; those that meet nothing are left out."""
        count, mesh, kernels = len(going), self._mesh, self._kernels
        face, weights = np.full(count, -1, np.int32), np.zeros((count, 3), np.float32)
        alpha, seen = np.zeros(count, np.float32), np.zeros(count, np.float32)
        surface = [kernels.wrap(each) for each in (self._directions, *mesh.surface(mesh.table))]
        state = [kernels.wrap(each) for each in (passed, layers, self.through)]
        whole = [kernels.vector(eye), *surface, kernels.wrap(BYTES), STEP, LAYERS, *state]

        def part(begin: int, end: int) -> None:
            own = [kernels.wrap(each[begin:end]) for each in (going, face, weights, alpha, seen)]
            kernels.launch(kernels.meet, end - begin, [mesh.queries.id, own[0], *whole, *own[1:]])

        in_threads(part, count)
        met = np.flatnonzero(face >= 0)
        ray, alpha = going[met], alpha[met]
        hits = Hits(face[met], weights[met], passed[ray])
        solid = (alpha >= 0.5) & ~np.isfinite(self.nearest[ray])
        self.nearest[ray[solid]] = hits.distance[solid]
        return Met(ray, hits, alpha, seen[met], *self._shares.of(hits, mesh.opaque[hits.face]))

    def light(self, coats: CoatTable) -> NDArray[np.float32]:
        """(N, 3) linear: what the rays bring from everything they meet, which looks as ``coats`` say."""
        return light_of(self._mesh, self._shares, self._directions, self._met, coats)


def light_of(
    mesh: LayeredMesh,
    shares: VertexShares,
    directions: NDArray[np.float32],
    layers: Sequence[Met],
    coats: CoatTable,
) -> NDArray[np.float32]:
    """(N, 3) linear: what rays along unit ``directions`` (N, 3) bring from ``layers`` of a mesh that looks as ``coats``
    say; in a layer a ray stands once."""
    from portrait_core.rendering import picture_kernels as kernels

    colour = np.zeros((len(directions), 3), np.float32)
    light: Any = cast("Any", kernels).light
    towards = np.array(lamp_directions(shares.cam2world), np.float32)
    whole = [directions, *mesh.surface(coats), LINEAR_OF_BYTES, shares.table]
    before = [kernels.wrap(each) for each in whole]
    for met in layers:
        after = [kernels.wrap(each) for each in (met.fine, towards, LAMP_COLOURS, LAMP_NUMBERS)]
        rest = [*after, *(kernels.vector(np.array(each)) for each in (SKY, GROUND)), kernels.wrap(colour)]
        rows = (met.ray, met.hits.face, met.hits.weights, met.alpha, met.seen)

        def part(begin: int, end: int, met: Met = met, rows: Any = rows, rest: list[Any] = rest) -> None:
            own = [kernels.wrap(each[begin:end]) for each in rows]
            line = kernels.wrap(met.line[begin:end])
            kernels.launch(light, end - begin, [*own, *before, line, *rest])

        in_threads(part, len(met.ray))
    return colour
