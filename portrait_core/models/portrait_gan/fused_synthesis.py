# SPDX-License-Identifier: Apache-2.0
"""Synthesis blocks for one picture without gradients: the style goes into the weights, channels lie last in memory.

For a batch of one, scaling the weights is cheaper than scaling the activations before and after every convolution; the
activation's gain goes into the weights too, since a leaky ReLU passes positive factors on. On processors the
channels-last layout makes the convolutions of these sizes about twice as fast. The modules' own ``forward`` is the
oracle.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as nnf
from torch import Tensor

from portrait_core.networks.bias_act import ACTIVATIONS
from portrait_core.networks.modulated_conv import demodulation
from portrait_core.networks.resampling import resize, upsample2
from portrait_core.networks.superresolution import Superresolution
from portrait_core.networks.synthesis import (
    NoiseMode,
    SynthesisBlock,
    SynthesisLayer,
    SynthesisNetwork,
    ToRGBLayer,
)

SLOPE = 0.2


def fused_network(network: SynthesisNetwork, ws: Tensor, *, noise_mode: NoiseMode = "const") -> Tensor:
    """`SynthesisNetwork.forward` for ``ws`` (1, num_ws, w_dim); the noise is the stored one or none."""
    if ws.shape[:2] != (1, network.num_ws):
        raise ValueError(f"got ws of shape {list(ws.shape)}; expected [1, {network.num_ws}, {network.w_dim}]")
    x: Tensor | None = None
    image: Tensor | None = None
    first = 0
    for block in network.blocks():
        x, image = _block(block, x, image, ws[0, first : first + block.num_conv + 1], noise_mode)
        first += block.num_conv
    assert image is not None
    return image


def fused_superresolution(
    module: Superresolution, rgb: Tensor, features: Tensor, ws: Tensor, *, noise_mode: NoiseMode = "none"
) -> Tensor:
    """`Superresolution.forward` for one picture; the noise is the stored one or none."""
    source = module.variant.source
    if features.shape[-1] < source or (features.shape[-1] > source and module.variant.shrinks):
        mode = "antialiased" if module.antialias else "none"
        rgb, features = resize(rgb, source, mode), resize(features, source, mode)
    rows = ws[0, -1:].expand(3, -1)
    x, image = _block(module.block0, features, rgb, rows, noise_mode)
    _, image = _block(module.block1, x, image, rows, noise_mode)
    return image.contiguous()


def _block(
    block: SynthesisBlock, x: Tensor | None, image: Tensor | None, rows: Tensor, noise_mode: NoiseMode
) -> tuple[Tensor, Tensor]:
    if block.in_channels == 0:
        y = block.const[None]
    else:
        assert x is not None
        y = _layer(block.conv0, x, rows[0], noise_mode)
    y = _layer(block.conv1, y, rows[block.num_conv - 1], noise_mode)
    added = _to_rgb(block.torgb, y, rows[block.num_conv])
    if image is None:
        return y, added
    # The running image stays in float32 whatever the convolutions run in.
    return y, (upsample2(image) if block.upsample else image) + added


def _layer(layer: SynthesisLayer, x: Tensor, w: Tensor, noise_mode: NoiseMode) -> Tensor:
    gain = ACTIVATIONS["lrelu"].gain
    styles = layer.affine(w[None])
    scale = demodulation(layer.weight, styles)[0] * gain
    kernel = layer.weight * styles[0][:, None, None] * scale[:, None, None, None]
    x = x.contiguous(memory_format=torch.channels_last)
    if layer.up == 2 and x.device.type != "cpu":
        y = _in_phases(x, kernel, layer.resample_filter, layer.bias * gain)
    elif layer.up == 1:
        kernel = kernel.contiguous(memory_format=torch.channels_last)
        y = nnf.conv2d(x, kernel, layer.bias * gain, padding=1)
    else:
        turned = kernel.transpose(0, 1).contiguous(memory_format=torch.channels_last)
        y = nnf.conv_transpose2d(x, turned, stride=2)
        # The layer's own filter: one made here would wait for a copy to the graphics card, layer by layer.
        taps = (layer.resample_filter.to(y) * 4).expand(len(kernel), 1, -1, -1)
        y = nnf.conv2d(y, taps, layer.bias * gain, padding=1, groups=len(kernel))
    if noise_mode == "random":
        raise ValueError("fused synthesis knows the noise modes 'const' and 'none'; use the modules for 'random'")
    if noise_mode == "const":
        y.add_(layer.noise_const * (layer.noise_strength * gain))
    nnf.leaky_relu_(y, SLOPE)
    return y if layer.conv_clamp is None else y.clamp_(-layer.conv_clamp, layer.conv_clamp)


def _in_phases(x: Tensor, kernel: Tensor, taps: Tensor, bias: Tensor) -> Tensor:
    """Zeros between the pixels of ``x`` (1, I, H, W), ``kernel`` (O, I, 3, 3), then four times the filter ``taps``
    (4, 4), as one convolution of four times the channels.

    Together kernel and filter reach over 6 x 6 pixels of the doubled picture, of which every second one is not zero: a
    3 x 3 convolution of ``x`` for each of the four places that a doubled pixel has beside its own. That is four times
    the work of the kernel alone, and less than what the filter by itself costs a graphics card, which is slow at
    convolutions of single channels.
    """
    out, into = kernel.shape[:2]
    # The taps of both, from -2 to 3 pixels away: (O, I, 6, 6). Where each of the nine goes is a matrix.
    unit = torch.eye(9, dtype=kernel.dtype, device=kernel.device).reshape(9, 1, 3, 3)
    spread = nnf.conv2d(unit, taps.to(kernel)[None, None] * 4, padding=3).reshape(9, 36)
    both = (kernel.reshape(-1, 9) @ spread).reshape(out, into, 6, 6)
    # A pixel y of x and its phase a: the taps at 2 + a, a and a - 2 belong to the pixels y - 1, y and y + 1.
    phases = torch.stack([both[:, :, a::2, b::2].flip(2, 3) for a in (0, 1) for b in (0, 1)], 1)
    weight = phases.reshape(4 * out, into, 3, 3).contiguous(memory_format=torch.channels_last)
    return nnf.pixel_shuffle(nnf.conv2d(x, weight, bias.repeat_interleave(4), padding=1), 2)


def _to_rgb(layer: ToRGBLayer, x: Tensor, w: Tensor) -> Tensor:
    styles = layer.affine(w[None])[0] / math.sqrt(layer.weight.shape[1])
    kernel = (layer.weight * styles[:, None, None]).contiguous(memory_format=torch.channels_last)
    y = nnf.conv2d(x, kernel, layer.bias)
    return y if layer.conv_clamp is None else y.clamp_(-layer.conv_clamp, layer.conv_clamp)
