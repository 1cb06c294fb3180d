# SPDX-License-Identifier: Apache-2.0
"""Symmetry and grouping of the discriminator; mirrored portraits."""

from __future__ import annotations

import pytest
import torch

from portrait_core.networks.conv2d import Conv2dLayer
from portrait_core.networks.discriminator import (
    DiscriminatorConfig,
    PortraitDiscriminator,
    Portraits,
    minibatch_std,
)
from portrait_core.networks.initialise import initialise
from portrait_core.networks.pose_branch import GeneratorPoseBranch, camera_is_left, mirror_camera, mirror_pose


def some_cameras(count, seed=0):
    c = torch.randn(count, 25, generator=torch.Generator().manual_seed(seed))
    c[:, 3] = torch.where(c[:, 3].abs() < 0.1, 0.5, c[:, 3])
    return c


def test_pose_branch_is_mirror_symmetric():
    branch = GeneratorPoseBranch(8)
    initialise(branch, torch.Generator().manual_seed(0))
    z, c = torch.randn(6, 8, generator=torch.Generator().manual_seed(1)), some_cameras(6)
    assert torch.allclose(branch.predict(z, mirror_camera(c)), mirror_pose(branch.predict(z, c)), atol=1e-6)


def test_a_frontal_camera_counts_as_left():
    c = torch.zeros(3, 25)
    c[:, 11] = 2.7
    c[1, 3], c[2, 3] = -1.18e-7, -0.1
    assert camera_is_left(c).tolist() == [True, True, False]


def test_mirroring_is_its_own_inverse():
    c, pose = some_cameras(2), torch.randn(2, 6, generator=torch.Generator().manual_seed(2))
    assert torch.equal(mirror_camera(mirror_camera(c)), c)
    assert torch.equal(mirror_pose(mirror_pose(pose)), pose)


def test_groups_are_strided():
    x = torch.zeros(8, 1, 2, 2)
    x[0] = 1.0  # sample 0 is in group 0, with samples 2, 4 and 6
    deviation = minibatch_std(x, 4)[:, -1, 0, 0]
    assert (deviation[::2] > 0.4).all()
    assert (deviation[1::2] < 1e-3).all()
    with pytest.raises(ValueError, match="multiple"):
        minibatch_std(x[:6], 4)


def test_gradient_of_the_logit_does_not_reach_the_predicted_pose():
    network = PortraitDiscriminator(DiscriminatorConfig(img_resolution=16, channel_base=64, channel_max=8))
    random = torch.Generator().manual_seed(0)
    portraits = Portraits(*(torch.randn(2, n, 16, 16, generator=random) for n in (3, 3, 1)))
    logits, _ = network(portraits, some_cameras(2))
    logits.sum().backward()
    assert all(p.grad is None for p in network.pose_branch.parameters())


def test_label_noise_needs_a_generator():
    network = PortraitDiscriminator(DiscriminatorConfig(img_resolution=16, channel_base=64, channel_max=8))
    portraits = Portraits(*(torch.zeros(2, n, 16, 16) for n in (3, 3, 1)))
    with pytest.raises(ValueError, match="Generator"):
        network(portraits, some_cameras(2), label_noise=0.5)
    first = network(portraits, some_cameras(2), label_noise=0.5, generator=torch.Generator().manual_seed(1))[0]
    assert not torch.equal(first, network(portraits, some_cameras(2))[0])


def test_layers_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="kernel"):
        Conv2dLayer(3, 3, 5)
