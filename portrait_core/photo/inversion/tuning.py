# SPDX-License-Identifier: Apache-2.0
"""Pivotal tuning: the generator itself moves a little, so that one person of it looks like the picture.

Source: Roich et al. 2021, "Pivotal Tuning for Latent-based Editing of Real Images": style rows stay (the pivot), the
networks learn, and a second term keeps what the model makes of others near by. Here that term also looks at the pivot
from other sides, which one picture does not show.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.cameras import Camera
from portrait_core.errors import UsageError
from portrait_core.models.portrait_gan.generator import PortraitGenerator
from portrait_core.models.portrait_gan.options import PictureOptions
from portrait_core.networks.discriminator import Portraits
from portrait_core.networks.precision import exact_convolutions
from portrait_core.photo.inversion.comparison import Weighted
from portrait_core.photo.inversion.invert import MOST_STEPS, judged, never
from portrait_core.photo.inversion.sight import Sight, frugal
from portrait_core.photo.inversion.styles import style_statistics
from portrait_core.photo.inversion.target import Target
from portrait_core.progress import Progress, silent
from portrait_core.rendering.jitter import Drawn

LEARNS = ("backbone.synthesis.", "decoder.", "torgb.", "superresolution.", "bcg_synthesis.")
"""What the names of learning tensors begin with: all that makes pictures of style rows."""
PITCH = 0.35
"""Radians that cameras of other sides stand above or below, at most."""


@dataclass(frozen=True)
class TuningOptions:
    """How the networks move.

    Attributes:
        steps: of Adam. rate: their length.
        kept: weight of how far others, and other sides, have moved. every: steps from one look at them to the next.
        pictures: how pictures are made meanwhile.
        seed: of all that is drawn.
    """

    steps: int = 350
    rate: float = 3e-4
    kept: float = 1.0
    every: int = 2
    pictures: PictureOptions = field(default_factory=PictureOptions)
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= MOST_STEPS:
            raise UsageError(f"{self.steps} steps of tuning: expected 1 to {MOST_STEPS}.")


@dataclass(frozen=True, eq=False)
class Tuned:
    """The ``network`` as it is now; ``before`` and ``after`` are as `portrait_core.photo.inversion.invert.Inverted` has
    them, ``moved`` how far pictures of others are from what they were (root mean square, picture units of 2)."""

    network: PortraitGenerator
    before: Mapping[str, float]
    after: Mapping[str, float]
    moved: float
    steps: int


def tune(
    network: PortraitGenerator,
    styles: NDArray[np.float32],
    target: Target,
    comparison: Weighted,
    options: TuningOptions | None = None,
    *,
    progress: Progress = silent,
    stop: Callable[[], bool] = never,
) -> Tuned:
    """A copy of ``network`` in which the person of ``styles`` (num_ws, w_dim) comes nearer to a target on its device.

    ``stop`` is asked after every step; what was best until then is the result.
    """
    options = options or TuningOptions()
    generator = torch.Generator().manual_seed(options.seed)
    numbers = Drawn(generator)
    ws = torch.tensor(styles)[None].to(target.image)
    with exact_convolutions():
        own = frugal(network, apart=True)
        learning = [each for name, each in own.named_parameters() if name.startswith(LEARNS)]
        for each in learning:
            each.requires_grad_(True)
        others = _Others(network, ws, style_statistics(network, target.six).deviation, options, generator)
        sight = Sight(own, target.label, target.six, options.pictures)
        optimiser = torch.optim.Adam(learning, lr=options.rate, betas=(0.9, 0.999))
        before = judged(sight, ws, comparison)
        kept, least, taken, moved = _copied(learning), math.inf, 0, 0.0
        for step in range(options.steps):
            progress("tuning", step / options.steps)
            total, _ = comparison(sight(ws, numbers))
            if float(total.detach()) < least:
                least, kept = float(total.detach()), _copied(learning)
            if step % options.every == 0 and options.kept > 0:
                away = others.moved(own)
                moved = float(away.detach()) ** 0.5
                total = total + options.kept * away
            optimiser.zero_grad(set_to_none=True)
            total.backward()  # pyright: ignore[reportUnknownMemberType]
            optimiser.step()  # pyright: ignore[reportUnknownMemberType]
            taken = step + 1
            if stop():
                break
        after = judged(sight, ws, comparison)
        last = _copied(learning)
        _put(learning, kept)
        best = judged(sight, ws, comparison)
        if after["total"] <= best["total"]:
            best = after
            _put(learning, last)
    progress("tuning", 1.0)
    return Tuned(own.requires_grad_(False), before, best, moved, taken)


class _Others:
    """Persons near the pivot, and the pivot itself, from all sides: as the networks made them before."""

    def __init__(
        self,
        network: PortraitGenerator,
        pivot: Tensor,
        deviation: float,
        options: TuningOptions,
        generator: torch.Generator,
    ) -> None:
        self.network, self.pivot, self.deviation = network, pivot, deviation
        self.options, self.generator = options, generator

    def moved(self, own: PortraitGenerator) -> Tensor:
        """The mean squared difference of one more person's pictures and masks from what they were."""
        yaw, pitch, away = (float(each) for each in torch.rand(3, generator=self.generator, dtype=torch.float64))
        camera = Camera.orbit((2 * yaw - 1) * math.pi, (2 * pitch - 1) * PITCH)
        label = torch.as_tensor(camera.label)[None].to(self.pivot)
        drawn = torch.randn(1, self.network.config.z_dim, generator=self.generator, dtype=torch.float32)
        with torch.no_grad():
            other = self.network.mapping(drawn.to(self.pivot), label if self.network.config.c_dim else None)
            direction = other - self.pivot
            length = direction.square().sum(dim=2, keepdim=True).sqrt().clamp(min=1e-8)
            ws = self.pivot + away * self.deviation * direction / length
            sight = Sight(self.network, label, None, self.options.pictures)
            was = sight(ws)
        now = sight.of(own, ws)
        return _apart(now, was)


def _apart(now: Portraits, was: Portraits) -> Tensor:
    pictures = (now.raw - was.raw).square().mean() + (now.mask - was.mask).square().mean()
    return pictures + (now.image - was.image).square().mean()


def _copied(parameters: list[torch.nn.Parameter]) -> list[Tensor]:
    return [each.detach().clone() for each in parameters]


def _put(parameters: list[torch.nn.Parameter], values: list[Tensor]) -> None:
    with torch.no_grad():
        for parameter, value in zip(parameters, values, strict=True):
            parameter.copy_(value)
