# SPDX-License-Identifier: Apache-2.0
"""Bias, activation, gain and clamp in one fixed order (docs/published/generator.md, section 2)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

ActivationName = Literal["linear", "relu", "lrelu", "tanh", "sigmoid", "elu", "selu", "softplus", "swish"]


@dataclass(frozen=True)
class Activation:
    """A point-wise function and the gain that restores unit variance after it."""

    function: Callable[[Tensor], Tensor]
    gain: float


def _identity(x: Tensor) -> Tensor:
    return x


def _leaky(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, 0.2)


def _elu(x: Tensor) -> Tensor:
    return functional.elu(x)


def _selu(x: Tensor) -> Tensor:
    return functional.selu(x)


def _softplus(x: Tensor) -> Tensor:
    return functional.softplus(x)


def _swish(x: Tensor) -> Tensor:
    return torch.sigmoid(x) * x


ACTIVATIONS: Mapping[ActivationName, Activation] = {
    "linear": Activation(_identity, 1.0),
    "relu": Activation(torch.relu, math.sqrt(2)),
    "lrelu": Activation(_leaky, math.sqrt(2)),
    "tanh": Activation(torch.tanh, 1.0),
    "sigmoid": Activation(torch.sigmoid, 1.0),
    "elu": Activation(_elu, 1.0),
    "selu": Activation(_selu, 1.0),
    "softplus": Activation(_softplus, 1.0),
    "swish": Activation(_swish, math.sqrt(2)),
}


def bias_act(
    x: Tensor,
    bias: Tensor | None = None,
    *,
    activation: ActivationName = "linear",
    gain: float | None = None,
    clamp: float | None = None,
) -> Tensor:
    """Add ``bias`` along dimension 1, apply the activation, multiply by ``gain``, then clamp to +-``clamp``.

    Args:
        x: ``[B, C, ...]``.
        bias: ``[C]`` or None.
        activation: a key of `ACTIVATIONS`.
        gain: factor after the activation; None takes the activation's own gain.
        clamp: absolute limit after the gain; None for no limit.

    Returns:
        A tensor of the shape of ``x``.
    """
    chosen = ACTIVATIONS[activation]
    if bias is not None:
        x = x + bias.to(x.dtype).reshape([1, -1] + [1] * (x.ndim - 2))
    x = chosen.function(x)
    factor = chosen.gain if gain is None else gain
    if factor != 1:
        x = x * factor
    return x if clamp is None else x.clamp(-clamp, clamp)
