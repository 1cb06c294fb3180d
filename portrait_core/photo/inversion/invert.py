# SPDX-License-Identifier: Apache-2.0
"""Who of a model's persons is in a picture: style rows, one for each layer, by gradients (W+).

Source: docs/published/scripts.md 6; Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN", on how
a projection begins, is stirred and cools down.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.errors import UsageError
from portrait_core.models.portrait_gan.generator import PortraitGenerator
from portrait_core.models.portrait_gan.options import PictureOptions
from portrait_core.networks.precision import exact_convolutions
from portrait_core.networks.synthesis import SynthesisLayer
from portrait_core.photo.inversion.comparison import Weighted
from portrait_core.photo.inversion.sight import Sight
from portrait_core.photo.inversion.styles import style_statistics
from portrait_core.photo.inversion.target import Target
from portrait_core.progress import Progress, silent
from portrait_core.rendering.jitter import Drawn
from portrait_core.training.inversion_schedule import (
    NOISE_REGULARITY_WEIGHT,
    latent_noise,
    learning_rate,
    noise_regularity,
    normalised_noise,
)

STEPS = 500
MOST_STEPS = 20_000
PEAK, LONGER = 0.01, 5.0
"""The published step length, and how many times as long others are at most."""


def never() -> bool:
    """Nobody asks for a stop."""
    return False


@dataclass(frozen=True)
class InversionOptions:
    """How somebody is looked for.

    Attributes:
        steps: of Adam. peak: the largest step length; None for the published one, and a longer one where there are
            fewer steps than published, so that they go as far.
        pictures: how pictures are made meanwhile; the published inversion takes twice the samples.
        noise: also optimise the noise images of the tri-grid, as published. The person then is style rows and these.
        seed: of all that is drawn.
    """

    steps: int = STEPS
    peak: float | None = None
    pictures: PictureOptions = field(default_factory=PictureOptions)
    noise: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= MOST_STEPS:
            raise UsageError(f"{self.steps} steps of an inversion: expected 1 to {MOST_STEPS}.")

    @property
    def step_length(self) -> float:
        """The largest step length."""
        if self.peak is not None:
            return self.peak
        return PEAK * min(max(STEPS / self.steps, 1.0), LONGER)


@dataclass(frozen=True, eq=False)
class Inverted:
    """Who was found: ``styles`` (num_ws, w_dim), and ``noise`` images by the names of the network's buffers (none where
    they were left alone). ``before`` and ``after`` are what the comparisons say of the beginning and of the end,
    ``total`` being their weighted sum; ``steps`` were taken."""

    styles: NDArray[np.float32]
    noise: Mapping[str, Tensor]
    before: Mapping[str, float]
    after: Mapping[str, float]
    steps: int


def invert(
    network: PortraitGenerator,
    target: Target,
    comparison: Weighted,
    options: InversionOptions | None = None,
    *,
    begin: NDArray[np.float32] | None = None,
    progress: Progress = silent,
    stop: Callable[[], bool] = never,
) -> Inverted:
    """The style rows whose picture comes nearest to a target on the network's device.

    ``network`` does not learn (`portrait_core.photo.inversion.sight.frugal`); with ``noise`` its noise images are other
    ones afterwards. It starts at the mean person, or at the rows ``begin`` (num_ws, w_dim). ``stop`` is asked after
    every step; what was best until then is the result.
    """
    options = options or InversionOptions()
    generator = torch.Generator().manual_seed(options.seed)
    numbers = Drawn(generator)
    with exact_convolutions():
        statistics = style_statistics(network, target.six)
        start = statistics.rows(network.num_ws) if begin is None else torch.tensor(begin)[None].to(target.image)
        ws = start.clone().requires_grad_(True)
        noise = _free_noise(network, generator) if options.noise else {}
        sight = Sight(network, target.label, target.six, options.pictures)
        optimiser = torch.optim.Adam([ws, *(layer.noise_const for layer in noise.values())], betas=(0.9, 0.999))
        before = judged(sight, start, comparison)
        kept, images, least, taken = start.clone(), _images(noise), math.inf, 0
        for step in range(options.steps):
            progress("inversion", step / options.steps)
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(step, options.steps, peak=options.step_length)
            stirred = statistics.deviation * latent_noise(step, options.steps)
            drawn = torch.randn(ws.shape, generator=generator, dtype=torch.float32).to(ws)
            total, _ = comparison(sight(ws + stirred * drawn, numbers))
            if float(total.detach()) < least:
                least, kept, images = float(total.detach()), ws.detach().clone(), _images(noise)
            for layer in noise.values():
                total = total + NOISE_REGULARITY_WEIGHT * noise_regularity(layer.noise_const)
            optimiser.zero_grad(set_to_none=True)
            total.backward()  # pyright: ignore[reportUnknownMemberType]
            optimiser.step()  # pyright: ignore[reportUnknownMemberType]
            for layer in noise.values():
                layer.noise_const.data = normalised_noise(layer.noise_const)
            taken = step + 1
            if stop():
                break
        # The last rows are those of the calm end; where it was cut short, the best until then may be better.
        after = judged(sight, ws.detach(), comparison)
        last, last_images = ws.detach(), _images(noise)
        _put(noise, images)
        best = judged(sight, kept, comparison)
        if after["total"] <= best["total"]:
            best, kept, images = after, last, last_images
            _put(noise, images)
    progress("inversion", 1.0)
    return Inverted(kept[0].cpu().numpy(), images, before, best, taken)


def judged(sight: Sight, ws: Tensor, comparison: Weighted) -> dict[str, float]:
    """What the comparisons say of the picture of rows, and their weighted sum as ``total``."""
    with torch.no_grad():
        total, each = comparison(sight(ws))
    return {"total": float(total), **each}


def _free_noise(network: PortraitGenerator, generator: torch.Generator) -> dict[str, SynthesisLayer]:
    """The tri-grid's layers by name, with new noise images that are variables."""
    found: dict[str, SynthesisLayer] = {}
    for block in network.backbone.synthesis.blocks():
        for name, layer in block.named_children():
            if isinstance(layer, SynthesisLayer):
                found[f"backbone.synthesis.b{block.resolution}.{name}"] = layer
    for layer in found.values():
        drawn = torch.randn(layer.noise_const.shape, generator=generator, dtype=torch.float32)
        layer.noise_const = drawn.to(layer.noise_const).requires_grad_(True)
    return found


def _images(noise: Mapping[str, SynthesisLayer]) -> dict[str, Tensor]:
    return {f"{name}.noise_const": layer.noise_const.detach().clone() for name, layer in noise.items()}


def _put(noise: Mapping[str, SynthesisLayer], images: Mapping[str, Tensor]) -> None:
    for name, layer in noise.items():
        layer.noise_const.data = images[f"{name}.noise_const"].clone()
