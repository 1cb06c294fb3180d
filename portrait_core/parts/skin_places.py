# SPDX-License-Identifier: Apache-2.0
"""Where the skin's vertices lie in the model's canonical head, and what is to be bare there: for painting its maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.parts.arrays import Arrays

BARE = ("scalp", "brow", "lash", "mouth", "lips", "socket")
"""Columns of :attr:`SkinPlaces.bare`: where hair, brows and lashes are parts of their own; the inside of the mouth;
near the line where the lips meet; the inside of the lids."""


@dataclass(frozen=True, eq=False)
class SkinPlaces:
    """Of the V1 vertices of the skin's level 1: ``canonical`` (V1, 3) float32 metres, ``bare`` (V1, 6) from 0 to 1."""

    canonical: NDArray[np.float32]
    bare: NDArray[np.float32]

    def columns(self) -> NDArray[np.float32]:
        """(V1, 9): both side by side."""
        return np.concatenate([self.canonical, self.bare], axis=1)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        return {"canonical": self.canonical, "bare": np.rint(self.bare * 255).astype(np.uint8)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> SkinPlaces:
        return cls(arrays["canonical"], (arrays["bare"] / 255).astype(np.float32))
