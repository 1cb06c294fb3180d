# SPDX-License-Identifier: Apache-2.0
"""Directions spread evenly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sphere_directions(count: int) -> NDArray[np.float32]:
    """(count, 3) unit vectors spread evenly over the sphere (a Fibonacci spiral)."""
    index = np.arange(count) + 0.5
    height = 1.0 - 2.0 * index / count
    turn = np.pi * (1.0 + 5.0**0.5) * index
    radius = np.sqrt(1.0 - height * height)
    return np.stack([radius * np.cos(turn), height, radius * np.sin(turn)], axis=1).astype(np.float32)
