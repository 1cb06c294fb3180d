# SPDX-License-Identifier: Apache-2.0
"""A neckline that follows a person's two numbers, its depth and its shape.

Where a cloth's vertices lie on the body is known for a grid of depths and shapes; between them places are mixed. So the
mesh and its texture are the same for everybody, and its border runs where the closed form says.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.parts.arrays import Arrays, Sparse, sparse_arrays, sparse_from
from portrait_core.parts.code_units import in_metres
from portrait_core.parts.person_look import PersonLook

LEAST = 0.004
"""Smaller skin weights count as none."""


@dataclass(frozen=True, eq=False)
class Neckline:
    """M vertices of a garment that move, over C controls, for D depths and S shapes.

    Attributes:
        depths: (D,) metres, growing; shapes: (S,), growing.
        vertices: (M,) which of the garment's vertices move.
        rows: (D * S * M, C), a row of the grid's last number each M.
        offsets: (D, S, M, 3) metres, as those of :class:`portrait_core.parts.fitting.Fitting`.
        heights: (D, S, M) metres above the eyes of the canonical body.
    """

    depths: NDArray[np.float64]
    shapes: NDArray[np.float64]
    vertices: NDArray[np.int64]
    rows: Sparse
    offsets: NDArray[np.float32]
    heights: NDArray[np.float32]

    def held(self, look: PersonLook) -> tuple[float, float]:
        """A person's depth, metres, and shape, held within the grid."""
        asked = in_metres(look, "neck_depth"), look.scalars["neck_shape"]
        depth, shape = (float(np.clip(each, of[0], of[-1])) for each, of in zip(asked, self._grid, strict=True))
        return depth, shape

    @property
    def _grid(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return self.depths, self.shapes

    def shares(self, look: PersonLook) -> list[tuple[int, int, float]]:
        """The places of the grid between which a person's neckline lies, and the share of each."""
        deep, shaped = (_between(of, each) for of, each in zip(self._grid, self.held(look), strict=True))
        return [(d, s, p * q) for d, p in deep for s, q in shaped if p * q > 0]

    def places(
        self, look: PersonLook, modelled: NDArray[np.float64], scales: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """(M, 3) over controls (C, 3) in the base mesh's pose, with the offsets' ``scales`` (3,)."""
        result = np.zeros((len(self.vertices), 3))
        for depth, shape, share in self.shares(look):
            result += share * (np.asarray(self._rows(depth, shape) @ modelled) + self.offsets[depth, shape] * scales)
        return result

    def heights_of(self, look: PersonLook) -> NDArray[np.float64]:
        """(M,) metres above the eyes of the canonical body."""
        return np.sum([share * self.heights[d, s] for d, s, share in self.shares(look)], axis=0)

    def weights_of(self, look: PersonLook, weights: Sparse) -> NDArray[np.float64]:
        """(M, 24) skin weights, those of the skin under the vertices, small ones among them (see :func:`cleared`);
        ``weights`` (C, 24) of the controls."""
        result = np.zeros((len(self.vertices), weights.shape[1]))
        for depth, shape, share in self.shares(look):
            result += share * np.asarray((self._rows(depth, shape) @ weights).todense())
        return result

    def _rows(self, depth: int, shape: int) -> Sparse:
        if (depth, shape) not in self._split:
            first = (depth * len(self.shapes) + shape) * len(self.vertices)
            self._split[depth, shape] = self.rows[first : first + len(self.vertices)]
        return self._split[depth, shape]

    @cached_property
    def _split(self) -> dict[tuple[int, int], Sparse]:
        """The rows of the places of the grid that persons have had."""
        return {}

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        plain = {
            "depths": self.depths.astype(np.float32),
            "shapes": self.shapes.astype(np.float32),
            "vertices": self.vertices.astype(np.int16),
            "offsets": self.offsets.astype(np.float16),
            "heights": self.heights.astype(np.float16),
        }
        return plain | sparse_arrays("rows", self.rows)

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Neckline:
        return cls(
            depths=arrays["depths"].astype(np.float64),
            shapes=arrays["shapes"].astype(np.float64),
            vertices=arrays["vertices"].astype(np.int64),
            rows=sparse_from(arrays, "rows"),
            offsets=arrays["offsets"].astype(np.float32),
            heights=arrays["heights"].astype(np.float32),
        )


def cleared(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Skin weights (M, 24) without the small ones, rows summing to one."""
    large = np.where(weights > LEAST, weights, 0)
    return large / large.sum(axis=1, keepdims=True)


def _between(steps: NDArray[np.float64], value: float) -> list[tuple[int, float]]:
    """The two steps around a value within them, and their shares."""
    upper = int(np.clip(np.searchsorted(steps, value), 1, len(steps) - 1))
    share = (value - steps[upper - 1]) / (steps[upper] - steps[upper - 1])
    return [(upper - 1, 1 - share), (upper, share)]
