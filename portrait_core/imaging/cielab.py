# SPDX-License-Identifier: Apache-2.0
"""CIE L*a*b* (1976), in which colours that look as different are as far apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.imaging.colour_space import srgb_to_linear

_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = np.array([0.9505, 1.0, 1.089])
"""Daylight D65."""


def cielab(srgb: NDArray[np.floating]) -> NDArray[np.float64]:
    """(..., 3) L*, a* and b* of sRGB colours (..., 3), 0 to 1 (clipped)."""
    linear = srgb_to_linear(np.clip(np.asarray(srgb, np.float32), 0, 1)).astype(np.float64)
    xyz = linear @ _TO_XYZ.T / _WHITE
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
