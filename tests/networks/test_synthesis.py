# SPDX-License-Identifier: Apache-2.0
"""Modulated convolution against its definition, noise modes, and shapes of the synthesis network."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as functional

from portrait_core.networks.modulated_conv import modulated_conv2d
from portrait_core.networks.resampling import resample_filter, upsample2
from portrait_core.networks.synthesis import SynthesisLayer, SynthesisNetwork


def grouped_oracle(x, weight, styles, demodulate):
    """The definition: every sample has its own modulated weight."""
    results = []
    for sample, style in zip(x, styles, strict=True):
        own = weight * style[None, :, None, None]
        if demodulate:
            own = own / (own.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
        results.append(functional.conv2d(sample[None], own, padding=weight.shape[2] // 2)[0])
    return torch.stack(results)


@pytest.mark.parametrize("demodulate", [False, True])
@pytest.mark.parametrize("size", [1, 3])
def test_shared_weight_form_equals_definition(size, demodulate):
    random = torch.Generator().manual_seed(size)
    x, styles = torch.randn(3, 5, 8, 8, generator=random), torch.randn(3, 5, generator=random)
    weight = torch.randn(4, 5, size, size, generator=random)
    ours = modulated_conv2d(x, weight, styles, demodulate=demodulate)
    assert torch.allclose(ours, grouped_oracle(x, weight, styles, demodulate), atol=1e-5)


def test_upsample_equals_definition():
    x = torch.randn(1, 2, 5, 5, generator=torch.Generator().manual_seed(0))
    spread = torch.zeros(1, 2, 10, 10)
    spread[:, :, ::2, ::2] = x
    kernel = (4 * resample_filter()).expand(2, 1, 4, 4)
    assert torch.allclose(upsample2(x), functional.conv2d(functional.pad(spread, (2, 1, 2, 1)), kernel, groups=2))


def test_random_noise_needs_and_obeys_a_generator():
    layer = SynthesisLayer(3, 3, w_dim=4, resolution=8)
    torch.nn.init.ones_(layer.noise_strength)
    x, w = torch.zeros(2, 3, 8, 8), torch.zeros(2, 4)
    with pytest.raises(ValueError, match="Generator"):
        layer(x, w, noise_mode="random")
    first = layer(x, w, noise_mode="random", generator=torch.Generator().manual_seed(1))
    again = layer(x, w, noise_mode="random", generator=torch.Generator().manual_seed(1))
    other = layer(x, w, noise_mode="random", generator=torch.Generator().manual_seed(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first[0], first[1])


@pytest.mark.parametrize(("resolution", "rows"), [(4, 2), (64, 10), (256, 14)])
def test_rows_and_sizes(resolution, rows):
    network = SynthesisNetwork(16, resolution, 6, channel_base=1024, channel_max=4)
    assert network.num_ws == rows
    with torch.no_grad():
        assert network(torch.zeros(2, rows, 16)).shape == (2, 6, resolution, resolution)


def test_wrong_row_count_is_told():
    network = SynthesisNetwork(16, 8, 6, channel_base=64, channel_max=8)
    with pytest.raises(ValueError, match=r"\[B, 4, 16\]"):
        network(torch.zeros(1, 3, 16))
    with pytest.raises(ValueError, match="power of two"):
        SynthesisNetwork(16, 24, 6)
