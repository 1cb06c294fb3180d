# SPDX-License-Identifier: Apache-2.0
"""The clothing of a whole bust in closed form: where its neckline runs, the band along it, and the stripes.

The world's necklines and stripes are formulas of the place on the bare body and of three numbers of the code. The
decoder learnt their results as fields, which fray by millimetres at the border and mix both colours of stripes; on a
bust the formulas themselves are painted, so that borders are as clean as the texture is fine.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import torch
from torch import Tensor

from portrait_core.models.starter.decoder import CanonicalSample
from portrait_core.models.starter.identity_warp import FADE_TO, IdentityWarp
from portrait_core.parts.cloth_colours import STRIPE_SHARE, STRIPED, STRIPES
from portrait_core.parts.code_units import PER_METRE
from portrait_core.weights.header import ModelHeader

SCALARS = ("neck_depth", "neck_shape", "stripes")

HIGHEST = -0.06
"""Metres beside the height of the eyes: no clothing lies higher on the canonical body."""

SLOPE = 0.006
"""Metres to both sides over which the slope of the height over a neckline is taken: kinks of the formula become bends
of the band."""
LEAST_SLOPE = 0.4
"""Of the height over a neckline along the skin; a smaller one would make distances of nothing."""

BAND = (-0.0135, -0.0115)
BAND_SHADE = 0.27
"""Metres below the border between which the darker band ends, and how much darker it is."""

UNSURE = 0.04
"""Metres of height over a neckline from which on its sign is the same on the bare body as a clothing's thickness off
it: the height changes by at most three metres a metre."""

PLAIN_SHADE = 0.93
"""Of the clothing's colour: what the world's weave and open sky leave of it on the mean."""


def clothing_columns(header: ModelHeader, colours: int) -> tuple[int, ...] | None:
    """Where :data:`SCALARS` stand in a model's code, after its ``colours`` sRGB triples; None where the header does not
    say what its scalars are."""
    names = cast("list[str]", header.parts.get("scalars", []))
    if not set(SCALARS) <= set(names):
        return None
    return tuple(3 * colours + names.index(name) for name in SCALARS)


def clothing_of(code: Tensor, refined: Tensor, columns: tuple[int, ...]) -> Tensor:
    """(3,) depth (metres) and shape of a neckline and the scalar of stripes.

    The neckline is that of ``code`` (1, size), of which the surface is made, so that its colour ends at its step;
    ``refined`` tells persons with stripes from those without.
    """
    depth, shape, stripes = columns
    return torch.stack([code[0, depth] / PER_METRE["neck_depth"], code[0, shape], refined[0, stripes]])


def neckline_height(relative: Tensor, depth: Tensor | float, shape: Tensor | float) -> Tensor:
    """(N,) signed height over the neckline, metres, at places (N, 3) of the bare canonical body relative to the eyes'
    middle: negative where clothing is. The formula of the training world."""
    x, y, z = relative.unbind(1)
    rim = -0.158 + (z + 0.14) * -0.55 + 0.55 * (x.abs() - 0.055).clamp(0, 0.1)
    hollow = (1 - (x.abs() / (0.045 + 0.05 * shape)) ** (1.0 + 1.2 * shape)).clamp(0, 1)
    front = _smooth(z, -0.10, -0.04)
    return y - (rim - depth * hollow * front - 0.35 * depth * front)


def neckline_distance(relative: Tensor, normals: Tensor, depth: Tensor | float, shape: Tensor | float) -> Tensor:
    """(N,) the same as a distance along the skin, which has unit ``normals`` (N, 3) there."""
    steps = SLOPE * torch.eye(3, device=relative.device, dtype=relative.dtype)
    slope = torch.stack(
        [
            neckline_height(relative + step, depth, shape) - neckline_height(relative - step, depth, shape)
            for step in steps
        ],
        1,
    ) / (2 * SLOPE)
    along = slope - normals * (slope * normals).sum(1, keepdim=True)
    height = neckline_height(relative, depth, shape)
    return height / along.square().sum(1).sqrt().clamp_min(LEAST_SLOPE)


def dressed(
    sample: CanonicalSample, points: Tensor, clothing: Tensor, palette: Tensor, warp: IdentityWarp, eyes: Tensor
) -> CanonicalSample:
    """A decoder's ``sample`` (1, N) at canonical points (N, 3) with the neckline and the cloth of the closed form.

    Args:
        clothing: (3,) of :func:`clothing_of`.
        palette: (1, 6, 3) sRGB.
        warp: whose template is the bare canonical body.
        eyes: (3,) one eyeball's middle in the canonical head.
    """
    middle = eyes * eyes.new_tensor([0.0, 1.0, 1.0])
    index = torch.nonzero(points[:, 1] - middle[1] < HIGHEST).squeeze(1)
    if len(index) == 0:
        return sample
    depth, shape, scalar = clothing
    relative = points[index] - middle
    distance = neckline_height(relative, depth, shape)
    amount = _smooth(scalar, *STRIPED) * STRIPE_SHARE
    # Where only the side of the border matters, the place itself tells it.
    asked = (distance.abs() < UNSURE) | ((distance < 0) & (amount > 0))
    rows = torch.nonzero(asked).squeeze(1)
    foot, normals, away = warp.foot(points[index[rows]])
    near = away < FADE_TO
    rows, foot = rows[near], foot[near] - middle
    relative = relative.index_copy(0, rows, foot)
    distance = distance.index_copy(0, rows, neckline_distance(foot, normals[near], depth, shape))
    striped = amount * _smooth(torch.sin(relative[:, 1] * STRIPES), -0.2, 0.2)
    shade = PLAIN_SHADE * (1 - BAND_SHADE * _smooth(distance, *BAND))
    cloth = torch.lerp(palette[:, 3], palette[:, 4], striped[:, None]) * shade[:, None]
    return replace(
        sample,
        neckline=sample.neckline.index_copy(1, index, distance[None]),
        cloth=sample.cloth.index_copy(1, index, cloth[None]),
    )


def _smooth(x: Tensor, low: float, high: float) -> Tensor:
    t = ((x - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)
