# SPDX-License-Identifier: Apache-2.0
"""The fast tri-grid look-up against the plain one, with gradients."""

from __future__ import annotations

import pytest
import torch

from portrait_core.networks.trigrid import sample_trigrid, sample_trigrid_volumetric


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_fast_equals_volumetric_with_gradients(depth):
    random = torch.Generator().manual_seed(depth)
    planes = torch.randn(2, 3, 4 * depth, 8, 8, generator=random, dtype=torch.float64, requires_grad=True)
    points = (torch.rand(2, 200, 3, generator=random, dtype=torch.float64) * 1.6 - 0.8).requires_grad_()
    coefficients = torch.randn(2, 3, 200, 4, generator=random, dtype=torch.float64)
    results = []
    for look_up in (sample_trigrid, sample_trigrid_volumetric):
        found = look_up(planes, points, depth=depth, box_warp=1.0)
        results.append((found, *torch.autograd.grad((found * coefficients).sum(), [planes, points])))
    for fast, slow in zip(*results, strict=True):
        assert torch.allclose(fast, slow, atol=1e-10)


def test_one_slice_fades_with_depth():
    planes = torch.ones(1, 3, 1, 4, 4)
    middle = sample_trigrid(planes, torch.tensor([[[0.0, 0.0, 0.25]]]), depth=1, box_warp=1.0)
    assert middle[0, :, 0, 0].tolist() == [0.75, 1.0, 1.0]


def test_wrong_planes_are_told():
    with pytest.raises(ValueError, match=r"features \* 3"):
        sample_trigrid(torch.zeros(1, 3, 4, 8, 8), torch.zeros(1, 1, 3), depth=3, box_warp=1.0)
