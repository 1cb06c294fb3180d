# SPDX-License-Identifier: Apache-2.0
"""What makes portraits of a procedural world as varied as photographs: other crops, light, colours, hats, props, blur,
noise, and masks as imperfect as networks make them.

All random numbers come from one generator; the same state gives the same batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from portrait_core.photo.view_network import SIGNS


@dataclass(frozen=True)
class Crops:
    """How far crops are from the aligned ones: ``turn`` in radians and ``shift`` in sides at most, ``scale`` as the
    logarithm of the side at most."""

    turn: float = 0.25
    shift: float = 0.14
    scale: float = 0.28


def other_crops(
    pictures: Tensor, masks: Tensor, targets: Tensor, rng: torch.Generator, crops: Crops = Crops()
) -> tuple[Tensor, Tensor, Tensor]:
    """Half of the batch mirrored, all turned, moved and scaled; beyond the picture its border goes on.

    ``targets`` [B, 7] are sin and cos of the yaw, pitch, roll, head (3); with the place and the size of the aligned
    square in the new picture they become the network's ten numbers.
    """
    count = len(pictures)
    flip = torch.rand(count, generator=rng) < 0.5
    every = flip[:, None, None, None]
    pictures, masks = (torch.where(every, torch.flip(each, [3]), each) for each in (pictures, masks))
    targets = torch.where(flip[:, None], targets * torch.tensor(SIGNS[:7]), targets)
    turn, grow, right, down = ((torch.rand(4, count, generator=rng) * 2 - 1) * _column(crops)).unbind()
    cos, sin, side = turn.cos(), turn.sin(), grow.exp()
    # From places in the new square to places in the aligned one, both from -1 to 1.
    grid = torch.stack(
        [torch.stack([side * cos, -side * sin, 2 * right], 1), torch.stack([side * sin, side * cos, 2 * down], 1)], 1
    )
    where = F.affine_grid(grid, [count, 3, *pictures.shape[2:]], align_corners=False)
    pictures, masks = (
        F.grid_sample(each, where, "bilinear", "border", align_corners=False) for each in (pictures, masks)
    )
    aligned = torch.stack([-(cos * right + sin * down) / side, (sin * right - cos * down) / side, -grow], 1)
    numbers = torch.cat([targets, aligned], dim=1)
    # A camera that is rolled clockwise sees everything turned the other way.
    numbers[:, 3] += turn
    return pictures, masks, numbers


def _column(crops: Crops) -> Tensor:
    return torch.tensor([crops.turn, crops.scale, crops.shift, crops.shift])[:, None]


def other_looks(pictures: Tensor, masks: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """The same portraits in other light, colours and company; 0 to 1 before and after."""
    pictures, masks = _worn(pictures, masks, rng)
    pictures = _backgrounds(pictures, masks, rng)
    pictures = _lit(_coloured(pictures, rng), rng)
    pictures = _recorded(pictures, rng)
    return pictures.clamp(0, 1), _mask_of_a_network(masks, rng)


def _uniform(rng: torch.Generator, low: float, high: float, *shape: int) -> Tensor:
    return low + (high - low) * torch.rand(shape, generator=rng)


def _chosen(rng: torch.Generator, share: float, count: int) -> Tensor:
    """[B, 1, 1, 1]: which of a batch something happens to."""
    return (torch.rand(count, generator=rng) < share).reshape(-1, 1, 1, 1)


def _places(size: int) -> tuple[Tensor, Tensor]:
    """x and y [1, 1, S, S] of pixels, -1 to 1."""
    steps = (torch.arange(size) + 0.5) / size * 2 - 1
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    return x[None, None], y[None, None]


def _blobs(rng: torch.Generator, count: int, size: int, low: Tensor, high: Tensor) -> Tensor:
    """[B, 1, S, S] of 0 and 1: turned ellipses or boxes; ``low`` and ``high`` (4,) bound middle and half axes."""
    x, y = _places(size)
    middle_x, middle_y, half_x, half_y = (low[:, None] + (high - low)[:, None] * torch.rand(4, count, generator=rng))[
        ..., None, None, None
    ].unbind()
    turn = _uniform(rng, -0.6, 0.6, count, 1, 1, 1)
    along = ((x - middle_x) * turn.cos() + (y - middle_y) * turn.sin()) / half_x
    across = ((y - middle_y) * turn.cos() - (x - middle_x) * turn.sin()) / half_y
    box = _chosen(rng, 0.5, count)
    far = torch.where(box, torch.maximum(along.abs(), across.abs()), (along**2 + across**2).sqrt())
    return (far < 1).float()


def _worn(pictures: Tensor, masks: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Hats on heads, and things before faces and shoulders: parts of the person's mask, or of nobody's."""
    count, size = len(pictures), pictures.shape[-1]
    head_low, head_high = torch.tensor([-0.3, -1.0, 0.25, 0.08]), torch.tensor([0.3, -0.5, 0.6, 0.3])
    low, high = torch.tensor([-0.9, -0.5, 0.05, 0.05]), torch.tensor([0.9, 1.1, 0.35, 0.35])
    for share, belongs, limits in (
        (0.2, 1.0, (head_low, head_high)),
        (0.2, 1.0, (low, high)),
        (0.15, 0.0, (low, high)),
    ):
        blob = _blobs(rng, count, size, *limits) * _chosen(rng, share, count)
        colour = torch.rand(count, 3, 1, 1, generator=rng)
        pictures = pictures * (1 - blob) + colour * blob
        masks = masks * (1 - blob) + belongs * blob
    return pictures, masks


def _backgrounds(pictures: Tensor, masks: Tensor, rng: torch.Generator) -> Tensor:
    """Coarse coloured patterns instead of plain walls: what an imperfect mask lets through."""
    count, size = len(pictures), pictures.shape[-1]
    cells = torch.rand(count, 3, 6, 6, generator=rng)
    pattern = F.interpolate(cells, (size, size), mode="bilinear", align_corners=False)
    other = _chosen(rng, 0.6, count) * (1 - masks)
    return pictures * (1 - other) + pattern * other


def _coloured(pictures: Tensor, rng: torch.Generator) -> Tensor:
    """Other hair, skin and cloth: colours mixed anew, or none at all."""
    count = len(pictures)
    mixing = torch.eye(3) + _uniform(rng, -0.35, 0.35, count, 3, 3)
    mixed = torch.einsum("bij,bjhw->bihw", mixing, pictures)
    pictures = torch.where(_chosen(rng, 0.5, count), mixed, pictures)
    grey = pictures.mean(1, keepdim=True).expand_as(pictures)
    return torch.where(_chosen(rng, 0.25, count), grey, pictures)


def _lit(pictures: Tensor, rng: torch.Generator) -> Tensor:
    """Light from a side, a tint, another exposure and gradation."""
    count, size = len(pictures), pictures.shape[-1]
    x, y = _places(size)
    way = _uniform(rng, 0, 6.2832, count, 1, 1, 1)
    ramp = (x * way.cos() + y * way.sin()) * _uniform(rng, 0, 0.7, count, 1, 1, 1)
    # Soft patches, as windows and leaves make them.
    patches = F.interpolate(_uniform(rng, -0.3, 0.3, count, 1, 4, 4), (size, size), mode="bicubic", align_corners=False)
    light = (1 + ramp * _chosen(rng, 0.6, count) + patches * _chosen(rng, 0.4, count)).clamp_min(0.1)
    tint = _uniform(rng, 0.75, 1.25, count, 3, 1, 1) * _uniform(rng, 0.5, 1.4, count, 1, 1, 1)
    return (pictures * light * tint).clamp(1e-4, 1) ** _uniform(rng, 0.6, 1.6, count, 1, 1, 1)


def _recorded(pictures: Tensor, rng: torch.Generator) -> Tensor:
    """Blur as of small or moved pictures, and noise."""
    count, size = len(pictures), pictures.shape[-1]
    half = F.interpolate(F.avg_pool2d(pictures, 2), (size, size), mode="bilinear", align_corners=False)
    share = _uniform(rng, 0, 1, count, 1, 1, 1) * _chosen(rng, 0.5, count)
    pictures = pictures * (1 - share) + half * share
    noise = torch.randn(pictures.shape, generator=rng) * _uniform(rng, 0, 0.06, count, 1, 1, 1)
    return pictures + noise * _chosen(rng, 0.6, count)


def _mask_of_a_network(masks: Tensor, rng: torch.Generator) -> Tensor:
    """Soft, a little too large or too small, with bites and bumps."""
    count, size = len(masks), masks.shape[-1]
    soft = F.avg_pool2d(masks, 3, 1, 1, count_include_pad=False)
    wobble = F.interpolate(_uniform(rng, -0.3, 0.3, count, 1, 8, 8), (size, size), mode="bicubic", align_corners=False)
    edge = soft + wobble * 4 * soft * (1 - soft) + _uniform(rng, -0.1, 0.1, count, 1, 1, 1) * (soft * (1 - soft)) * 4
    sharp = ((edge - 0.5) * _uniform(rng, 1.0, 4.0, count, 1, 1, 1) + 0.5).clamp(0, 1)
    return torch.where(_chosen(rng, 0.7, count), sharp, masks)
