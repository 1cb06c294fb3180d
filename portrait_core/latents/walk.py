# SPDX-License-Identifier: Apache-2.0
"""Smooth closed curves through latents or style rows, for videos that lead from person to person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import interpolate


def closed_walk(keys: Sequence[NDArray[np.float32]], frames: int) -> Iterator[NDArray[np.float32]]:
    """``frames`` steps from each of ``keys`` (any one shape) to the next, and from the last back to the first.

    A periodic cubic spline: every key is met exactly, and the end runs into the beginning without a jolt. Raises
    ``ValueError`` for fewer than two keys.
    """
    if len(keys) < 2:
        raise ValueError(f"a walk needs at least two keys, got {len(keys)}")
    stations = np.stack([*keys, keys[0]]).astype(np.float64)
    spline = interpolate.CubicSpline(np.arange(len(stations)), stations, bc_type="periodic")
    for number in range(frames * len(keys)):
        yield np.asarray(spline(number / frames), np.float32)
