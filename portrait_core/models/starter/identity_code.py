# SPDX-License-Identifier: Apache-2.0
"""From a style row ``w`` to what the starter knows of an identity, and from that to what its synthesis needs.

``w`` is read linearly, so truncation (a move in w) is a straight move of every attribute: a *code* (palette, scalars,
logits of the hair styles) and the coefficients of the identity warp. The code alone, as a short style
vector, drives the planes and the decoder: the shape of the face does not disturb them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from portrait_core.networks.fully_connected import FullyConnectedLayer


@dataclass(frozen=True)
class CodeLayout:
    """``colours`` sRGB triples come first in the code, then ``scalars``, then ``styles`` logits.

    Style weights are a softmax of ``sharpness`` times the logits, less ``floor``, cut at zero and scaled to sum to one.
    """

    colours: int = 6
    scalars: int = 14
    styles: int = 11
    sharpness: float = 6.0
    floor: float = 0.06

    @property
    def size(self) -> int:
        return 3 * self.colours + self.scalars + self.styles


class IdentityCode(nn.Module):
    """Heads on ``w`` and the style network.

    Args:
        w_dim: length of a style row; also the length of the style vector that is made.
        coefficients: how many the identity warp takes.
        layout: what the code's numbers are.
    """

    code_mean: Tensor
    code_deviation: Tensor

    def __init__(self, w_dim: int, coefficients: int, layout: CodeLayout) -> None:
        super().__init__()
        self.layout = layout
        self.code = FullyConnectedLayer(w_dim, layout.size)
        self.warp = FullyConnectedLayer(w_dim, coefficients)
        self.style0 = FullyConnectedLayer(layout.size, w_dim, activation="lrelu")
        self.style1 = FullyConnectedLayer(w_dim, w_dim, activation="lrelu")
        # The mapping learns codes of unit spread; these turn them back.
        self.register_buffer("code_mean", torch.zeros(layout.size, dtype=torch.float32))
        self.register_buffer("code_deviation", torch.ones(layout.size, dtype=torch.float32))

    def read(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """``w[B, w_dim]`` to code ``[B, size]`` in its own units and warp coefficients ``[B, K]``."""
        return self.code(w) * self.code_deviation + self.code_mean, self.warp(w)

    def weights(self, code: Tensor) -> Tensor:
        """Style weights ``[B, styles]`` of codes."""
        logits = code[:, -self.layout.styles :]
        raised = (torch.softmax(self.layout.sharpness * logits, 1) - self.layout.floor).clamp_min(0)
        return raised / raised.sum(1, keepdim=True)

    def palette(self, code: Tensor) -> Tensor:
        """Colours ``[B, colours, 3]`` sRGB of codes."""
        return code[:, : 3 * self.layout.colours].reshape(-1, self.layout.colours, 3).clamp(0, 1)

    def style(self, code: Tensor) -> Tensor:
        """Style vectors ``[B, w_dim]`` of codes."""
        known = code.shape[1] - self.layout.styles
        normal = ((code - self.code_mean) / self.code_deviation)[:, :known]
        # Weights lie in [0, 1] and are mostly zero: bring them to the spread of the other inputs.
        x = torch.cat([normal, self.weights(code) * 3 - 0.3], 1)
        return self.style1(self.style0(x))
