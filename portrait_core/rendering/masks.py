# SPDX-License-Identifier: Apache-2.0
"""Which samples are emptied before the march (docs/published/generator.md, section 9.4)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

EMPTY = -1000.0
"""Raw density of a sample that must not be seen."""
SOLID = 1000.0
"""Raw density of a sample that must hide what is behind it."""


def crop_mask(points: Tensor, *, margin: float, box_warp: float) -> Tensor:
    """True where |x| or |z| of canonical ``points[..., 3]`` exceeds half the box less ``margin``: ``[..., 1]``.

    y is free: hair may rise to the top of the box and the chest runs out of its bottom.
    """
    limit = box_warp / 2 - margin
    return ((points[..., :1].abs() > limit) | (points[..., 2:].abs() > limit)).detach()


def cull_mask(density: Tensor, threshold: float) -> Tensor:
    """True where a unit length of raw ``density`` is less opaque than ``threshold``; same shape."""
    return 1 - torch.exp(-functional.softplus(density - 1)) < threshold
