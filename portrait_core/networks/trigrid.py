# SPDX-License-Identifier: Apache-2.0
"""Look-up of points in three feature volumes (docs/published/generator.md, section 8).

Plane p of a tri-grid is a volume ``[features, depth, H, W]``. Interpolation is trilinear with half-pixel centres, and
taps outside the volume count as zero, on the depth axis too.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

PLANE_AXES: tuple[tuple[tuple[int, int, int], ...], ...] = (
    ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    ((1, 0, 0), (0, 0, 1), (0, 1, 0)),
    ((0, 1, 0), (0, 0, 1), (1, 0, 0)),
)
"""Published axis matrices; a point times the inverse gives its (width, height, depth) coordinates on a plane."""

PLANE_COORDINATES: tuple[tuple[int, int, int], ...] = ((0, 1, 2), (0, 2, 1), (1, 2, 0))
"""The same as indices: which of x, y, z runs along width, height and depth of planes 0, 1 and 2."""


def project(points: Tensor, box_warp: float) -> Tensor:
    """Plane coordinates ``[B, 3, N, 3]`` in units of half the box of points ``[B, N, 3]`` in world units."""
    scaled = points * (2.0 / box_warp)
    return torch.stack([scaled[..., list(order)] for order in PLANE_COORDINATES], dim=1)


def sample_trigrid(planes: Tensor, points: Tensor, *, depth: int, box_warp: float) -> Tensor:
    """Features ``[B, 3, N, F]`` of ``points`` in every plane; zero outside the box.

    Works plane by plane: one bilinear look-up of all depth slices (which torch vectorises over points, unlike the
    volumetric look-up), then the tent weights of linear interpolation along depth.

    Args:
        planes: ``[B, 3, F * depth, H, W]``, the depth slice being the minor index of the channels.
        points: ``[B, N, 3]`` in world units.
        depth: slices per feature.
        box_warp: side of the box in world units.
    """
    batch, count, channels, _height, _width = planes.shape
    features, rest = divmod(channels, depth)
    if count != 3 or rest:
        raise ValueError(f"got planes {list(planes.shape)}; expected [B, 3, features * {depth}, H, W]")
    places = project(points, box_warp)
    found: list[Tensor] = []
    for plane in range(3):
        where = places[:, plane]
        values = functional.grid_sample(
            planes[:, plane],
            where[:, None, :, :2],
            mode="bilinear",
            padding_mode="zeros",
            align_corners=False,
        )[:, :, 0]
        index = ((where[..., 2] + 1) * depth - 1) / 2
        slices = torch.arange(depth, dtype=index.dtype, device=index.device)
        tent = (1 - (index[:, None] - slices[:, None]).abs()).clamp(min=0)
        found.append((values.reshape(batch, features, depth, -1) * tent[:, None]).sum(dim=2))
    return torch.stack(found, dim=1).transpose(2, 3)


def sample_trigrid_volumetric(planes: Tensor, points: Tensor, *, depth: int, box_warp: float) -> Tensor:
    """The same as `sample_trigrid` by one volumetric look-up: the plain reading of that page, slower."""
    batch, _, channels, height, width = planes.shape
    volumes = planes.reshape(batch * 3, channels // depth, depth, height, width)
    where = project(points, box_warp).reshape(batch * 3, 1, 1, -1, 3)
    values = functional.grid_sample(volumes, where, mode="bilinear", padding_mode="zeros", align_corners=False)
    return values[:, :, 0, 0].reshape(batch, 3, channels // depth, -1).transpose(2, 3)
