# SPDX-License-Identifier: Apache-2.0
"""The density regularity of a generator's step, by the configuration's ``reg_type`` (docs/published/training.md)."""

from __future__ import annotations

import torch
from torch import Tensor

from portrait_core.models.portrait_gan.generator import PortraitGenerator
from portrait_core.training import losses
from portrait_core.training.adversarial.config import TrainingConfig


def density_loss(generator: PortraitGenerator, config: TrainingConfig, ws: Tensor, random: torch.Generator) -> Tensor:
    """How uneven the densities of style rows ``ws[B, num_ws, w_dim]`` are, weighted; ``random`` draws the places."""
    planes = generator.planes(ws, noise_mode="random", generator=random)
    width = config.generator.rendering.box_warp

    def density_at(points: Tensor) -> Tensor:
        return generator.evaluate_points(planes, points, ws)[0]

    if config.reg_type == "l1":
        return losses.density_smoothness(
            density_at, len(ws), random, weight=config.density_reg, spread=config.density_reg_p_dist
        )
    front = losses.density_monotony(
        density_at, len(ws), random, box_warp=width, detach_front=config.reg_type == "monotonic-detach"
    )
    return front + losses.density_smoothness(density_at, len(ws), random, weight=config.density_reg, spread=width / 256)
