# SPDX-License-Identifier: Apache-2.0
"""The published shape-extraction lattice with its quirks (docs/published/scripts.md, section 5).

Only for comparison with files that the published scripts wrote; `portrait_core.shape` uses a lattice without quirks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIDE = 0.8
"""Side of the published cube, for a box of side 1."""
BLANK = -1000.0
"""What the border of the volume is filled with."""


def voxel_size(count: int, side: float = SIDE) -> float:
    """Distance of neighbouring lattice points of a cube with ``count`` points a side."""
    return side / (count - 1)


def lattice_points(index: NDArray[np.int64], count: int, side: float = SIDE) -> NDArray[np.float32]:
    """Points (N, 3) of flat indices (N,) into the published lattice.

    The z index is whole, but y and x indices come from a true division in float32: rows are sheared by up to a voxel,
    and above 2^24 neighbouring indices collapse.
    """
    flat = index.astype(np.float32)
    whole = np.float32(count)
    k = (index % count).astype(np.float32)
    j = np.mod(flat / whole, whole)
    i = np.mod(flat / whole / whole, whole)
    steps = np.stack([i, j, k], axis=1)
    return steps * np.float32(voxel_size(count, side)) + np.float32(-side / 2)


def border_width(count: int, share: int = 30) -> int:
    """Voxels blanked on every side: ``int(share * count / 256)``; the video script uses a share of 38."""
    return int(share * count / 256)


def blanked_volume(volume: NDArray[np.float32], fill: float = BLANK) -> NDArray[np.float32]:
    """The density volume [x, y, z] as the scripts store it: x reversed, its border blanked."""
    stored = volume[::-1].copy()
    width = border_width(len(stored))
    for axis in range(3):
        for edge in (slice(0, width), slice(len(stored) - width, None)):
            where: list[slice] = [slice(None)] * 3
            where[axis] = edge
            stored[tuple(where)] = fill
    return stored


def mesh_volume(stored: NDArray[np.float32]) -> NDArray[np.float32]:
    """The stored volume with its axes reversed, as the scripts hand it to marching cubes (level 15, spacing 1)."""
    return np.ascontiguousarray(stored.transpose(2, 1, 0))


def world_of_mesh(vertices: NDArray[np.float32], count: int, side: float = SIDE) -> NDArray[np.float32]:
    """World places (V, 3) of vertices the scripts exported in voxel units (z, y, count - 1 - x)."""
    a, b, c = vertices.astype(np.float64).T
    steps = np.stack([count - 1 - c, b, a], axis=1)
    return (steps * voxel_size(count, side) - side / 2).astype(np.float32)


def pads(count: int) -> tuple[int, int]:
    """Border widths of the still and of the video script."""
    return border_width(count), border_width(count, 38)
