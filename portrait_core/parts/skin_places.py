# SPDX-License-Identifier: Apache-2.0
"""Where the skin's vertices lie in the model's canonical head, and what is inside: for painting its maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.parts.arrays import Arrays

INSIDE = ("mouth", "socket")
"""Columns of :attr:`SkinPlaces.inside`: the inside of the mouth, the inside of the lids."""


@dataclass(frozen=True, eq=False)
class SkinPlaces:
    """Of the V1 vertices of the skin's level 1: ``canonical`` (V1, 3) float32 metres, ``inside`` (V1, 2), 0 to 1."""

    canonical: NDArray[np.float32]
    inside: NDArray[np.float32]

    def columns(self) -> NDArray[np.float32]:
        """(V1, 5): both side by side."""
        return np.concatenate([self.canonical, self.inside], axis=1)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        return {"canonical": self.canonical, "inside": np.rint(self.inside * 255).astype(np.uint8)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> SkinPlaces:
        return cls(arrays["canonical"], (arrays["inside"] / 255).astype(np.float32))
