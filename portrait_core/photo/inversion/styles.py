# SPDX-License-Identifier: Apache-2.0
"""Where a model's persons lie in w: what an inversion begins with (docs/published/scripts.md, section 6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from portrait_core.cameras import Camera, intrinsics, look_at
from portrait_core.models.portrait_gan.generator import PortraitGenerator

DRAWS = 600
DRAW_SEED = 123
SEEN_FROM = 3.14 / 2
"""Both angles (`look_at`) of the published conditioning camera, which is all but in front and level."""


@dataclass(frozen=True, eq=False)
class StyleStatistics:
    """The ``mean`` [w_dim] of w, and its ``deviation``: the root of the mean squared distance from it."""

    mean: Tensor
    deviation: float

    def rows(self, count: int) -> Tensor:
        """The mean person as style rows [1, count, w_dim]."""
        return self.mean.repeat(1, count, 1)


def conditioning_label() -> Tensor:
    """The camera [1, 25] that the mapping sees."""
    return torch.as_tensor(Camera(look_at(SEEN_FROM, SEEN_FROM), intrinsics()).label)[None]


@torch.no_grad()
def style_statistics(network: PortraitGenerator, pose: Tensor | None, *, draws: int = DRAWS) -> StyleStatistics:
    """Of ``draws`` persons, whom the mapping sees in ``pose`` [1, 6] as published (at rest for None)."""
    device = next(network.parameters()).device
    z = np.random.RandomState(DRAW_SEED).randn(draws, network.config.z_dim)
    label = conditioning_label().to(device).expand(draws, -1) if network.config.c_dim else None
    seen = None if pose is None or label is None else pose.to(device).expand(draws, -1)
    w = network.mapping(torch.tensor(z.astype(np.float32)).to(device), label, seen)[:, 0]
    mean = w.mean(dim=0)
    return StyleStatistics(mean, float(((w - mean).square().sum() / draws).sqrt()))
