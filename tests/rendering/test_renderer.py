# SPDX-License-Identifier: Apache-2.0
"""The renderer on bodies whose picture is known."""

from __future__ import annotations

import pytest
import torch

from portrait_core.cameras import Camera
from portrait_core.rendering.jitter import Deterministic, Drawn
from portrait_core.rendering.rays import rays_of_labels
from portrait_core.rendering.renderer import RenderSettings, render

LABEL = torch.tensor(Camera.orbit(pivot=(0, 0, 0)).label)[None]


def ball(points):
    """A hard ball of radius 0.1 about the origin, coloured by place."""
    inside = points.norm(dim=-1, keepdim=True) < 0.1
    return torch.where(inside, 2000.0, -2000.0), points


def picture(numbers=None, settings=None, size=33, **options):
    numbers, settings = numbers or Deterministic(), settings or RenderSettings()
    return render(ball, *rays_of_labels(LABEL, size), settings, numbers, **options)


def test_depth_and_silhouette_of_a_ball():
    seen = picture()
    opacity = seen.opacity.reshape(33, 33)
    depth = seen.depth.reshape(33, 33)
    assert depth[16, 16].item() == pytest.approx(2.6, abs=0.02)
    assert opacity[16, 16].item() == pytest.approx(1.0, abs=1e-3)
    assert opacity[0, 0].item() == pytest.approx(0.0, abs=1e-3)
    expected = 0.1 / 2.7 * 6.5104 * 33  # radius in pixels
    assert (opacity > 0.5).float().sum().item() == pytest.approx(3.1416 * expected**2, rel=0.1)


def test_deterministic_pictures_repeat_and_chunks_change_nothing():
    whole = picture()
    assert torch.equal(whole.features, picture().features)
    pieces = picture(chunk_rays=50)
    assert torch.allclose(whole.features, pieces.features, atol=1e-6)
    assert torch.allclose(whole.depth, pieces.depth, atol=1e-6)


def test_drawn_pictures_follow_the_seed():
    def drawn(seed):
        return picture(Drawn(torch.Generator().manual_seed(seed))).features

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))


def test_a_warp_moves_what_is_seen():
    moved = picture(deform=lambda x: x - x.new_tensor([0.1, 0, 0]))
    opacity = moved.opacity.reshape(33, 33)
    columns = (opacity.sum(dim=0) * torch.arange(33.0)).sum() / opacity.sum()
    assert columns.item() == pytest.approx(16 + 0.1 / 2.7 * 6.5104 * 33, abs=0.5)


def test_noise_needs_a_generator():
    settings = RenderSettings(density_noise=1.0)
    with pytest.raises(ValueError, match="Generator"):
        picture(settings=settings)
    first = picture(settings=settings, size=5, generator=torch.Generator().manual_seed(0))
    again = picture(settings=settings, size=5, generator=torch.Generator().manual_seed(0))
    assert torch.equal(first.features, again.features)
