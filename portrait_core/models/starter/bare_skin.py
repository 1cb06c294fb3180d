# SPDX-License-Identifier: Apache-2.0
"""The colour of bare skin: a branch of the starter's decoder that knows the skin under hair and clothing too.

The decoder's own skin was learnt where a bust shows it, with brows, lash lines and roots of hair painted on. Where hair
and clothing are parts of their own, what lies beneath is asked for. The branch reads the decoder's first hidden layer,
so that it needs no features of its own, and changes nothing of the whole bust.
"""

from __future__ import annotations

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from portrait_core.models.starter.decoder import FIXED_TONES, shaded
from portrait_core.networks.fully_connected import FullyConnectedLayer

TONES = 6
"""Skin, lips, hair, hair that is darker, a dark and a red one."""
LIPS = 1


class BareSkin(nn.Module):
    """First hidden layer, style and palette -> sRGB of bare skin and how much of it is lip.

    Args:
        features: width of the decoder's first hidden layer.
        style_dim: length of the style vector.
        width: of the branch's own layer, which the style modulates (FiLM, Perez et al. 2018).
    """

    def __init__(self, features: int, style_dim: int, width: int) -> None:
        super().__init__()
        self.fc = FullyConnectedLayer(features, width)
        self.film = FullyConnectedLayer(style_dim, 2 * width)
        self.out = FullyConnectedLayer(width, TONES + 4)

    def forward(self, hidden: Tensor, style: Tensor, palette: Tensor) -> tuple[Tensor, Tensor]:
        """sRGB (B, N, 3) and the share of lip (B, N) at points with hidden rows (B, N, features), of identities with
        ``style`` (B, style_dim) and ``palette`` (B, 6, 3) sRGB."""
        batch, count, features = hidden.shape
        scale, shift = self.film(style)[:, None].chunk(2, -1)
        # Rectified once more: what the hidden layer holds back counts little.
        hidden = nnf.leaky_relu(hidden, 0.2)
        inner = self.fc(hidden.reshape(-1, features)).reshape(batch, count, -1)
        inner = nnf.leaky_relu(inner * (1 + scale) + shift, 0.2)
        outputs = self.out(inner.reshape(batch * count, -1)).reshape(batch, count, -1)
        return self.read(outputs, palette)

    @staticmethod
    def read(outputs: Tensor, palette: Tensor) -> tuple[Tensor, Tensor]:
        """What the last layer's outputs (B, N, outputs) stand for."""
        skin, lip, hair = (palette[:, i : i + 1] for i in range(3))
        fixed = palette.new_tensor(FIXED_TONES).expand(len(palette), -1, -1)
        tones = torch.cat([skin, lip, hair, hair * 0.6, fixed], 1)
        # PyTorch is ten times slower along a short last axis.
        shares = torch.softmax(outputs[..., :TONES].mT, -2).mT
        return shaded(shares @ tones, outputs[..., TONES:]), shares[..., LIPS]
