# SPDX-License-Identifier: Apache-2.0
"""Meshes that are worn: every vertex hangs on three controls, at an offset that grows with the body.

MakeHuman's fitting (``.mhclo``): a vertex is a barycentric mix of three vertices of the base mesh, plus an offset whose
x, y and z are scaled by how far apart a named pair of vertices is along that axis. The mix is a sparse matrix over the
controls, so a whole hair mesh takes a millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.parts.arrays import Arrays, Sparse, sparse_arrays, sparse_from
from portrait_core.parts.body import Body
from portrait_core.parts.rest_pose import RestPose, joints_of


@dataclass(frozen=True, eq=False)
class Fitting:
    """K vertices over C controls.

    Attributes:
        rows: (K, C), each row sums to one.
        offsets: (K, 3) metres, where every pair is as long as ``lengths`` says.
        pairs: (3, 2) controls whose distance along x, y and z scales the offsets' x, y and z.
        lengths: (3,) metres.
        weights: (K, 24) skin weights over the SMPL joints.
    """

    rows: Sparse
    offsets: NDArray[np.float32]
    pairs: NDArray[np.int64]
    lengths: NDArray[np.float64]
    weights: Sparse

    @property
    def count(self) -> int:
        return len(self.offsets)

    def scales(self, modelled: NDArray[np.float64]) -> NDArray[np.float64]:
        """How much longer the pairs are (3,) in a person with controls (C, 3) in the base mesh's pose."""
        axes = np.arange(3)
        return np.abs(modelled[self.pairs[:, 0], axes] - modelled[self.pairs[:, 1], axes]) / self.lengths

    def modelled(self, modelled: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places (K, 3) over controls (C, 3), both in the base mesh's pose, metres."""
        return np.asarray(self.rows @ modelled) + self.offsets * self.scales(modelled)

    def places(self, body: Body, rest: RestPose, moved: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Places (K, 3) on a person with the arms lowered as the skin's are, by the vertices' own skin weights.

        ``moved`` (K, 3) stands for what :meth:`modelled` gives, where something was done to it.
        """
        places = self.modelled(body.modelled) if moved is None else moved
        return rest.lowered(places, self.weights, joints_of(body.look.landmarks))

    def part(self, kept: NDArray[np.integer]) -> Fitting:
        """The vertices ``kept`` alone, in that order."""
        return replace(self, rows=self.rows[kept], offsets=self.offsets[kept], weights=self.weights[kept])

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        plain = {"offsets": self.offsets, "pairs": self.pairs.astype(np.int16), "lengths": self.lengths}
        return plain | sparse_arrays("rows", self.rows) | sparse_arrays("weights", self.weights)

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Fitting:
        return cls(
            rows=sparse_from(arrays, "rows"),
            offsets=arrays["offsets"],
            pairs=arrays["pairs"].astype(np.int64),
            lengths=arrays["lengths"],
            weights=sparse_from(arrays, "weights"),
        )
