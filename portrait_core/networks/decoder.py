# SPDX-License-Identifier: Apache-2.0
"""Tri-grid features to raw density and colour features (docs/published/generator.md, section 8)."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from portrait_core.networks.fully_connected import FullyConnectedLayer

DecoderActivation = Literal["none", "sigmoid", "lrelu"]


class Decoder(nn.Module):
    """Mean of the three planes' features, one hidden layer of 64 with softplus, then density and features.

    Args:
        in_features: features of a plane.
        out_features: features of the result.
        activation: applied to the result's features (never to the density); published: ``none``.
        hidden: width of the hidden layer.
        lr_multiplier: learning-rate multiplier of both layers.
    """

    def __init__(
        self,
        in_features: int = 32,
        out_features: int = 32,
        *,
        activation: DecoderActivation = "none",
        hidden: int = 64,
        lr_multiplier: float = 1.0,
    ) -> None:
        super().__init__()
        self.activation: DecoderActivation = activation
        self.net = nn.Sequential(
            FullyConnectedLayer(in_features, hidden, lr_multiplier=lr_multiplier),
            nn.Softplus(),
            FullyConnectedLayer(hidden, 1 + out_features, lr_multiplier=lr_multiplier),
        )

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """``features[B, 3, N, in]`` to the raw density ``[B, N, 1]`` and the features ``[B, N, out]``."""
        mean = features.mean(dim=1)
        batch, count, width = mean.shape
        y = self.net(mean.reshape(batch * count, width)).unflatten(0, (batch, count))
        density, colour = y[..., :1], y[..., 1:]
        if self.activation == "sigmoid":
            colour = torch.sigmoid(colour) * (1 + 2 * 0.001) - 0.001
        elif self.activation == "lrelu":
            colour = functional.leaky_relu(colour, 0.2) * math.sqrt(2)
        return density, colour
