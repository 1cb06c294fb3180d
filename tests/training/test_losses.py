# SPDX-License-Identifier: Apache-2.0
"""Loss terms with known answers, and the ends of the schedules."""

from __future__ import annotations

import math

import pytest
import torch

from portrait_core.networks.discriminator import Portraits
from portrait_core.training import schedules
from portrait_core.training.inversion_schedule import (
    latent_noise,
    learning_rate,
    noise_regularity,
    normalised_noise,
)
from portrait_core.training.losses import (
    density_monotony,
    density_smoothness,
    fake_loss,
    generator_loss,
    gradient_penalty,
    real_loss,
    real_portraits,
    squared_pose_error,
)


def test_undecided_logits_cost_log_two():
    logits = torch.zeros(2, 1)
    for loss in (fake_loss, real_loss, generator_loss):
        assert torch.allclose(loss(logits), torch.full((2, 1), math.log(2)))
    sure = torch.full((1, 1), 5.0)
    assert real_loss(sure) < 0.01 < 5 < fake_loss(sure)


def test_pose_error_sums_over_the_six_numbers():
    assert squared_pose_error(torch.ones(2, 6), torch.zeros(2, 6)).tolist() == [6, 6]


def test_penalty_of_a_linear_judge_is_its_slope():
    portraits = Portraits(*(torch.zeros(2, n, 4, 4, requires_grad=True) for n in (3, 3, 1)))
    slopes = [torch.tensor(float(s), requires_grad=True) for s in (1, 2, 3)]
    pictures = (portraits.image, portraits.raw, portraits.mask)
    logits = torch.stack([(x * s).sum(dim=(1, 2, 3)) for x, s in zip(pictures, slopes, strict=True)]).sum(0)
    penalty = gradient_penalty(logits[:, None], portraits, gamma=2.0, gamma_mask=4.0)
    assert penalty.image.tolist() == [48 + 4 * 48] * 2
    assert penalty.mask.tolist() == [9 * 16] * 2
    assert penalty.total.tolist() == [240 + 2 * 144] * 2
    penalty.total.mean().backward()
    assert slopes[2].grad == 2 * 2 * 3 * 16  # d(2 * 16 s^2)/ds


def test_real_portraits_have_the_neural_size_and_only_the_raw_one_is_blurred_here():
    image = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    seen = real_portraits(image, torch.ones(1, 1, 64, 64), 16, sigma=2.0)
    assert seen.raw.shape == (1, 3, 16, 16)
    assert torch.equal(seen.image, image)
    assert seen.raw.var() < real_portraits(image, torch.ones(1, 1, 64, 64), 16).raw.var() / 2
    assert torch.allclose(seen.mask, torch.ones(1, 1, 16, 16))


def test_density_terms_see_only_what_they_are_about():
    def random():
        return torch.Generator().manual_seed(0)

    def flat(points):
        return points[..., :1] * 0

    def grows_behind(points):
        return -points[..., 2:]

    def falls_behind(points):
        return points[..., 2:]

    assert density_smoothness(flat, 1, random(), weight=1.0) == 0
    assert density_smoothness(falls_behind, 1, random(), weight=1.0) > 0
    assert density_monotony(grows_behind, 1, random()) == 0
    assert density_monotony(falls_behind, 1, random()).item() == pytest.approx(10 / 256, rel=1e-3)


def test_schedules_start_and_end_where_they_should():
    assert [schedules.blur_sigma(n) for n in (0, 100_000, 200_000, 10**7)] == [10, 5, 0, 0]
    assert [schedules.swap_probability(n) for n in (0, 10**6)] == [1, 0.7]
    assert schedules.swap_probability(0, fade_images=0) == 0.7
    assert [schedules.neural_resolution(n) for n in (0, 10**6, 10**7)] == [64, 128, 128]
    assert [schedules.pose_prior_weight(n) for n in (0, 200_000, 300_000, 400_000)] == [0.5, 0.5, 0.25, 0]
    assert schedules.average_decay(0, batch=32) == 0
    assert schedules.average_decay(10**7, batch=32) == 0.5 ** (32 / 10_000)
    assert schedules.average_decay(0, batch=32, ramp_up=None) == 0.5 ** (32 / 10_000)


def test_inversion_formulas():
    assert learning_rate(0, 500) == 0
    assert learning_rate(200, 500) == 0.01
    assert learning_rate(499, 500) < 1e-4
    assert latent_noise(0, 500) == 0.05
    assert latent_noise(400, 500) == 0
    noise = torch.randn(32, 32, generator=torch.Generator().manual_seed(0)) * 3 + 1
    plain = normalised_noise(noise)
    assert plain.mean().abs() < 1e-5
    assert plain.square().mean().item() == pytest.approx(1, rel=1e-4)
    stripes = torch.ones(32, 32)
    stripes[:, ::2] = -1
    assert noise_regularity(stripes).item() == pytest.approx(2, abs=0.01)
    assert noise_regularity(plain) < 0.05
