# SPDX-License-Identifier: Apache-2.0
"""The code of an identity, read from its style row more exactly than the linear head reads it.

Whole busts keep the linear reading that their weights grew up with. Parts ask for the person's own colours, stubble and
style of hair, and take this one: the linear code and what a small network adds to it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from portrait_core.networks.fully_connected import FullyConnectedLayer


class CodeRefinement(nn.Module):
    """``w`` -> what is added to its code, in deviations.

    Args:
        w_dim: length of a style row.
        size: numbers of a code.
        width: of the two hidden layers.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, w_dim: int, size: int, width: int = 256) -> None:
        super().__init__()
        self.fc0 = FullyConnectedLayer(w_dim, width, activation="lrelu")
        self.fc1 = FullyConnectedLayer(width, width, activation="lrelu")
        self.out = FullyConnectedLayer(width, size)
        self.register_buffer("mean", torch.zeros(w_dim, dtype=torch.float32))
        self.register_buffer("deviation", torch.ones(w_dim, dtype=torch.float32))

    def start(self, generator: torch.Generator, rows: Tensor) -> None:
        """Start values: nothing is added; ``rows`` (N, w_dim) say what style rows are like."""
        for layer in (self.fc0, self.fc1):
            layer.reset_parameters(generator)
        with torch.no_grad():
            self.out.weight.zero_()
            self.mean.copy_(rows.mean(0))
            self.deviation.copy_(rows.std(0) + 1e-6)

    def forward(self, w: Tensor) -> Tensor:
        """(B, w_dim) to (B, size)."""
        return self.out(self.fc1(self.fc0((w - self.mean) / self.deviation)))
