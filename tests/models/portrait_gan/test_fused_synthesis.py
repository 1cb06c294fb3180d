# SPDX-License-Identifier: Apache-2.0
"""Fused synthesis against the modules' own forward."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from portrait_core.models.portrait_gan.fused_synthesis import fused_network, fused_superresolution
from portrait_core.networks.initialise import initialise
from portrait_core.networks.superresolution import Superresolution
from portrait_core.networks.synthesis import SynthesisNetwork


def stirred(module: torch.nn.Module) -> Any:
    """Random weights, biases and noise strengths: an initial zero would hide a mistake."""
    generator = torch.Generator().manual_seed(5)
    initialise(module, generator)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name.endswith(("bias", "noise_strength")):
                parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.3)
    return module.eval().requires_grad_(False)


@pytest.mark.parametrize("noise_mode", ["const", "none"])
@pytest.mark.parametrize("clamp", [None, 0.7])
def test_networks(noise_mode: Any, clamp: float | None) -> None:
    network = stirred(SynthesisNetwork(16, 32, 6, channel_base=256, channel_max=12, conv_clamp=clamp))
    ws = torch.randn(1, network.num_ws, 16, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(
        fused_network(network, ws, noise_mode=noise_mode), network(ws, noise_mode=noise_mode), atol=2e-5, rtol=2e-5
    )


@pytest.mark.parametrize("variant", ["2X", "4X"])
@pytest.mark.parametrize("size", [16, 64])
def test_superresolution(variant: Any, size: int) -> None:
    module = stirred(Superresolution(4, variant))
    generator = torch.Generator().manual_seed(1)
    rgb = torch.randn(1, 3, size, size, generator=generator)
    features = torch.randn(1, 4, size, size, generator=generator)
    ws = torch.randn(1, 3, 512, generator=generator)
    kept = rgb.clone(), features.clone()
    found = fused_superresolution(module, rgb, features, ws)
    assert torch.equal(rgb, kept[0]) and torch.equal(features, kept[1]), "neither input is changed"
    torch.testing.assert_close(found, module(rgb, features, ws), atol=1e-3, rtol=1e-4)


def test_what_it_cannot_do_is_refused() -> None:
    network = stirred(SynthesisNetwork(16, 8, 3, channel_base=64, channel_max=8))
    with pytest.raises(ValueError, match="expected \\[1, 4, 16\\]"):
        fused_network(network, torch.zeros(2, 4, 16))
    with pytest.raises(ValueError, match="'random'"):
        fused_network(network, torch.zeros(1, 4, 16), noise_mode="random")


def test_kernel_and_filter_in_phases() -> None:
    """What graphics cards do instead of a transposed convolution and a filter, in float64 and with any filter."""
    from torch.nn import functional as nnf

    from portrait_core.models.portrait_gan.fused_synthesis import _in_phases

    generator = torch.Generator().manual_seed(3)
    x, kernel, bias, taps = (
        torch.randn(shape, generator=generator, dtype=torch.float64)
        for shape in ((1, 5, 7, 9), (4, 5, 3, 3), (4,), (4, 4))
    )
    doubled = nnf.conv_transpose2d(x, kernel.transpose(0, 1), stride=2)
    wanted = nnf.conv2d(doubled, (taps * 4).expand(4, 1, -1, -1), bias, padding=1, groups=4)
    torch.testing.assert_close(_in_phases(x, kernel, taps, bias), wanted)
