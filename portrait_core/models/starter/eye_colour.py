# SPDX-License-Identifier: Apache-2.0
"""The colour of an eyeball: white, iris with fibres and a dark rim, round pupil; the gaze is straight ahead."""

from __future__ import annotations

import torch
from torch import Tensor

IRIS_ANGLE = 0.41
PUPIL_ANGLE = 0.155
"""Half opening angles of iris and pupil seen from the eyeball's centre, radians (11.8 and 4.5 mm across)."""


def eye_colour(direction: Tensor, iris: Tensor) -> Tensor:
    """sRGB albedo (..., 3) of an eye_colour.

    Args:
        direction: unit vectors (..., 3) from the eyeball's centre; the gaze is +z.
        iris: iris colour (..., 3) sRGB, broadcast against ``direction``.
    """
    angle = torch.arccos(direction[..., 2].clamp(-1, 1))
    turn = torch.atan2(direction[..., 1], direction[..., 0])
    fibre = 0.6 * torch.sin(turn * 23 + 4 * torch.sin(turn * 5)) + 0.4 * torch.sin(turn * 41 + 2)
    white = direction.new_tensor([0.86, 0.847, 0.839]) * (1 - 0.10 * _smooth(angle, 0.48, 0.83))[..., None]
    inner = 1 + 0.16 * fibre + 0.35 * torch.exp(-(((angle - 0.23) / 0.083) ** 2))
    ring = 1 - 0.60 * _smooth(angle, IRIS_ANGLE - 0.10, IRIS_ANGLE)
    within = 1 - _smooth(angle, IRIS_ANGLE - 0.03, IRIS_ANGLE + 0.03)
    colour = torch.lerp(white, iris * (inner * ring)[..., None], within[..., None])
    hole = 1 - _smooth(angle, PUPIL_ANGLE - 0.012, PUPIL_ANGLE + 0.022)
    return torch.lerp(colour, torch.full_like(colour, 0.015), hole[..., None]).clamp(0, 1)


def _smooth(x: Tensor, low: float, high: float) -> Tensor:
    t = ((x - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)
