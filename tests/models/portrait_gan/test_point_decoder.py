# SPDX-License-Identifier: Apache-2.0
"""Gathered table rows against the look-up of the specification."""

from __future__ import annotations

import pytest
import torch

from portrait_core.models.portrait_gan.point_decoder import GatheredDecoder
from portrait_core.networks.decoder import Decoder
from portrait_core.networks.initialise import initialise
from portrait_core.networks.trigrid import sample_trigrid_volumetric


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("box_warp", [1.0, 0.7])
def test_density_and_features_are_the_oracle_s(depth: int, box_warp: float) -> None:
    generator = torch.Generator().manual_seed(3)
    decoder = Decoder(4, 5, hidden=8)
    initialise(decoder, generator)
    planes = torch.randn(1, 3, 4 * depth, 9, 7, generator=generator)
    # Also far outside and exactly on the walls.
    points = (torch.rand(3000, 3, generator=generator) - 0.5) * 1.5
    points[:8] = torch.cartesian_prod(*[torch.tensor([-box_warp / 2, box_warp / 2])] * 3)
    gathered = GatheredDecoder(decoder, planes, depth=depth, box_warp=box_warp)
    with torch.no_grad():
        found = sample_trigrid_volumetric(planes, points[None], depth=depth, box_warp=box_warp)
        sigma, colour = decoder(found)
        own_sigma, own_colour = gathered(points)
    torch.testing.assert_close(own_sigma, sigma[0, :, 0], atol=2e-6, rtol=1e-5)
    torch.testing.assert_close(own_colour, colour[0], atol=2e-6, rtol=1e-5)


def test_no_points_are_no_mistake() -> None:
    decoder = Decoder(4, 5, hidden=8)
    gathered = GatheredDecoder(decoder, torch.zeros(1, 3, 4, 6, 6), depth=1, box_warp=1.0)
    sigma, colour = gathered(torch.zeros(0, 3))
    assert sigma.shape == (0,) and colour.shape == (0, 5)
