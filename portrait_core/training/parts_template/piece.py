# SPDX-License-Identifier: Apache-2.0
"""A garment while it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Piece:
    """A garment while it is made: ``rows`` (K, N) and ``places`` (K, 3) on the mannequin, ``canonical`` (K, 3) on the
    canonical body, ``quads``, ``corners`` (Q, 4), ``uvs`` (U, 2)."""

    rows: Any
    places: NDArray[np.float64]
    canonical: NDArray[np.float64]
    quads: NDArray[np.int64]
    corners: NDArray[np.int64]
    uvs: NDArray[np.float32]
