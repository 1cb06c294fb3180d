# SPDX-License-Identifier: Apache-2.0
"""Planes as a mean and a style-weighted sum of learnt coarse planes, added to what the synthesis network makes."""

from __future__ import annotations

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from portrait_core.networks.fully_connected import FullyConnectedLayer
from portrait_core.networks.initialise import fill_normal


class PlaneBasis(nn.Module):
    """``mean[C, S, S]`` plus coarse ``basis[N, C, s, s]`` weighted by the style, as an addition to a
    backbone's picture.

    Args:
        style_dim: length of the style vector.
        channels, resolution: of the backbone's picture.
        count: planes in the basis.
        coarse: their resolution.
    """

    def __init__(self, style_dim: int, channels: int, resolution: int, *, count: int = 24, coarse: int = 32) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.empty(channels, resolution, resolution, dtype=torch.float32))
        self.basis = nn.Parameter(torch.empty(count, channels, coarse, coarse, dtype=torch.float32))
        self.mix = FullyConnectedLayer(style_dim, count)
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw mean and basis from ``generator``."""
        fill_normal(self.mean, 0.05, generator)
        fill_normal(self.basis, 0.05, generator)

    def forward(self, style: Tensor) -> Tensor:
        """``style[B, style_dim]`` to ``[B, C, S, S]``."""
        count, channels, coarse, _ = self.basis.shape
        mixed = (self.mix(style) @ self.basis.reshape(count, -1)).reshape(-1, channels, coarse, coarse)
        size = [self.mean.shape[1], self.mean.shape[2]]
        return self.mean + nnf.interpolate(mixed, size, mode="bilinear", align_corners=False)
