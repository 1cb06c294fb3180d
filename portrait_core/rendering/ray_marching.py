# SPDX-License-Identifier: Apache-2.0
"""Sorted samples to one colour, depth and opacity a ray (docs/published/generator.md, section 9.5)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class March:
    """Result of `ray_march`: ``colours[B, rays, C]``, ``depth[B, rays, 1]``, ``weights[B, rays, S - 1, 1]``.

    ``depth`` is not a number where a ray is empty; see `fill_depth`.
    """

    colours: Tensor
    depth: Tensor
    weights: Tensor

    @property
    def opacity(self) -> Tensor:
        """Sum of the weights, ``[B, rays, 1]``."""
        return self.weights.sum(dim=2)


def march_weights(densities: Tensor, depths: Tensor) -> Tensor:
    """Weights ``[B, rays, S - 1, 1]`` of the intervals between raw ``densities[B, rays, S, 1]`` at sorted
    ``depths``."""
    steps = depths[:, :, 1:] - depths[:, :, :-1]
    middle = functional.softplus((densities[:, :, :-1] + densities[:, :, 1:]) / 2 - 1)
    alpha = 1 - torch.exp(-middle * steps)
    passed = torch.cat([torch.ones_like(alpha[:, :, :1]), 1 - alpha + 1e-10], dim=2)
    return alpha * torch.cumprod(passed, dim=2)[:, :, :-1]


def ray_march(colours: Tensor, densities: Tensor, depths: Tensor, *, white_back: bool = False) -> March:
    """Composite samples by the mid-point rule.

    Args:
        colours: ``[B, rays, S, C]``.
        densities: raw densities ``[B, rays, S, 1]``; neighbours are averaged before the softplus.
        depths: ``[B, rays, S, 1]``, ascending.
        white_back: add what the ray lets through to the colours.
    """
    weights = march_weights(densities, depths)
    opacity = weights.sum(dim=2)
    composite = (weights * (colours[:, :, :-1] + colours[:, :, 1:]) / 2).sum(dim=2)
    depth = (weights * (depths[:, :, :-1] + depths[:, :, 1:]) / 2).sum(dim=2) / opacity
    if white_back:
        composite = composite + 1 - opacity
    return March(composite, depth, weights)


def fill_depth(depth: Tensor, nearest: Tensor | float, farthest: Tensor | float) -> Tensor:
    """Replace depths of empty rays by ``farthest`` and keep all within the two limits.

    The published limits are those of all samples of the whole batch.
    """
    filled = torch.nan_to_num(depth, nan=float("inf"))
    if not isinstance(nearest, Tensor):
        nearest = torch.tensor(nearest, dtype=depth.dtype, device=depth.device)
    if not isinstance(farthest, Tensor):
        farthest = torch.tensor(farthest, dtype=depth.dtype, device=depth.device)
    return filled.clamp(nearest, farthest)
