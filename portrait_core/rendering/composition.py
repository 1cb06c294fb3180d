# SPDX-License-Identifier: Apache-2.0
"""Foreground over background, on features (docs/published/generator.md, section 6)."""

from __future__ import annotations

import torch
from torch import Tensor


def background_rows(ws: Tensor, count: int) -> Tensor:
    """The first ``count`` rows of ``ws[B, n, w_dim]``, the last one repeated when there are fewer."""
    if ws.shape[1] < count:
        ws = torch.cat([ws, ws[:, -1:].expand(-1, count - ws.shape[1], -1)], dim=1)
    return ws[:, :count]


def compose(features: Tensor, opacity: Tensor, background: Tensor) -> Tensor:
    """``features + (1 - opacity) background``, all ``[B, *, R, R]``; ``features`` are already weighted."""
    return features + (1 - opacity) * background


def mask_picture(opacity: Tensor) -> Tensor:
    """Opacity stretched by 0.001 on both sides, as the published ``image_mask``."""
    return opacity * (1 + 2 * 0.001) - 0.001


def to_bytes(picture: Tensor) -> Tensor:
    """Nominal [-1, 1] to 0..255 as uint8, cut off, not rounded."""
    return (picture * 127.5 + 128).clamp(0, 255).to(torch.uint8)
