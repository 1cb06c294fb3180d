# SPDX-License-Identifier: Apache-2.0
"""Decoders on a lattice against the decoders point by point."""

from __future__ import annotations

import pytest
import torch

from portrait_core.models.portrait_gan.folded_decoder import FoldedTrigridDecoder
from portrait_core.models.starter.decoder import CanonicalDecoder
from portrait_core.models.starter.folded_decoder import FoldedCanonicalDecoder
from portrait_core.networks.decoder import Decoder
from portrait_core.networks.initialise import initialise
from portrait_core.networks.trigrid import sample_trigrid_volumetric


def random_index(shape: tuple[int, int, int], count: int, generator: torch.Generator) -> torch.Tensor:
    return torch.stack([torch.randint(0, n, (count,), generator=generator) for n in shape], 1)


def axes_of(*ranges: tuple[float, float, int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    x, y, z = (torch.linspace(low, high, count) for low, high, count in ranges)
    return x, y, z


@pytest.mark.parametrize("octaves", [0, 3])
def test_canonical_distances_are_those_of_the_decoder(octaves: int) -> None:
    generator = torch.Generator().manual_seed(5)
    decoder = CanonicalDecoder(4, static_channels=3, static_resolution=20, style_dim=7, hidden=16, octaves=octaves)
    initialise(decoder, generator)
    with torch.no_grad():
        for parameter in decoder.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.3)
        planes = torch.randn(1, 3, 4, 12, 12, generator=generator)
        style = torch.randn(1, 7, generator=generator)
        axes = axes_of((-1, 1, 23), (-0.9, 0.7, 17), (-1, 0.4, 29))
        index = random_index((23, 17, 29), 20_000, generator)
        points = torch.stack([axis[index[:, a]] for a, axis in enumerate(axes)], 1)
        found = FoldedCanonicalDecoder(decoder, planes, style, axes)(index)
        sample = decoder(planes, points[None], style, torch.rand(1, 6, 3, generator=generator))
    torch.testing.assert_close(found[:, 0], sample.body[0], atol=2e-5, rtol=1e-4)
    torch.testing.assert_close(found[:, 1], sample.hair[0], atol=2e-5, rtol=1e-4)
    assert float(found.std()) > 1e-3


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_trigrid_densities_are_those_of_the_decoder(depth: int) -> None:
    """The axes reach beyond the box, where taps count as zero."""
    generator = torch.Generator().manual_seed(6)
    decoder = Decoder(8, 5, hidden=16, lr_multiplier=0.7)
    initialise(decoder, generator)
    with torch.no_grad():
        for parameter in decoder.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator))
        planes = torch.randn(1, 3, 8 * depth, 11, 11, generator=generator)
        axes = axes_of((-1.1, 1.05, 23), (-0.9, 1.2, 17), (-1.3, 0.4, 29))
        index = random_index((23, 17, 29), 20_000, generator)
        points = torch.stack([axis[index[:, a]] for a, axis in enumerate(axes)], 1)[None]
        found = FoldedTrigridDecoder(decoder, planes, axes, depth=depth)(index)
        features = sample_trigrid_volumetric(planes, points * 0.35, depth=depth, box_warp=0.7)
        expected, _ = decoder(features)
    torch.testing.assert_close(found, expected[0, :, 0], atol=1e-4, rtol=1e-4)
    assert float(found.std()) > 0.1
