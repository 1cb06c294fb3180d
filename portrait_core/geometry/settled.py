# SPDX-License-Identifier: Apache-2.0
"""Lengths on a grid of a micrometre, so that every machine gets the same numbers.

Sums of floats depend on their order, and libraries choose the order by processor and thread count. What is computed in
float64, where orders differ by parts in 10^15, and rounded to a grid differs between two machines only where a value
happens to lie within rounding errors of the middle between two steps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STEPS = float(1 << 20)
"""Steps of the grid in a metre: a power of two, so that every place on it below eight metres is a float32."""


def settled(metres: NDArray[np.floating]) -> NDArray[np.float32]:
    """Lengths, any shape, rounded to the grid."""
    return (np.round(np.asarray(metres, np.float64) * STEPS) / STEPS).astype(np.float32)
