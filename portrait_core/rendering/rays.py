# SPDX-License-Identifier: Apache-2.0
"""Camera labels to rays (docs/published/generator.md, sections 9.1 and 9.2)."""

from __future__ import annotations

import torch
from torch import Tensor


def rays_of_labels(c: Tensor, resolution: int) -> tuple[Tensor, Tensor]:
    """Rays of camera labels ``c[B, 25]``; see `rays`."""
    return rays(c[:, :16].reshape(-1, 4, 4), c[:, 16:25].reshape(-1, 3, 3), resolution)


def rays(cam2world: Tensor, intrinsics: Tensor, resolution: int) -> tuple[Tensor, Tensor]:
    """Origins and unit directions ``[B, R * R, 3]``, row by row, through the middles of R x R pixels.

    Args:
        cam2world: ``[B, 4, 4]``.
        intrinsics: ``[B, 3, 3]`` in units of the picture's side; a skew is honoured.
        resolution: R.
    """
    middles = (torch.arange(resolution, dtype=cam2world.dtype, device=cam2world.device) + 0.5) / resolution
    v, u = (grid.reshape(1, -1) for grid in torch.meshgrid(middles, middles, indexing="ij"))
    fx, fy = intrinsics[:, 0, 0, None], intrinsics[:, 1, 1, None]
    cx, cy = intrinsics[:, 0, 2, None], intrinsics[:, 1, 2, None]
    skew = intrinsics[:, 0, 1, None]
    x = (u - cx + cy * skew / fy - skew * v / fy) / fx
    y = (v - cy) / fy
    in_camera = torch.stack([x, y, torch.ones_like(x)], dim=-1)
    directions = torch.nn.functional.normalize(in_camera @ cam2world[:, :3, :3].transpose(1, 2), dim=-1)
    origins = cam2world[:, None, :3, 3].expand_as(directions)
    return origins, directions


def box_bounds(origins: Tensor, directions: Tensor, side: float) -> tuple[Tensor, Tensor, Tensor]:
    """Where rays enter and leave the cube of ``side`` about the world's origin.

    Returns:
        Entry and exit distances and whether the ray hits, each ``[..., 1]``; distances of a miss mean nothing.
    """
    inverse = 1 / directions
    low, high = (-side / 2 - origins) * inverse, (side / 2 - origins) * inverse
    near = torch.minimum(low, high).amax(dim=-1, keepdim=True)
    far = torch.maximum(low, high).amin(dim=-1, keepdim=True)
    return near, far, near <= far


def auto_bounds(origins: Tensor, directions: Tensor, side: float) -> tuple[Tensor, Tensor]:
    """`box_bounds` with stand-ins for rays that miss: the nearest entry, and the farthest *entry*, of the others.

    The second stand-in is an entry, not an exit, in the published code; kept.
    """
    near, far, hit = box_bounds(origins, directions, side)
    if bool(hit.any()):
        far = torch.where(hit, far, near[hit].max())
        near = torch.where(hit, near, near[hit].min())
    return near, far
