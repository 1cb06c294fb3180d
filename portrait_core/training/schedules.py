# SPDX-License-Identifier: Apache-2.0
"""How the published training's settings change with the number of images shown (docs/published/training.md, section 4).

``images`` counts from 0, or from the count a run was resumed at; ``fade_images`` is how many a change takes.
"""

from __future__ import annotations

FADE_IMAGES = 200_000
"""Length of the fade of picture blur and density noise."""


def faded(images: float, fade_images: float) -> float:
    """How far a fade has come: 0 at the start, 1 at its end and after; 1 for a fade of no length."""
    return min(images / fade_images, 1.0) if fade_images > 0 else 1.0


def blur_sigma(images: float, *, start: float = 10.0, fade_images: float = FADE_IMAGES) -> float:
    """Width in pixels of the blur of what the discriminator sees."""
    return start * (1 - faded(images, fade_images))


def density_noise(images: float, *, start: float = 1.0, fade_images: float = FADE_IMAGES) -> float:
    """Deviation of the noise on raw densities. Counts all images, those before a resume too."""
    return start * (1 - faded(images, fade_images))


def swap_probability(images: float, *, final: float = 0.7, fade_images: float = 1_000_000) -> float:
    """Probability that the mapping sees another sample's camera and pose: from 1 to ``final``."""
    alpha = faded(images, fade_images)
    return (1 - alpha) + alpha * final


def neural_resolution(images: float, *, first: int = 64, last: int = 128, fade_images: float = 1_000_000) -> int:
    """Side of the rendered picture, rounded half to even; ``images`` counts from the start of the stage."""
    alpha = faded(images, fade_images)
    return round(first * (1 - alpha) + last * alpha)


def average_decay(images: float, *, batch: int, half_life: float | None = None, ramp_up: float | None = 0.05) -> float:
    """Decay of the averaged weights for one step of ``batch`` images.

    Args:
        images: shown so far.
        batch: images of a step.
        half_life: in images; None takes 10,000 for a batch of 32, in proportion for others.
        ramp_up: the half-life is at most this share of ``images``; None when resuming.
    """
    reach = 10_000 * batch / 32 if half_life is None else half_life
    if ramp_up is not None:
        reach = min(reach, images * ramp_up)
    return 0.5 ** (batch / max(reach, 1e-8))


def pose_prior_weight(
    images: float, *, start: float = 0.5, hold_images: float = 200_000, fade_images: float = 200_000
) -> float:
    """Weight that ties generated poses to the data set's: constant, then linearly to 0."""
    return start * (1 - faded(max(images - hold_images, 0), fade_images))
