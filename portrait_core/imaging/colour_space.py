# SPDX-License-Identifier: Apache-2.0
"""sRGB's transfer function (IEC 61966-2-1) for the engine's pictures and palettes; `textures` keeps its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def srgb_to_linear(srgb: NDArray[np.floating]) -> NDArray[np.float32]:
    """sRGB values, 0 to 1, of any shape -> linear light, 0 to 1."""
    curved = np.power((np.maximum(srgb, 0.04045) + 0.055) / 1.055, 2.4)
    return np.where(srgb <= 0.04045, srgb / 12.92, curved).astype(np.float32)


def linear_to_srgb(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear light, 0 to 1 (clipped), of any shape -> sRGB values, 0 to 1."""
    clipped = np.clip(linear, 0.0, 1.0)
    curved = 1.055 * np.power(np.maximum(clipped, 0.0031308), 1.0 / 2.4) - 0.055
    return np.where(clipped <= 0.0031308, 12.92 * clipped, curved).astype(np.float32)
