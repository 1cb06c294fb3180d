# SPDX-License-Identifier: Apache-2.0
"""Fully-connected layer with run-time weight scaling (docs/published/generator.md, section 2)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from portrait_core.networks.bias_act import ActivationName, bias_act
from portrait_core.networks.initialise import fill_normal


class FullyConnectedLayer(nn.Module):
    """``y = act(x (W lambda / sqrt(in))^T + b lambda) * gain(act)``.

    The stored ``weight[out, in]`` is N(0, 1) / lambda at the start, so that the learning-rate multiplier
    ``lambda`` slows its training without changing the layer's output.

    Args:
        in_features: length of an input row.
        out_features: length of an output row.
        bias: whether the layer has a ``bias[out]``.
        activation: a key of `portrait_core.networks.bias_act.ACTIVATIONS`.
        lr_multiplier: lambda.
        bias_init: start value of the bias as it acts (the stored one is this divided by lambda).
    """

    weight: nn.Parameter
    bias: nn.Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        bias: bool = True,
        activation: ActivationName = "linear",
        lr_multiplier: float = 1.0,
        bias_init: float = 0.0,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.activation: ActivationName = activation
        self.lr_multiplier = lr_multiplier
        self.bias_init = bias_init
        self.weight_gain = lr_multiplier / math.sqrt(in_features)
        self.weight = nn.Parameter(torch.empty(out_features, in_features, dtype=torch.float32))
        self.register_parameter("bias", nn.Parameter(torch.empty(out_features, dtype=torch.float32)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw the weight from ``generator`` and set the bias to its constant."""
        fill_normal(self.weight, 1.0 / self.lr_multiplier, generator)
        if self.bias is not None:
            nn.init.constant_(self.bias, self.bias_init / self.lr_multiplier)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x[N, in_features]`` to ``[N, out_features]``."""
        y = x @ (self.weight.to(x.dtype) * self.weight_gain).t()
        bias = None if self.bias is None else self.bias.to(x.dtype) * self.lr_multiplier
        return bias_act(y, bias, activation=self.activation)

    def extra_repr(self) -> str:
        """What ``print`` shows of the layer."""
        return f"{self.in_features} -> {self.out_features}, {self.activation}, lambda={self.lr_multiplier:g}"
