# SPDX-License-Identifier: Apache-2.0
"""What the schedules say at a number of images shown, and how sharp pictures of the data set are shown then."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from torch import Tensor

from portrait_core.networks.discriminator import Portraits
from portrait_core.networks.resampling import resize
from portrait_core.training import losses, schedules
from portrait_core.training.adversarial.config import TrainingConfig


@dataclass(frozen=True)
class Moment:
    """What the schedules say at a number of images shown (docs/published/training.md)."""

    sigma: float
    density_noise: float
    swap: float
    resolution: int
    prior: float
    decay: float

    @staticmethod
    def of(config: TrainingConfig, images: int) -> Moment:
        """``images`` counts those before a start from another run too; with such a start blur and swapping are over."""
        fresh = config.resume_kimg == 0
        own = images - config.resume_kimg * 1000
        size = config.generator.img_resolution
        half_life = config.ema_kimg * 1000 or config.batch / 32 * 10_000
        return Moment(
            sigma=schedules.blur_sigma(
                images,
                start=config.blur_init_sigma * size / 512 if fresh else 0.0,
                fade_images=config.blur_fade_kimg * 1000,
            ),
            density_noise=schedules.density_noise(
                images, start=config.density_noise, fade_images=config.density_noise_fade_kimg * 1000
            ),
            swap=schedules.swap_probability(
                images, final=config.gpc_reg_prob, fade_images=config.gpc_reg_fade_kimg * 1000 if fresh else 0
            ),
            resolution=schedules.neural_resolution(
                own,
                first=config.neural_rendering_resolution_initial,
                last=config.neural_rendering_resolution_final,
                fade_images=config.neural_rendering_resolution_fade_kimg * 1000,
            ),
            prior=schedules.pose_prior_weight(
                images,
                start=config.pose_prior,
                hold_images=config.pose_prior_kimg * 1000,
                fade_images=config.pose_prior_fade_kimg * 1000,
            ),
            decay=schedules.average_decay(
                images, batch=config.batch, half_life=half_life, ramp_up=config.ema_rampup if fresh else None
            ),
        )


def real_portraits(config: TrainingConfig, image: Tensor, mask: Tensor, moment: Moment) -> Portraits:
    """Pictures of the data set as sharp as generated ones are at that moment (see `losses.real_portraits`).

    Without super-resolution a generated picture is the rendered one, enlarged where that is still smaller.
    """
    shown = losses.real_portraits(image, mask, moment.resolution, sigma=moment.sigma)
    if config.generator.superresolution is not None or moment.resolution == image.shape[-1]:
        return shown
    enlarged = resize(resize(image, moment.resolution), image.shape[-1])
    return dataclasses.replace(shown, image=enlarged)
