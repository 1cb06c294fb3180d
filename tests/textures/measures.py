# SPDX-License-Identifier: Apache-2.0
"""What the tests of textures measure with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from textures import srgb_to_linear
from textures.distortion import triangle_frames
from textures.overlaps import crossed
from textures.topology import border_loops


def stretches(corners: NDArray[np.float64], flat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Singular values of each triangle's map from the surface to ``flat`` (F, 3, 2): (F, 2), the greater first."""
    frames = triangle_frames(corners)
    shape = np.stack([frames[:, 1] - frames[:, 0], frames[:, 2] - frames[:, 0]], axis=2)
    image = np.stack([flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]], axis=2)
    return np.asarray(np.linalg.svd(image @ np.linalg.inv(shape), compute_uv=False), np.float64)


def overlapping(uvs: NDArray[np.float64], glued: NDArray[np.int32], chart: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the border of each chart crosses or touches itself (C,)."""
    of_vertex = np.zeros(len(uvs), np.int64)
    of_vertex[glued.ravel()] = np.repeat(chart, 3)
    every = np.ones(int(chart.max(initial=-1)) + 1, np.bool_)
    return crossed(uvs, border_loops(glued), of_vertex, every)


def decode_srgb(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """8-bit sRGB of any shape -> linear light, 0 to 1."""
    table = srgb_to_linear(np.arange(256, dtype=np.float32) / np.float32(255.0))
    return table[image]
