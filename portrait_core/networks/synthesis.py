# SPDX-License-Identifier: Apache-2.0
"""Style rows to feature images: layers, toRGB, blocks and the whole network (docs/published/generator.md,
section 5)."""

from __future__ import annotations

import math
from typing import Literal, cast

import torch
from torch import Tensor, nn

from portrait_core.networks.bias_act import ACTIVATIONS, bias_act
from portrait_core.networks.fully_connected import FullyConnectedLayer
from portrait_core.networks.initialise import fill_normal
from portrait_core.networks.modulated_conv import modulated_conv2d
from portrait_core.networks.resampling import resample_filter, upsample2

NoiseMode = Literal["const", "random", "none"]
"""``const``: the stored noise image; ``random``: fresh numbers of the passed generator; ``none``: no
noise."""


class SynthesisLayer(nn.Module):
    """3x3 modulated convolution, noise, bias, leaky ReLU.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        w_dim: length of the style row.
        resolution: height and width of the *output* in pixels.
        up: 1, or 2 to double the resolution.
        conv_clamp: limit of the output, None for no limit.
    """

    resample_filter: Tensor
    noise_const: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        w_dim: int,
        resolution: int,
        up: int = 1,
        conv_clamp: float | None = None,
    ) -> None:
        super().__init__()
        self.resolution = resolution
        self.up = up
        self.conv_clamp = conv_clamp
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, 3, 3, dtype=torch.float32))
        self.noise_strength = nn.Parameter(torch.zeros([], dtype=torch.float32))
        self.bias = nn.Parameter(torch.zeros(out_channels, dtype=torch.float32))
        self.register_buffer("resample_filter", resample_filter())
        self.register_buffer("noise_const", torch.empty(resolution, resolution, dtype=torch.float32))
        self.affine = FullyConnectedLayer(w_dim, in_channels, bias_init=1.0)
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw weight and noise image from ``generator``; bias and noise strength become 0."""
        fill_normal(self.weight, 1.0, generator)
        fill_normal(self.noise_const, 1.0, generator)
        nn.init.zeros_(self.noise_strength)
        nn.init.zeros_(self.bias)

    def noise(self, batch: int, mode: NoiseMode, generator: torch.Generator | None) -> Tensor | None:
        """The noise that is added before the bias: ``[H, W]``, ``[B, 1, H, W]`` or None."""
        if mode == "none":
            return None
        if mode == "const":
            return self.noise_const * self.noise_strength
        if generator is None:
            raise ValueError("noise mode 'random' needs a torch.Generator; pass one, or use 'const' or 'none'")
        size = (batch, 1, self.resolution, self.resolution)
        drawn = torch.randn(size, generator=generator, device=generator.device, dtype=torch.float32)
        return drawn.to(self.noise_const) * self.noise_strength

    def forward(
        self,
        x: Tensor,
        w: Tensor,
        *,
        noise_mode: NoiseMode = "const",
        generator: torch.Generator | None = None,
        gain: float = 1.0,
    ) -> Tensor:
        """``x[B, I, H, W]`` and ``w[B, w_dim]`` to ``[B, O, resolution, resolution]``; ``gain`` scales
        output and clamp."""
        noise = self.noise(x.shape[0], noise_mode, generator)
        y = modulated_conv2d(x, self.weight, self.affine(w), noise=noise, up=self.up)
        clamp = None if self.conv_clamp is None else self.conv_clamp * gain
        return bias_act(y, self.bias, activation="lrelu", gain=ACTIVATIONS["lrelu"].gain * gain, clamp=clamp)


class ToRGBLayer(nn.Module):
    """1x1 modulated convolution to image channels: no demodulation, no noise, no activation."""

    def __init__(self, in_channels: int, out_channels: int, *, w_dim: int, conv_clamp: float | None = None) -> None:
        super().__init__()
        self.conv_clamp = conv_clamp
        self.weight_gain = 1.0 / math.sqrt(in_channels)
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, 1, 1, dtype=torch.float32))
        self.bias = nn.Parameter(torch.zeros(out_channels, dtype=torch.float32))
        self.affine = FullyConnectedLayer(w_dim, in_channels, bias_init=1.0)
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw the weight from ``generator``; the bias becomes 0."""
        fill_normal(self.weight, 1.0, generator)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """``x[B, I, H, W]`` and ``w[B, w_dim]`` to ``[B, O, H, W]``."""
        styles = self.affine(w) * self.weight_gain
        y = modulated_conv2d(x, self.weight, styles, demodulate=False)
        return bias_act(y, self.bias, clamp=self.conv_clamp)


class SynthesisBlock(nn.Module):
    """One resolution of the "skip" architecture: (conv0), conv1, toRGB added to the running image.

    Args:
        in_channels: channels of the input; 0 makes the first block, which starts from the learnt
            ``const[C, 4, 4]``.
        out_channels: channels of the output.
        w_dim: length of a style row.
        resolution: height and width of the output in pixels.
        img_channels: channels of the running image.
        upsample: whether input and image are half the resolution; False is the super-resolution's "no-up"
            block.
        conv_clamp: limit of both convolutions and of toRGB, None for no limit.
    """

    resample_filter: Tensor
    working_dtype: torch.dtype | None = None
    """What features are computed in, None for what they come in; parameters and the running image stay as they are."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        w_dim: int,
        resolution: int,
        img_channels: int,
        upsample: bool = True,
        conv_clamp: float | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.resolution = resolution
        self.upsample = upsample
        self.num_conv = 1 if in_channels == 0 else 2
        self.register_buffer("resample_filter", resample_filter())
        if in_channels == 0:
            self.const = nn.Parameter(torch.empty(out_channels, resolution, resolution, dtype=torch.float32))
            self.reset_parameters()
        else:
            self.conv0 = SynthesisLayer(
                in_channels,
                out_channels,
                w_dim=w_dim,
                resolution=resolution,
                up=2 if upsample else 1,
                conv_clamp=conv_clamp,
            )
        self.conv1 = SynthesisLayer(
            out_channels, out_channels, w_dim=w_dim, resolution=resolution, conv_clamp=conv_clamp
        )
        self.torgb = ToRGBLayer(out_channels, img_channels, w_dim=w_dim, conv_clamp=conv_clamp)

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw the learnt constant of a first block from ``generator``."""
        if self.in_channels == 0:
            fill_normal(self.const, 1.0, generator)

    def forward(
        self,
        x: Tensor | None,
        image: Tensor | None,
        ws: Tensor,
        *,
        noise_mode: NoiseMode = "const",
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Next features and next image.

        Args:
            x: ``[B, I, h, h]``, None for a first block.
            image: running image ``[B, img_channels, h, h]`` or None.
            ws: ``[B, num_conv + 1, w_dim]``: one row a convolution, then toRGB's.
            noise_mode: see `NoiseMode`.
            generator: source of ``random`` noise.
        """
        if self.in_channels == 0:
            y = self.const.to(ws.dtype).unsqueeze(0).expand(ws.shape[0], -1, -1, -1)
        elif x is None:
            raise ValueError(f"got no input features; a block of resolution {self.resolution} needs {self.in_channels}")
        else:
            x = x if self.working_dtype is None else x.to(self.working_dtype)
            y = self.conv0(x, ws[:, 0], noise_mode=noise_mode, generator=generator)
        y = self.conv1(y, ws[:, self.num_conv - 1], noise_mode=noise_mode, generator=generator)
        added = self.torgb(y, ws[:, self.num_conv])
        added = added if self.working_dtype is None else added.to(ws.dtype)
        if image is None:
            return y, added
        return y, (upsample2(image) if self.upsample else image) + added


class SynthesisNetwork(nn.Module):
    """Blocks ``b4, b8 ... b{img_resolution}`` with ``min(channel_base // r, channel_max)`` channels at
    resolution r.

    Args:
        w_dim: length of a style row.
        img_resolution: height and width of the result, a power of two, at least 4.
        img_channels: channels of the result.
        channel_base: see above.
        channel_max: see above.
        conv_clamp: limit inside all layers, None for no limit.
    """

    def __init__(
        self,
        w_dim: int,
        img_resolution: int,
        img_channels: int,
        *,
        channel_base: int = 32768,
        channel_max: int = 512,
        conv_clamp: float | None = None,
    ) -> None:
        super().__init__()
        if img_resolution < 4 or img_resolution & (img_resolution - 1):
            raise ValueError(f"got img_resolution {img_resolution}; expected a power of two, at least 4")
        self.w_dim = w_dim
        self.img_resolution = img_resolution
        self.img_channels = img_channels
        self.resolutions = [2**power for power in range(2, img_resolution.bit_length())]
        self.num_ws = 2 * len(self.resolutions)
        channels = 0
        for resolution in self.resolutions:
            following = min(channel_base // resolution, channel_max)
            block = SynthesisBlock(
                channels,
                following,
                w_dim=w_dim,
                resolution=resolution,
                img_channels=img_channels,
                conv_clamp=conv_clamp,
            )
            self.add_module(f"b{resolution}", block)
            channels = following

    def blocks(self) -> list[SynthesisBlock]:
        """The blocks, coarse to fine."""
        return [cast(SynthesisBlock, self.get_submodule(f"b{resolution}")) for resolution in self.resolutions]

    def forward(
        self,
        ws: Tensor,
        *,
        noise_mode: NoiseMode = "const",
        generator: torch.Generator | None = None,
        until: int | None = None,
    ) -> Tensor:
        """``ws[B, num_ws, w_dim]`` to the image ``[B, img_channels, img_resolution, img_resolution]``, or to that after
        the block of resolution ``until``.

        A block's toRGB shares its row with the next block's first convolution.

        Raises:
            ValueError: wrong shape of ``ws``.
        """
        if ws.ndim != 3 or ws.shape[1] != self.num_ws or ws.shape[2] != self.w_dim:
            raise ValueError(f"got ws of shape {list(ws.shape)}; expected [B, {self.num_ws}, {self.w_dim}]")
        x: Tensor | None = None
        image: Tensor | None = None
        first = 0
        for block in self.blocks():
            rows = ws[:, first : first + block.num_conv + 1]
            x, image = block(x, image, rows, noise_mode=noise_mode, generator=generator)
            first += block.num_conv
            if block.resolution == until:
                break
        assert image is not None
        return image
