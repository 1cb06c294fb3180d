# SPDX-License-Identifier: Apache-2.0
"""The controls of a person: the vertices of the base mesh that parts hang on, linear in the person's coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.parts.arrays import Arrays, Sparse, sparse_arrays, sparse_from


@dataclass(frozen=True, eq=False)
class Controls:
    """C vertices, K coefficients.

    Attributes:
        index: (C,) which vertex of the base mesh (hm08) each is.
        mean: (C, 3) float32 places of the mean person, metres, neck joint at the origin, un-posed, arms as modelled.
        basis: (C, 3, K) float16, metres a unit of each coefficient.
        weights: (C, J) skin weights over the SMPL joints, rows sum to one.
    """

    index: NDArray[np.int64]
    mean: NDArray[np.float32]
    basis: NDArray[np.float16]
    weights: Sparse

    @property
    def count(self) -> int:
        return len(self.mean)

    def rows_of(self, vertices: NDArray[np.integer]) -> NDArray[np.int64]:
        """Which controls the base mesh's ``vertices``, any shape, are; raises ``KeyError`` for one that is none."""
        order = np.argsort(self.index, kind="stable")
        place = np.clip(np.searchsorted(self.index, vertices, sorter=order), 0, len(order) - 1)
        found = order[place]
        if bool((self.index[found] != vertices).any()):
            raise KeyError(f"the base mesh's vertex {np.asarray(vertices)[self.index[found] != vertices][0]}")
        return found

    def places(self, coefficients: NDArray[np.floating]) -> NDArray[np.float64]:
        """(C, 3) of a person with these coefficients (K,).

        Raises ``ValueError`` for another number of coefficients.
        """
        given = np.asarray(coefficients, np.float64)
        if given.shape != (self.basis.shape[2],):
            raise ValueError(f"controls: coefficients of shape {given.shape}; expected ({self.basis.shape[2]},)")
        return self._mean + (self._basis @ given).reshape(-1, 3)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        plain = {"index": self.index.astype(np.int16), "mean": self.mean, "basis": self.basis}
        return plain | sparse_arrays("weights", self.weights)

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Controls:
        index = arrays["index"].astype(np.int64)
        return cls(index, arrays["mean"], arrays["basis"], sparse_from(arrays, "weights"))

    @cached_property
    def _mean(self) -> NDArray[np.float64]:
        return self.mean.astype(np.float64)

    @cached_property
    def _basis(self) -> NDArray[np.float64]:
        return self.basis.astype(np.float64).reshape(-1, self.basis.shape[2])
