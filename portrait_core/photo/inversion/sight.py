# SPDX-License-Identifier: Apache-2.0
"""What a camera sees of style rows, with gradients: the generator's pictures at the settings of an inversion.

The body's pose does not change while somebody is looked for, so the warp is laid out once. Where rays hold many samples
these are looked up in pieces whose insides are forgotten and made again on the way back, so that the memory stays that
of one piece.
"""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.utils.checkpoint as recomputed
from torch import Tensor
from torch.nn import functional

from portrait_core.body.warp_lattice import WarpLattice
from portrait_core.models.portrait_gan.generator import PortraitGenerator
from portrait_core.models.portrait_gan.options import PictureOptions
from portrait_core.networks.discriminator import Portraits
from portrait_core.networks.resampling import resize
from portrait_core.rendering.jitter import Deterministic, SampleNumbers
from portrait_core.rendering.renderer import PointWarp
from portrait_core.training.adversarial.quick_trigrid import QuickGenerator

PIECE = 400_000
"""Samples that are looked up at a time with gradients: half a gigabyte."""


class FrugalGenerator(QuickGenerator):
    """The same networks, whose look-ups of many points take no more memory than those of :data:`PIECE`."""

    def evaluate_points(self, planes: Tensor, points: Tensor, ws: Tensor) -> tuple[Tensor, Tensor]:
        """As `PortraitGenerator.evaluate_points`."""
        if points.shape[1] <= PIECE or not torch.is_grad_enabled():
            return super().evaluate_points(planes, points, ws)
        again = cast(Any, recomputed).checkpoint  # typed in part
        look = super().evaluate_points
        parts = [again(look, planes, part, ws, use_reentrant=False) for part in torch.split(points, PIECE, dim=1)]
        return torch.cat([part[0] for part in parts], dim=1), torch.cat([part[1] for part in parts], dim=1)


def frugal(network: PortraitGenerator, *, apart: bool = False) -> FrugalGenerator:
    """``network`` as a :class:`FrugalGenerator` that does not learn; it shares the tensors unless it is to be
    ``apart``."""
    with torch.device("meta"):
        own = FrugalGenerator(network.config)
    state = network.state_dict()
    own.load_state_dict({name: each.clone() if apart else each for name, each in state.items()}, assign=True)
    return own.eval().requires_grad_(False)


def laid_warp(network: PortraitGenerator, pose: Tensor | None) -> PointWarp | None:
    """The map of posed points [1, N, 3] to canonical ones for a pose (1, 6) or none; it carries no gradients.

    It is interpolated everywhere, also between places that go with triangles that move differently, where
    `WarpLattice` searches: pictures are 50 dB and more alike, and a step takes half the time.
    """
    if pose is None:
        return None
    with torch.no_grad():
        lattice = WarpLattice(network.pose_warp(pose))

    @torch.no_grad()
    def deform(points: Tensor) -> Tensor:
        # grid_sample counts its coordinates backwards: the last axis first.
        where = (points * (2 / lattice.side)).flip(2)[:, None, None]
        motion = functional.grid_sample(lattice.motion, where, align_corners=True, padding_mode="border")
        return points + motion[:, :, 0, 0].transpose(1, 2)

    return deform


class Sight:
    """A camera that looks at persons of one model, all in one pose."""

    def __init__(self, network: PortraitGenerator, label: Tensor, pose: Tensor | None, options: PictureOptions) -> None:
        """``label`` [1, 25] is the camera's; ``pose`` [1, 6] in radians, None for a body at rest."""
        self.network, self.label = network, label
        self.settings = options.settings(network.config.rendering)
        self.size = options.neural_resolution or network.config.neural_resolution
        self.deform = laid_warp(network, pose)

    def __call__(self, ws: Tensor, numbers: SampleNumbers | None = None) -> Portraits:
        """The portrait of style rows ``ws`` [1, num_ws, w_dim]; samples lie in their strata's middles without
        ``numbers``."""
        return self.of(self.network, ws, numbers)

    def of(self, network: PortraitGenerator, ws: Tensor, numbers: SampleNumbers | None = None) -> Portraits:
        """The same by another network of the same sizes and the same body."""
        seen = network.synthesis(
            ws,
            self.label,
            deform=self.deform,
            numbers=numbers or Deterministic(),
            settings=self.settings,
            neural_resolution=self.size,
        )
        # Without super-resolution a picture is the rendered one, which may be smaller than the model's.
        image = resize(seen["image"], network.config.img_resolution)
        return Portraits(image, seen["image_raw"], seen["image_mask"].clamp(0, 1))
