# SPDX-License-Identifier: Apache-2.0
"""A tiny model of the published architecture, and a picture of somebody of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmarks.published_bust import bust_generator
from portrait_core.cameras import Camera
from portrait_core.models.portrait_gan.config import GeneratorConfig
from portrait_core.models.portrait_gan.generator import PortraitGenerator
from portrait_core.models.portrait_gan.options import PictureOptions
from portrait_core.networks.discriminator import DiscriminatorConfig, PortraitDiscriminator, Portraits
from portrait_core.networks.initialise import initialise
from portrait_core.photo.inversion.comparison import Weighted, weighted
from portrait_core.photo.inversion.picture_comparisons import ColourComparison, MaskComparison, TrunkComparison
from portrait_core.photo.inversion.sight import Sight, frugal
from portrait_core.photo.inversion.target import Target
from portrait_core.rendering.renderer import RenderSettings

CONFIG = GeneratorConfig(
    z_dim=16,
    w_dim=32,
    plane_resolution=16,
    plane_features=4,
    channel_base=256,
    channel_max=16,
    decoder_hidden=16,
    features=8,
    img_resolution=32,
    neural_resolution=32,
    superresolution=None,
    background_resolution=8,
    rendering=RenderSettings(depth_resolution=6, depth_resolution_importance=6),
)
PICTURES = PictureOptions(samples=1)
POSE = np.array([0.1, 0.2, 0.0, 0.1, -0.3, 0.05], np.float32)


@dataclass(frozen=True, eq=False)
class World:
    """A ``network``, its ``judge``, style rows of ``somebody`` and the ``target`` that a camera sees of them."""

    network: PortraitGenerator
    judge: PortraitDiscriminator
    somebody: Tensor
    target: Target

    @property
    def sight(self) -> Sight:
        return Sight(self.network, self.target.label, self.target.six, PICTURES)

    @property
    def comparison(self) -> Weighted:
        makers = {
            "trunk": lambda: TrunkComparison(self.judge, self.target, 32),
            "colours": lambda: ColourComparison(self.target),
            "mask": lambda: MaskComparison(self.target, 32),
        }
        return weighted({"trunk": 1.0, "colours": 1.0, "mask": 1.0}, makers)  # pyright: ignore[reportArgumentType]

    def seen(self, ws: Tensor) -> Portraits:
        with torch.no_grad():
            return self.sight(ws)


def person(network: PortraitGenerator, seed: int) -> Tensor:
    """Style rows of a seed, as recipes draw them."""
    z = np.random.RandomState(seed).randn(1, CONFIG.z_dim).astype(np.float32)
    return network.mapping(torch.tensor(z), torch.as_tensor(Camera.orbit().label)[None]).detach()


@pytest.fixture(scope="session")
def world() -> World:
    network = frugal(bust_generator(CONFIG, rings=16, segments=16, seed=0))
    judge = PortraitDiscriminator(DiscriminatorConfig(img_resolution=32, channel_base=256, channel_max=16))
    initialise(judge, torch.Generator().manual_seed(1))
    judge = judge.eval().requires_grad_(False)
    somebody, camera = person(network, 3), Camera.orbit(0.3, 0.1)
    nothing = Target(torch.zeros(1, 3, 32, 32), torch.ones(1, 1, 32, 32), camera, POSE)
    with torch.no_grad():
        seen = Sight(network, nothing.label, nothing.six, PICTURES)(somebody)
    return World(network, judge, somebody, Target(seen.image, seen.mask, camera, POSE))
