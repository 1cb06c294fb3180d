# SPDX-License-Identifier: Apache-2.0
"""Meshes that are fitted to the controls: teeth, tongue, lashes, brows, and whatever else comes as a proxy mesh.

A vertex is a mix of a few controls and an offset along the axes that grows with the person, as MakeHuman's ``.mhclo``
files say: the offset is multiplied by how long a named pair of controls has become along that axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.parts.arrays import Arrays, Sparse, sparse_arrays, sparse_from
from portrait_core.parts.body import Body
from portrait_core.parts.controls import Controls
from portrait_core.parts.normals import SmoothNormals
from portrait_core.parts.part_mesh import PartMesh, Topology, topology_of
from portrait_core.parts.skin_weights import strongest_of_rows


@dataclass(frozen=True, eq=False)
class Fitted:
    """V vertices over C controls.

    Attributes:
        rows: (V, C).
        offsets: (V, 3) float32, metres where every pair has its length.
        pairs: (3, 2) controls whose distance along x, y, z scales the offsets; lengths: (3,) metres. A pair of the same
            control twice leaves its axis alone.
        polygons: (F, 4) into the vertices, -1 in the last place of a triangle.
        corners: (F, 4) into ``uvs`` (U, 2).
        coarse: the triangles (F, 3) of coarser levels, into the vertices after the seams are cut.
    """

    rows: Sparse
    offsets: NDArray[np.float32]
    pairs: NDArray[np.int64]
    lengths: NDArray[np.float64]
    polygons: NDArray[np.int64]
    corners: NDArray[np.int64]
    uvs: NDArray[np.float32]
    coarse: tuple[NDArray[np.int32], ...] = ()

    def places(self, body: Body) -> NDArray[np.float64]:
        """(V, 3) of a person."""
        a, b = self.pairs.T
        axes = np.arange(3)
        grown = np.abs(body.modelled[a, axes] - body.modelled[b, axes]) / self.lengths
        scale = np.where(a == b, 1.0, grown)
        return np.asarray(self.rows @ body.controls, np.float64) + self.offsets.astype(np.float64) * scale

    def moves(self, controls: NDArray[np.float64]) -> NDArray[np.float64]:
        """(V, 3) displacements for displacements (C, 3) of the controls: offsets keep the scale of the rest."""
        return np.asarray(self.rows @ controls)

    def topology(self, controls: Controls, material: str, detail: int = 0) -> Topology:
        """What the part has in common for everybody; at a ``detail`` below 0 that coarser level, or the coarsest."""
        skin = strongest_of_rows(self.rows @ controls.weights)
        whole = topology_of(self.polygons, self.uvs[self.corners], skin, material)
        step = min(max(-detail, 0), len(self.coarse))
        return whole if step == 0 else whole.reduced(self.coarse[step - 1])

    def mesh(self, name: str, body: Body, topology: Topology) -> PartMesh:
        """The part of one person."""
        places = self.places(body)
        return topology.placed(name, places, self._normals(places))

    @cached_property
    def _normals(self) -> SmoothNormals:
        whole = self.polygons.copy()
        three = whole[:, 3] < 0
        whole[three, 3] = whole[three, 2]
        return SmoothNormals.of(whole, self.rows.shape[0])

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        return sparse_arrays("rows", self.rows) | {
            "offsets": self.offsets,
            "pairs": self.pairs.astype(np.int16),
            "lengths": self.lengths.astype(np.float32),
            "polygons": self.polygons.astype(np.int16),
            "corners": self.corners.astype(np.int16),
            "uvs": self.uvs,
            **{f"coarse.{k}": faces.astype(np.int16) for k, faces in enumerate(self.coarse)},
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Fitted:
        levels = sorted(int(name.partition(".")[2]) for name in arrays if name.startswith("coarse."))
        return cls(
            rows=sparse_from(arrays, "rows"),
            offsets=arrays["offsets"],
            pairs=arrays["pairs"].astype(np.int64),
            lengths=arrays["lengths"].astype(np.float64),
            polygons=arrays["polygons"].astype(np.int64),
            corners=arrays["corners"].astype(np.int64),
            uvs=arrays["uvs"],
            coarse=tuple(arrays[f"coarse.{k}"].astype(np.int32) for k in levels),
        )
