# SPDX-License-Identifier: Apache-2.0
"""Depths, march and masks against slow, obvious versions and known answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from portrait_core.rendering.jitter import Deterministic, Drawn, Given
from portrait_core.rendering.masks import crop_mask, cull_mask
from portrait_core.rendering.ray_marching import fill_depth, ray_march
from portrait_core.rendering.rays import auto_bounds, rays_of_labels
from portrait_core.rendering.sampling import importance_depths, sample_pdf, stratified_depths


def march_one_ray(colours, densities, depths):
    """The specification's formulas, one sample after the other."""
    passed, colour, depth, opacity = 1.0, np.zeros(colours.shape[1]), 0.0, 0.0
    for k in range(len(depths) - 1):
        sigma = math.log1p(math.exp((densities[k] + densities[k + 1]) / 2 - 1))
        alpha = 1 - math.exp(-sigma * (depths[k + 1] - depths[k]))
        weight = alpha * passed
        colour += weight * (colours[k] + colours[k + 1]) / 2
        depth += weight * (depths[k] + depths[k + 1]) / 2
        opacity += weight
        passed *= 1 - alpha + 1e-10
    return colour, depth / opacity, opacity


def test_march_equals_the_loop():
    random = torch.Generator().manual_seed(3)
    colours = torch.randn(1, 4, 9, 5, generator=random)
    densities = torch.randn(1, 4, 9, 1, generator=random) * 3
    depths = torch.rand(1, 4, 9, 1, generator=random).sort(dim=2).values + 2
    march = ray_march(colours, densities, depths)
    for ray in range(4):
        arrays = (x[0, ray].double().numpy() for x in (colours, densities, depths))
        c, s, t = arrays
        colour, depth, opacity = march_one_ray(c, s[:, 0], t[:, 0])
        assert np.allclose(march.colours[0, ray].numpy(), colour, atol=1e-5)
        assert march.depth[0, ray].item() == pytest.approx(depth, rel=1e-5)
        assert march.opacity[0, ray].item() == pytest.approx(opacity, rel=1e-5)


def test_an_empty_ray_gets_the_farthest_depth():
    depths = torch.linspace(2, 3, 5).reshape(1, 1, 5, 1)
    march = ray_march(torch.ones(1, 1, 5, 3), torch.full((1, 1, 5, 1), -1000.0), depths)
    assert math.isnan(march.depth.item())
    assert fill_depth(march.depth, 2.0, 3.5).item() == 3.5
    assert march.colours.abs().max() == 0


def test_quantiles_of_a_flat_distribution_are_even():
    edges = torch.linspace(0, 1, 6)[None]
    u = torch.tensor([[0.0, 0.25, 0.5, 0.99]])
    assert torch.allclose(sample_pdf(edges, torch.ones(1, 5), u), u, atol=1e-6)


def test_importance_goes_where_the_weight_is_and_one_ray_works():
    depths = torch.linspace(2, 3, 21).reshape(1, 1, 21, 1)
    weights = torch.zeros(1, 1, 20, 1)
    weights[0, 0, 10] = 1.0
    fine = importance_depths(depths, weights, torch.linspace(0, 0.999, 50)[None])
    assert fine.shape == (1, 1, 50, 1)
    assert ((fine - 2.525).abs() < 0.08).float().mean() > 0.7


def test_deterministic_numbers_repeat_and_stay_inside():
    like = torch.zeros(1)
    jitter = Deterministic().coarse(2, 3, 5, like)
    depths = stratified_depths(2.0, 3.0, jitter)
    assert torch.equal(depths, stratified_depths(2.0, 3.0, Deterministic().coarse(2, 3, 5, like)))
    assert torch.allclose(depths[0, 0, :, 0], torch.tensor([2.125, 2.375, 2.625, 2.875, 3.125]))
    quantiles = Deterministic().fine(4, 6, like)
    assert quantiles.shape == (4, 6)
    assert 0 < quantiles.min() < quantiles.max() < 1


def test_drawn_numbers_obey_their_generator():
    like = torch.zeros(1)

    def draw(seed):
        return Drawn(torch.Generator().manual_seed(seed)).coarse(1, 4, 3, like)

    assert torch.equal(draw(1), draw(1))
    assert not torch.equal(draw(1), draw(2))


def test_given_numbers_of_a_wrong_shape_are_told():
    with pytest.raises(ValueError, match=r"\[1, 4, 3, 1\]"):
        Given(torch.zeros(1, 4, 2, 1)).coarse(1, 4, 3, torch.zeros(1))
    with pytest.raises(ValueError, match="None"):
        Given(torch.zeros(1, 4, 2, 1)).fine(4, 3, torch.zeros(1))


def test_crop_leaves_y_free():
    points = torch.tensor([[[0.0, 5.0, 0.0], [0.41, 0, 0], [0, 0, -0.41], [0.39, 0, 0.39]]])
    assert crop_mask(points, margin=0.1, box_warp=1)[0, :, 0].tolist() == [False, True, True, False]


def test_cull_threshold():
    density = torch.tensor([-10.0, 10.0])
    assert cull_mask(density, 0.5).tolist() == [True, False]


def test_rays_pass_pixel_middles_and_missing_rays_get_stand_ins():
    from portrait_core.cameras import Camera

    label = torch.tensor(Camera.orbit(pivot=(0, 0, 0)).label)[None]
    origins, directions = rays_of_labels(label, 3)
    assert torch.allclose(directions[0, 4], torch.tensor([0.0, 0.0, -1.0]), atol=1e-6)
    assert directions[0, 0, 1] > 0
    assert torch.allclose(directions.norm(dim=-1), torch.ones(1, 9))
    sideways = torch.cat([directions, torch.tensor([[[1.0, 1e-3, 1e-3]]])], dim=1)
    near, far = auto_bounds(torch.cat([origins, origins[:, :1]], dim=1), sideways, 1.0)
    assert near[0, 9] == near[0, :9].min()
    assert far[0, 9] == near[0, :9].max()
    assert near[0, 4].item() == pytest.approx(2.2, abs=1e-5)
    assert far[0, 4].item() == pytest.approx(3.2, abs=1e-5)
