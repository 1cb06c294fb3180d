# SPDX-License-Identifier: Apache-2.0
"""Convolution whose weight is scaled per sample by a style (docs/published/generator.md, section 4)."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from portrait_core.networks.resampling import FIR_TAPS, fir, upsample2


def modulated_conv2d(
    x: Tensor,
    weight: Tensor,
    styles: Tensor,
    *,
    noise: Tensor | None = None,
    up: int = 1,
    demodulate: bool = True,
) -> Tensor:
    """Modulated convolution as ``conv(x s, W) d + noise``: one shared weight for the batch, no grouped
    copies.

    Args:
        x: ``[B, I, H, W]``.
        weight: ``[O, I, k, k]``, k = 1 or 3.
        styles: ``[B, I]``.
        noise: anything that broadcasts to the output, added after the convolution.
        up: 1, or 2 to double height and width.
        demodulate: divide each output channel by the norm of its modulated weight.

    Returns:
        ``[B, O, up H, up W]``.
    """
    if up not in (1, 2):
        raise ValueError(f"got up-sampling factor {up}; a modulated convolution knows 1 and 2")
    if x.dtype == torch.float16 and demodulate:
        # Both factors cancel in the demodulation; they only keep half precision away from its limits.
        fan_in = weight.shape[1] * weight.shape[2] * weight.shape[3]
        weight = weight / (math.sqrt(fan_in) * weight.abs().amax(dim=(1, 2, 3), keepdim=True))
        styles = styles / styles.abs().amax(dim=1, keepdim=True)
    y = x * styles.to(x.dtype)[:, :, None, None]
    kernel = weight.to(x.dtype)
    if up == 1:
        y = functional.conv2d(y, kernel, padding=weight.shape[2] // 2)
    elif weight.shape[2] == 1:
        y = upsample2(functional.conv2d(y, kernel))
    else:
        y = functional.conv_transpose2d(y, kernel.transpose(0, 1), stride=2)
        y = fir(y, FIR_TAPS, padding=(1, 1), gain=4.0)
    if demodulate:
        y = y * demodulation(weight, styles).to(x.dtype)[:, :, None, None]
    return y if noise is None else y + noise.to(y.dtype)


def demodulation(weight: Tensor, styles: Tensor) -> Tensor:
    """``1 / sqrt(sum (W s)^2 + 1e-8)`` for every sample and output channel: ``[B, O]``."""
    energy = weight.square().sum(dim=(2, 3))
    return torch.rsqrt(styles.square() @ energy.t() + 1e-8)
