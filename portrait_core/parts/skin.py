# SPDX-License-Identifier: Apache-2.0
"""The skin: the base mesh's head, neck and shoulders, with the inside of mouth and lids, in four levels.

Level 1 is the base mesh subdivided once (Catmull-Clark), level 0 its vertices at the places that the subdivision gives
them, levels -1 and -2 keep fewer and fewer of level 0's vertices. So every level is rows over the controls, and what is
known for one (weights, morphs, places in the texture) is known for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.geometry.subdivision import catmull_clark
from portrait_core.parts.arrays import Arrays, Sparse, below, named, sparse_arrays, sparse_from
from portrait_core.parts.contact import Facing, LipContact
from portrait_core.parts.controls import Controls
from portrait_core.parts.normals import SmoothNormals
from portrait_core.parts.part_mesh import PartMesh, Topology, cut_seams, triangles_of_quads
from portrait_core.parts.skin_weights import strongest_of_rows
from portrait_core.parts.untangle import ROUNDS, Untangling

DETAILS = (1, 0, -1, -2)
"""Levels, finest first."""

UNFOLDINGS = 24
"""How often corners of folded quads are moved, at most; one person in fifteen needs it at all."""
ALONE = 4
"""Rounds after which the vertices around them move as well."""

Lips = Literal["apart", "closed", "sealed"]
"""How closely lips are kept from each other: ``sealed``, their edges meet, and behind them a lip may be a millimetre in
the other; ``closed``, no vertex is; ``apart``, none is through the other or itself, which nobody sees but through an
opening mouth."""

REGIONS = ("face", "lids", "lips", "ears", "scalp", "neck", "chest", "arms", "mouth", "sockets")
"""What the numbers of :attr:`SkinTemplate.regions` mean; ``mouth`` and ``sockets`` are inside."""


@dataclass(frozen=True, eq=False)
class SkinTemplate:
    """Q quads over the V controls ``vertices``.

    Attributes:
        vertices: (V,) controls.
        quads: (Q, 4) into ``vertices``, counter-clockwise from outside.
        corners: (Q, 4) into ``uvs``; uvs: (U, 2) float32.
        regions: (Q,) into :data:`REGIONS`.
        adjust: (V, V) added to the controls before they are subdivided: vertices beyond the cut slide onto it, and the
            bag of the mouth is a little smaller.
        lips: how the lips meet, for the rest alone: moves may open the mouth.
        coarse: the triangles (F, 3) of levels -1 and -2, into level 0's vertices after the seams are cut.
    """

    vertices: NDArray[np.int64]
    quads: NDArray[np.int64]
    corners: NDArray[np.int64]
    uvs: NDArray[np.float32]
    regions: NDArray[np.uint8]
    adjust: Sparse
    lips: LipContact
    coarse: tuple[NDArray[np.int32], ...]

    def places(self, controls: NDArray[np.float64], lips: Lips = "apart") -> NDArray[np.float64]:
        """(V1, 3) of level 1 for controls (C, 3), at rest; level 0 is the first V of them.

        Where a quad of level 0 is folded over, its corners are moved towards their neighbours until it is not.
        """
        places = self._unfolded(controls[self.vertices], lips)
        return self._apart(places) if lips == "apart" else places

    def _unfolded(self, own: NDArray[np.float64], lips: Lips) -> NDArray[np.float64]:
        """(V1, 3) level 1 of controls (V, 3) with the lips closed, or sealed, and no quad of level 0 folded."""

        def met(places: NDArray[np.float64]) -> NDArray[np.float64]:
            return self.lips.sealed(places) if lips == "sealed" else self.lips.closed(places, self._facing)

        for turn in range(UNFOLDINGS):
            places = met(np.asarray(self._matrix @ own))
            bad = np.unique(self.quads[folded(places, self.quads)])
            if len(bad) == 0:
                return places
            if turn >= ALONE:
                bad = np.unique(self.quads[np.isin(self.quads, bad).any(axis=1)])
            own = own.copy()
            own[bad] += 0.5 * (np.asarray(self._neighbours[bad] @ own) - own[bad])
        return met(np.asarray(self._matrix @ own))

    def _apart(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """(V1, 3) with no lip through the other or itself, and none folded by that."""
        count = len(self.vertices)
        scene = self._untangling.begin(places[:count])
        for _ in range(ROUNDS):
            moved = self._untangling.step(places[:count], scene)
            if moved is None:
                break
            places = places + np.asarray(self.fine.matrix @ moved)
            bad = np.unique(self._lip_quads[folded(places, self._lip_quads)])
            if len(bad):
                moved = np.zeros((count, 3))
                moved[bad] = 0.5 * (np.asarray(self._neighbours[bad] @ places[:count]) - places[bad])
                places = places + np.asarray(self.fine.matrix @ moved)
        return places

    def moves(self, controls: NDArray[np.float64]) -> NDArray[np.float64]:
        """(V1, 3) displacements of level 1 for displacements (C, 3) of the controls."""
        return np.asarray(self._matrix @ controls[self.vertices])

    def mesh(self, places: NDArray[np.float64], topologies: dict[int, Topology], detail: int) -> PartMesh:
        """One level of a person whose level 1 has these ``places`` (V1, 3); ``topologies`` as :meth:`topologies`
        gives them."""
        # All levels are shaded by the finest one's normals.
        normals, known = self._normals(places), len(self.vertices) if detail < 1 else len(places)
        return topologies[detail].placed("skin", places[:known], normals[:known])

    def topologies(self, controls: Controls) -> dict[int, Topology]:
        """What each level has in common for everybody."""
        fine = self.fine
        weights = strongest_of_rows(self._matrix @ controls.weights[self.vertices])
        result: dict[int, Topology] = {}
        for detail, quads, uvs in ((1, fine.quads, fine.corner_uvs), (0, self.quads, self.uvs[self.corners])):
            welded, uv, cut = cut_seams(quads, uvs)
            faces, of_quad = triangles_of_quads(cut)
            own = self.regions if detail == 0 else np.repeat(self.regions, 4)
            skin = weights[0][welded], weights[1][welded]
            result[detail] = Topology(welded, faces, of_quad, uv, *skin, "skin", regions=own)
        whole = result[0]
        for detail, faces in zip((-1, -2), self.coarse, strict=True):
            result[detail] = whole.reduced(faces)
        return result

    @cached_property
    def fine(self) -> Any:
        """Level 1, a :class:`portrait_core.geometry.subdivision.Subdivision` of level 0."""
        return catmull_clark(self.quads, len(self.vertices), self.uvs[self.corners].astype(np.float64))

    @cached_property
    def _matrix(self) -> Sparse:
        """(V1, V) from the controls to level 1, without the seal."""
        adjusted = sparse.identity(len(self.vertices), format="csr") + self.adjust
        return sparse.csr_matrix(self.fine.matrix @ adjusted)

    @cached_property
    def _normals(self) -> SmoothNormals:
        return SmoothNormals.of(self.fine.quads, self.fine.matrix.shape[0])

    @cached_property
    def _neighbours(self) -> Sparse:
        """(V, V) the mean over the ends of a vertex's edges."""
        ends = np.stack([self.quads, np.roll(self.quads, -1, axis=1)], -1).reshape(-1, 2)
        edges = np.unique(np.sort(ends, axis=1), axis=0)
        rows, columns = np.r_[edges[:, 0], edges[:, 1]], np.r_[edges[:, 1], edges[:, 0]]
        degree = np.bincount(rows, minlength=len(self.vertices))
        return sparse.csr_matrix((1 / degree[rows], (rows, columns)), (len(self.vertices), len(self.vertices)))

    @cached_property
    def _untangling(self) -> Untangling:
        faces, of_quad = triangles_of_quads(self.quads)
        near = np.isin(self.regions, [REGIONS.index(name) for name in ("lips", "mouth")])[of_quad]
        side = np.zeros(self.fine.matrix.shape[0])
        side[self.lips.upper], side[self.lips.lower] = 1, -1
        return Untangling.of(faces[near], side[: len(self.vertices)], self._neighbours)

    @cached_property
    def _lip_quads(self) -> NDArray[np.int64]:
        """(L, 4) the quads of lips and mouth."""
        return self.quads[np.isin(self.regions, [REGIONS.index(name) for name in ("lips", "mouth")])]

    @cached_property
    def _facing(self) -> Facing:
        return self.lips.prepare(self.fine.quads, self.fine.matrix.shape[0])

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        plain = {
            "vertices": self.vertices.astype(np.int16),
            "quads": self.quads.astype(np.int16),
            "corners": self.corners.astype(np.int16),
            "uvs": self.uvs,
            "regions": self.regions,
        }
        plain |= sparse_arrays("adjust", self.adjust) | named("lips", self.lips.to_arrays())
        return plain | {f"coarse.{k}": faces.astype(np.int16) for k, faces in enumerate(self.coarse)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> SkinTemplate:
        return cls(
            vertices=arrays["vertices"].astype(np.int64),
            quads=arrays["quads"].astype(np.int64),
            corners=arrays["corners"].astype(np.int64),
            uvs=arrays["uvs"],
            regions=arrays["regions"],
            adjust=sparse_from(arrays, "adjust"),
            lips=LipContact.from_arrays(below(arrays, "lips")),
            coarse=tuple(arrays[f"coarse.{k}"].astype(np.int32) for k in range(len(DETAILS) - 2)),
        )


def folded(places: NDArray[np.float64], quads: NDArray[np.int64]) -> NDArray[np.int64]:
    """The quads (of F, 4) whose halves turn more than a right angle against each other, whichever way they are cut."""
    axes = np.ascontiguousarray(places.T)  # NumPy is slow along short rows
    a, b, c, d = (axes[:, np.ascontiguousarray(column)] for column in quads.T)
    across, aside = c - a, d - b
    one = _dot(_cross(b - a, across), _cross(across, d - a))
    two = _dot(_cross(c - b, aside), _cross(aside, a - b))
    return np.flatnonzero((one < 0) & (two < 0))


Axes = NDArray[np.float64]
"""(3, F), an axis a row."""


def _cross(a: Axes, b: Axes) -> Axes:
    return np.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def _dot(a: Axes, b: Axes) -> NDArray[np.float64]:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
