# SPDX-License-Identifier: Apache-2.0
"""Loss terms of the published adversarial training (docs/published/training.md, section 3).

Every term is given per sample, ``[B, 1]`` or ``[B]``, so that it can be reported; what is minimised is the mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from portrait_core.networks.discriminator import PortraitDiscriminator, Portraits
from portrait_core.networks.resampling import ResizeMode, blur, resize

DensityAt = Callable[[Tensor], Tensor]
"""Points ``[B, N, 3]`` to raw densities ``[B, N, 1]``."""


def real_portraits(
    image: Tensor,
    mask: Tensor,
    neural_resolution: int,
    *,
    sigma: float = 0.0,
    mode: ResizeMode = "antialiased",
) -> Portraits:
    """Pictures of the data set as the discriminator is shown them.

    Args:
        image: ``[B, 3, S, S]`` in [-1, 1].
        mask: ``[B, 1, S, S]`` in [0, 1].
        neural_resolution: side of the raw picture and of the mask.
        sigma: blur of the raw picture; that of the full picture is `judge`'s business.
        mode: how both are resized.
    """
    raw = blur(resize(image, neural_resolution, mode), sigma)
    return Portraits(image, raw, resize(mask, neural_resolution, mode))


def judge(
    discriminator: PortraitDiscriminator,
    portraits: Portraits,
    c: Tensor,
    *,
    sigma: float = 0.0,
    pose_gradient: bool = True,
) -> tuple[Tensor, Tensor]:
    """Logits ``[B, 1]`` and predicted poses ``[B, 6]`` of portraits whose full picture is blurred by ``sigma``.

    Without ``pose_gradient`` the poses carry none; logits never depend on it.
    """
    blurred = Portraits(blur(portraits.image, sigma), portraits.raw, portraits.mask)
    return discriminator(blurred, c, pose_gradient=pose_gradient)


def squared_pose_error(pose: Tensor, target: Tensor) -> Tensor:
    """Sum over the six numbers of the squared difference: ``[B]``."""
    return (pose - target).square().sum(dim=1)


def generator_loss(logits: Tensor) -> Tensor:
    """What the generator minimises about its own pictures: ``[B, 1]``."""
    return functional.softplus(-logits)


def fake_loss(logits: Tensor) -> Tensor:
    """What the discriminator minimises about generated pictures: ``[B, 1]``."""
    return functional.softplus(logits)


def real_loss(logits: Tensor) -> Tensor:
    """What the discriminator minimises about pictures of the data set: ``[B, 1]``."""
    return functional.softplus(-logits)


@dataclass(frozen=True)
class GradientPenalty:
    """Result of `gradient_penalty`, each ``[B]``: the two squared gradient norms and their weighted sum."""

    image: Tensor
    mask: Tensor
    total: Tensor


def gradient_penalty(
    logits: Tensor, portraits: Portraits, *, gamma: float = 1.0, gamma_mask: float = 1.0
) -> GradientPenalty:
    """Squared gradients of the logits' sum to real pictures (R1), kept differentiable.

    Args:
        logits: ``[B, 1]``, computed from ``portraits``.
        portraits: pictures that require gradients.
        gamma: weight of full and raw picture; half of it is applied.
        gamma_mask: weight of the mask; half of it is applied.
    """
    leaves = [portraits.image, portraits.raw, portraits.mask]
    gradients = torch.autograd.grad(logits.sum(), leaves, create_graph=True)
    image, raw, mask = (g.square().sum(dim=(1, 2, 3)) for g in gradients)
    return GradientPenalty(image + raw, mask, (image + raw) * (gamma / 2) + mask * (gamma_mask / 2))


def density_smoothness(
    density_at: DensityAt,
    batch: int,
    generator: torch.Generator,
    *,
    weight: float,
    spread: float = 0.004,
    count: int = 1000,
) -> Tensor:
    """Mean absolute change of raw density between random points and neighbours N(0, spread^2) away, times ``weight``.

    Points are uniform in [-1, 1]^3. Off in the published training (weight 0).
    """
    points = _uniform_points(batch, count, generator)
    shifted = points + torch.randn(points.shape, generator=generator, device=generator.device) * spread
    first, second = torch.chunk(density_at(torch.cat([points, shifted], dim=1)), 2, dim=1)
    return functional.l1_loss(first, second) * weight


def density_monotony(
    density_at: DensityAt,
    batch: int,
    generator: torch.Generator,
    *,
    box_warp: float = 1.0,
    detach_front: bool = True,
    count: int = 2000,
) -> Tensor:
    """Ten times the mean fall of raw density over a step of box / 256 away from the viewer (-z). Off when published.

    ``detach_front`` lets gradients reach the points behind only.
    """
    front = _uniform_points(batch, count, generator)
    behind = front + front.new_tensor([0.0, 0.0, -1.0]) * (box_warp / 256)
    near, far = torch.chunk(density_at(torch.cat([front, behind], dim=1)), 2, dim=1)
    return functional.relu((near.detach() if detach_front else near) - far).mean() * 10


def _uniform_points(batch: int, count: int, generator: torch.Generator) -> Tensor:
    return torch.rand(batch, count, 3, generator=generator, device=generator.device) * 2 - 1
