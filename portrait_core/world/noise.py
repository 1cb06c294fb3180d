# SPDX-License-Identifier: Apache-2.0
"""Lattice noise that is the same in every run and on every machine: a fixed table, smooth-step interpolation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

_TABLE: FloatArray = np.random.default_rng(1234).random(65536).astype(np.float32)


def lattice_noise(points: FloatArray) -> FloatArray:
    """Smooth noise in [-1, 1] with features of size one: points (N, 3) -> (N,).

    Multiply the points to choose the frequency: ``lattice_noise(p * 60)`` has 60 cells a metre.
    """
    p = np.asarray(points, np.float32)
    floor = np.floor(p)
    cell = floor.astype(np.int64)
    f = p - floor
    f = f * f * (3 - 2 * f)
    total = np.zeros(len(p), np.float32)
    for corner in range(8):
        offset = np.array([corner >> 2 & 1, corner >> 1 & 1, corner & 1])
        weight = np.prod(np.where(offset, f, 1 - f), axis=1)
        i, j, k = (cell + offset).T
        total += weight * _TABLE[(i * 73856093 ^ j * 19349663 ^ k * 83492791) & 65535]
    return total * 2 - 1


def smoothstep(x: FloatArray | float, low: float, high: float) -> FloatArray:
    """0 below ``low``, 1 above ``high``, a cubic between."""
    t = np.clip((np.asarray(x) - low) / (high - low), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)
