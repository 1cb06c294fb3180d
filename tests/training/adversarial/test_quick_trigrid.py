# SPDX-License-Identifier: Apache-2.0
"""The processor's look-up of tri-grids against torch's: values, gradients, threads, and when it stands back."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from portrait_core.networks.trigrid import sample_trigrid, sample_trigrid_volumetric
from portrait_core.training.adversarial.quick_trigrid import fits, mean_of_planes


@pytest.mark.parametrize(("depth", "features", "side"), [(3, 6, 64), (1, 4, 8), (3, 32, 16), (2, 5, 7)])
@pytest.mark.parametrize("box", [1.0, 0.8])
def test_it_is_the_mean_of_the_plain_look_up(depth: int, features: int, side: int, box: float) -> None:
    random = torch.Generator().manual_seed(0)
    planes = torch.randn(2, 3, depth * features, side, side + 1, generator=random, requires_grad=True)
    # Inside, beyond every wall, and far away.
    points = (torch.rand(2, 500, 3, generator=random) - 0.5) * 1.3
    points[:, :20] *= 40
    points[:, 20] = 0.01  # not on a tap, where a slope has two values
    points.requires_grad_()
    weights = torch.randn(2, 500, features, generator=random)

    def plain() -> Tensor:
        return sample_trigrid(planes, points, depth=depth, box_warp=box).mean(dim=1)

    def volumes() -> Tensor:
        return sample_trigrid_volumetric(planes, points, depth=depth, box_warp=box).mean(dim=1)

    def quick() -> Tensor:
        return mean_of_planes(planes, points, depth=depth, box_warp=box)[:, 0]

    ours, *others = (
        (found.detach(), *torch.autograd.grad((found * weights).sum(), (planes, points)))
        for found in (quick(), plain(), volumes())
    )
    for other in others:
        for mine, theirs in zip(ours, other, strict=True):
            assert torch.allclose(mine, theirs, rtol=1e-4, atol=2e-5 * float(theirs.abs().max()))
    assert (ours[0][:, 1:20] == 0).all() and (ours[2][:, 1:20] == 0).all()


def test_threads_change_no_bit() -> None:
    random = torch.Generator().manual_seed(1)
    planes = torch.randn(3, 3, 12, 16, 16, generator=random, requires_grad=True)
    points = (torch.rand(3, 400, 3, generator=random) - 0.5).requires_grad_()
    found: list[tuple[Tensor, ...]] = []
    before = torch.get_num_threads()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            mean = mean_of_planes(planes, points, depth=3, box_warp=1.0)
            found.append((mean.detach(), *torch.autograd.grad(mean.square().sum(), (planes, points))))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


def test_it_stands_back_for_other_tensors_and_refuses_wrong_planes() -> None:
    planes, points = torch.zeros(1, 3, 6, 8, 8), torch.zeros(1, 5, 3)
    assert fits(planes, points)
    assert fits(torch.nn.Parameter(planes), points)
    assert not fits(planes.double(), points)
    assert not fits(planes.to("meta"), points)
    assert not fits(planes, points.to(torch.bfloat16))
    with pytest.raises(ValueError, match="features \\* 4"):
        mean_of_planes(planes, points, depth=4, box_warp=1.0)
