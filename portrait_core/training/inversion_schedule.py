# SPDX-License-Identifier: Apache-2.0
"""Learning rate, latent noise and noise images of the published inversion (docs/published/scripts.md, section 6)."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

NOISE_REGULARITY_WEIGHT = 1e5
"""Weight of `noise_regularity` beside the sum of squared feature differences."""


def learning_rate(
    step: int, steps: int, *, peak: float = 0.01, ramp_down: float = 0.25, ramp_up: float = 0.05
) -> float:
    """Learning rate of a step: linear rise over the first share, cosine fall over the last; 0 in step 0."""
    t = step / steps
    ramp = min(1.0, (1 - t) / ramp_down)
    ramp = 0.5 - 0.5 * math.cos(math.pi * ramp)
    return peak * ramp * min(1.0, t / ramp_up)


def latent_noise(step: int, steps: int, *, start: float = 0.05, length: float = 0.75) -> float:
    """Deviation of the noise added to w in a step, in units of w's own deviation."""
    return start * max(0.0, 1 - step / steps / length) ** 2


def noise_regularity(noise: Tensor) -> Tensor:
    """How much a noise image ``[S, S]`` resembles itself shifted by a pixel, over its pyramid down to 8 pixels."""
    level = noise[None, None]
    total = noise.new_zeros([])
    while True:
        total = total + (level * level.roll(1, dims=3)).mean().square()
        total = total + (level * level.roll(1, dims=2)).mean().square()
        if level.shape[2] <= 8:
            return total
        level = functional.avg_pool2d(level, 2)


def normalised_noise(noise: Tensor) -> Tensor:
    """A noise image without its mean and with root mean square 1."""
    with torch.no_grad():
        centred = noise - noise.mean()
        return centred * centred.square().mean().rsqrt()
