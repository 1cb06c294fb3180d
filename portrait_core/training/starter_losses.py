# SPDX-License-Identifier: Apache-2.0
"""What the starter is trained to: distances, borders and colours of the parts at canonical points."""

from __future__ import annotations

import torch
import torch.nn.functional as nnf
from torch import Tensor

from portrait_core.models.starter.decoder import CanonicalSample

FAR = 0.030
NEAR = 0.004
HIDDEN = -0.004
HOLLOW = -0.0035


def occupancy_loss(predicted: Tensor, true: Tensor, weight: Tensor, beta: float) -> Tensor:
    """Cross entropy of ``sigmoid(-distance / beta)`` against its true value, less the entropy of the truth.

    A distance alone is easily learnt as "outside everywhere"; the occupancy near the surface is not.
    """
    target = torch.sigmoid(-true / beta)
    entropy = nnf.binary_cross_entropy(target, target, reduction="none")
    loss = nnf.binary_cross_entropy_with_logits(-predicted / beta, target, reduction="none") - entropy
    return (loss * weight).mean()


def distance_loss(predicted: Tensor, true: Tensor, weight: Tensor) -> Tensor:
    """Weighted L1 of distances clamped to 30 mm, with more weight within 4 mm of the surface; in metres."""
    error = (predicted.clamp(-FAR, FAR) - true.clamp(-FAR, FAR)).abs() * weight
    near = (true.abs() < NEAR).to(error) * weight
    return error.mean() + 2.0 * (error * near).sum() / near.sum().clamp_min(1)


def starter_loss(sample: CanonicalSample, truth: dict[str, Tensor], beta: float) -> tuple[Tensor, dict[str, float]]:
    """The loss of a batch and its parts as numbers.

    Args:
        sample: what the decoder says, (B, N).
        truth: ``body``, ``hair``, ``neckline`` (metres), ``eye`` (0 or 1), ``skin``, ``cloth``, ``hair_colour``.
        beta: softness of the occupancy in metres.
    """
    body, hair, height = truth["body"], truth["hair"], truth["neckline"]
    # A surface that another part hides needs no precision.
    body_weight = torch.where(hair < HIDDEN, 0.15, 1.0)
    hair_weight = torch.where(body < HIDDEN, 0.15, 1.0)
    occupied = occupancy_loss(sample.body, body, body_weight, beta) + occupancy_loss(
        sample.hair, hair, hair_weight, beta
    )
    # Hollows deep inside can open through the skin: there a positive distance costs much more than a wrong one.
    hollow = torch.relu(sample.body + 0.0015) * (body < HOLLOW)
    distance = distance_loss(sample.body, body, body_weight) + distance_loss(sample.hair, hair, hair_weight)

    at_body = ((body.abs() < 0.006) & (hair > -0.001)).to(body)
    at_hair = ((hair.abs() < 0.006) & (body > -0.001)).to(body)
    edge = (sample.neckline.clamp(-0.02, 0.02) - height.clamp(-0.02, 0.02)).abs()
    edge_near = at_body * torch.where(height.abs() < 0.006, 4.0, 1.0)
    border = _mean(edge, edge_near)
    lids = _mean(nnf.binary_cross_entropy_with_logits(sample.eye, truth["eye"], reduction="none"), at_body)
    # Each colour counts where its part shows, and a little beyond, so that borders may move.
    skin = _mean((sample.skin - truth["skin"]).abs().mean(-1), at_body * (height > -0.003) * (1 - 0.9 * truth["eye"]))
    at_cloth = at_body * (height < 0.003)
    cloth_error = sample.cloth - truth["cloth"]
    cloth = _mean(cloth_error.abs().mean(-1), at_cloth)
    # Squared as well: the absolute error alone is content with one of two stripes' colours.
    stripes = _mean(cloth_error.square().mean(-1), at_cloth)
    locks = _mean((sample.hair_colour - truth["hair_colour"]).abs().mean(-1), at_hair)
    colour = skin + 0.5 * cloth + 0.7 * locks
    total = 3.0 * occupied + 20.0 * distance + 40.0 * hollow.mean()
    total = total + 25.0 * border + 0.6 * lids + 4.0 * colour + 20.0 * stripes
    parts = {
        "occupancy": occupied, "distance_mm": distance * 1e3, "border_mm": border * 1e3, "lids": lids, "skin": skin,
        "cloth": cloth, "hair": locks,
    }  # fmt: skip
    return total, {name: float(value.detach()) for name, value in parts.items()}


def _mean(value: Tensor, weight: Tensor) -> Tensor:
    return (value * weight).sum() / weight.sum().clamp_min(1)
