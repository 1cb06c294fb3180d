# SPDX-License-Identifier: Apache-2.0
"""Training of a starter's refined codes: latents never end, so this is a regression on as many as wished."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from portrait_core.models.starter.generator import CanonicalGenerator
from portrait_core.progress import Progress
from portrait_core.world.latent import Z_DIM, attributes, code

COLOUR_WEIGHT, STYLE_WEIGHT = 3.0, 4.0
"""Weights of squared errors (in deviations) of colours and of the styles' logits, beside those of the scalars."""

ROWS = 8192
"""Style rows whose mean and spread are taken."""


@dataclass(frozen=True)
class CodeRefinementTraining:
    """``seed`` of weights and latents; ``steps`` of Adam at ``rate``, which falls to nothing along a cosine, with
    ``batch`` latents each."""

    seed: int = 0
    steps: int = 12_000
    rate: float = 6e-2
    batch: int = 512


def train_refinement(network: CanonicalGenerator, config: CodeRefinementTraining, progress: Progress) -> float:
    """Train the refinement of a ``network`` that has one and whose other weights stay; the mean squared error of the
    last steps beside that of the codes without it."""
    refinement, head = network.code_refinement, network.identity_code
    assert refinement is not None
    many = np.random.default_rng([config.seed, 5]).normal(size=(ROWS, Z_DIM)).astype(np.float32)
    with torch.no_grad():
        rows = network.backbone.mapping.single(torch.as_tensor(many))
    refinement.start(torch.Generator().manual_seed(config.seed), rows)
    refinement.requires_grad_(True)
    optimiser = torch.optim.Adam(refinement.parameters(), lr=config.rate, betas=(0.9, 0.99))
    weight = torch.ones(head.layout.size)
    weight[: 3 * head.layout.colours] = COLOUR_WEIGHT
    weight[-head.layout.styles :] = STYLE_WEIGHT
    before: list[float] = []
    after: list[float] = []
    for step in range(config.steps):
        progress("codes", step / config.steps)
        rng = np.random.default_rng([config.seed, 4, step])
        z = rng.normal(size=(config.batch, Z_DIM))
        with torch.no_grad():
            w = network.backbone.mapping.single(torch.as_tensor(z.astype(np.float32)))
            known = torch.as_tensor(code(attributes(z)).astype(np.float32))
            target = (known - head.code_mean) / head.code_deviation - head.code(w)
        falling = 0.5 + 0.5 * np.cos(np.pi * step / config.steps)
        for group in optimiser.param_groups:
            group["lr"] = config.rate * min(1.0, (step + 1) / 30) * falling + 1e-6
        optimiser.zero_grad(set_to_none=True)
        loss = ((refinement(w) - target).square() * weight).mean()
        loss.backward()  # pyright: ignore[reportUnknownMemberType]
        optimiser.step()  # pyright: ignore[reportUnknownMemberType]
        before.append(float((target.square() * weight).mean()))
        after.append(float(loss.detach()))
    refinement.requires_grad_(False)
    return float(np.mean(after[-100:]) / np.mean(before[-100:]))
