# SPDX-License-Identifier: Apache-2.0
"""Plain convolution layer of the discriminator (docs/published/generator.md 4.1, docs/published/discriminator.md 2)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from portrait_core.networks.bias_act import ACTIVATIONS, ActivationName, bias_act
from portrait_core.networks.initialise import fill_normal
from portrait_core.networks.resampling import FIR_TAPS, downsample2, fir, resample_filter, upsample2


class Conv2dLayer(nn.Module):
    """Convolution with run-time weight scaling, optional resampling, bias, activation, gain, clamp.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: 1 or 3.
        bias: whether there is a ``bias[out_channels]``.
        activation: a key of `portrait_core.networks.bias_act.ACTIVATIONS`.
        up: 1, or 2 to double the size (kernel size 1 only).
        down: 1, or 2 to halve the size.
        conv_clamp: limit of the output, None for no limit.
    """

    weight: nn.Parameter
    bias: nn.Parameter | None
    resample_filter: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        bias: bool = True,
        activation: ActivationName = "linear",
        up: int = 1,
        down: int = 1,
        conv_clamp: float | None = None,
    ) -> None:
        super().__init__()
        if (kernel_size, up, down) not in {(1, 1, 1), (1, 2, 1), (1, 1, 2), (3, 1, 1), (3, 1, 2)}:
            raise ValueError(
                f"got kernel size {kernel_size}, up {up}, down {down}; expected kernel 1 with at most one of"
                " up and down 2, or kernel 3 with up 1"
            )
        self.activation: ActivationName = activation
        self.up = up
        self.down = down
        self.conv_clamp = conv_clamp
        self.weight_gain = 1.0 / math.sqrt(in_channels * kernel_size**2)
        self.weight = nn.Parameter(
            torch.empty(out_channels, in_channels, kernel_size, kernel_size, dtype=torch.float32)
        )
        self.register_parameter("bias", nn.Parameter(torch.zeros(out_channels, dtype=torch.float32)) if bias else None)
        self.register_buffer("resample_filter", resample_filter())
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw the weight from ``generator``; the bias becomes 0."""
        fill_normal(self.weight, 1.0, generator)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor, *, gain: float = 1.0) -> Tensor:
        """``[B, I, H, W]`` to ``[B, O, H up / down, W up / down]``; ``gain`` scales output and clamp."""
        kernel = self.weight.to(x.dtype) * self.weight_gain
        if kernel.shape[2] == 1:
            y = functional.conv2d(downsample2(x) if self.down == 2 else x, kernel)
            y = upsample2(y) if self.up == 2 else y
        elif self.down == 2:
            y = functional.conv2d(fir(x, FIR_TAPS, padding=(2, 2)), kernel, stride=2)
        else:
            y = functional.conv2d(x, kernel, padding=1)
        clamp = None if self.conv_clamp is None else self.conv_clamp * gain
        act_gain = ACTIVATIONS[self.activation].gain * gain
        return bias_act(y, self.bias, activation=self.activation, gain=act_gain, clamp=clamp)
