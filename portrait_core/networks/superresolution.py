# SPDX-License-Identifier: Apache-2.0
"""Raw picture and features to the final picture (docs/published/generator.md, section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from portrait_core.networks.resampling import resample_filter, resize
from portrait_core.networks.synthesis import NoiseMode, SynthesisBlock

SuperresolutionName = Literal["8XDC", "8X", "4X", "2X"]

W_DIM = 512
CLAMP = 256.0
"""Limit of all layers. In the published networks it hangs on a half-precision setting but acts in float32 too."""


@dataclass(frozen=True)
class SuperresolutionVariant:
    """What distinguishes the four published modules.

    ``output`` and ``source`` are the sizes in pixels of the result and of the pictures the first block takes,
    ``widths`` the channels after both blocks; ``first_doubles`` says whether the first block doubles the size,
    ``shrinks`` whether larger pictures are reduced to ``source``, ``keeps_filter`` whether the module itself stores
    the resampling filter.
    """

    output: int
    source: int
    widths: tuple[int, int]
    first_doubles: bool
    shrinks: bool = True
    keeps_filter: bool = True


VARIANTS: Mapping[SuperresolutionName, SuperresolutionVariant] = {
    "8XDC": SuperresolutionVariant(512, 128, (256, 128), first_doubles=True, keeps_filter=False),
    "8X": SuperresolutionVariant(512, 128, (128, 64), first_doubles=True),
    "4X": SuperresolutionVariant(256, 128, (128, 64), first_doubles=False, shrinks=False),
    "2X": SuperresolutionVariant(128, 64, (128, 64), first_doubles=False),
}


class Superresolution(nn.Module):
    """Two synthesis blocks with three image channels, started from the raw picture.

    Args:
        channels: feature channels of the input.
        variant: a key of `VARIANTS`.
        antialias: how pictures of another size are brought to the first block's size.
    """

    resample_filter: Tensor

    def __init__(self, channels: int, variant: SuperresolutionName, *, antialias: bool = True) -> None:
        super().__init__()
        self.variant = VARIANTS[variant]
        self.antialias = antialias
        first, second = self.variant.widths
        if self.variant.keeps_filter:
            self.register_buffer("resample_filter", resample_filter())
        self.block0 = SynthesisBlock(
            channels,
            first,
            w_dim=W_DIM,
            resolution=self.variant.source * (2 if self.variant.first_doubles else 1),
            img_channels=3,
            upsample=self.variant.first_doubles,
            conv_clamp=CLAMP,
        )
        self.block1 = SynthesisBlock(
            first, second, w_dim=W_DIM, resolution=self.variant.output, img_channels=3, conv_clamp=CLAMP
        )

    def forward(
        self,
        rgb: Tensor,
        features: Tensor,
        ws: Tensor,
        *,
        noise_mode: NoiseMode = "none",
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """The final picture ``[B, 3, output, output]``; neither input is changed.

        Args:
            rgb: raw picture ``[B, 3, R, R]``.
            features: ``[B, channels, R, R]``.
            ws: ``[B, n, 512]``; only the last row is used.
            noise_mode: see `portrait_core.networks.synthesis.NoiseMode`.
            generator: source of ``random`` noise.
        """
        rows = ws[:, -1:].expand(-1, 3, -1)
        source = self.variant.source
        if features.shape[-1] < source or (features.shape[-1] > source and self.variant.shrinks):
            mode = "antialiased" if self.antialias else "none"
            rgb, features = resize(rgb, source, mode), resize(features, source, mode)
        x, image = self.block0(features, rgb, rows, noise_mode=noise_mode, generator=generator)
        return self.block1(x, image, rows, noise_mode=noise_mode, generator=generator)[1]
