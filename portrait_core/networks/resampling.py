# SPDX-License-Identifier: Apache-2.0
"""Up-sampling, down-sampling and filtering by short FIR filters, and picture resizing by mode.

docs/published/generator.md, section 4.1, and docs/published/discriminator.md, sections 1 and 5.
All padding is with zeros. All filters are symmetric and separable, so they are kept as rows of taps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

FIR_TAPS: tuple[float, ...] = (0.125, 0.375, 0.375, 0.125)
"""The only resampling filter of the published networks: [1, 3, 3, 1] / 8 along each axis."""

_DENSE_TAPS = 8
"""Up to this length a square filter in one pass beats two passes along the axes (measured), and rounds less."""

ResizeMode = Literal["antialiased", "classic", "none"] | float


def resample_filter() -> Tensor:
    """The 4x4 filter ``F`` that published checkpoints store beside every layer (sums to 1)."""
    # Not by torch.outer: arithmetic on the meta device, where shapes are checked, imports all of torch's compiler. The
    # products are exact.
    return torch.tensor([[one * two for two in FIR_TAPS] for one in FIR_TAPS], dtype=torch.float32)


def fir(x: Tensor, taps: Sequence[float] | Tensor, *, padding: tuple[int, int], gain: float = 1.0) -> Tensor:
    """Filter both image axes of ``x[B, C, H, W]`` with ``taps``.

    Args:
        x: picture stack.
        taps: the 1-D filter.
        padding: zeros (before, after) on both axes; negative numbers crop.
        gain: factor on the result.

    Returns:
        ``[B, C, H', W']`` with ``H' = H + before + after - len(taps) + 1``.
    """
    kernel = torch.as_tensor(taps, dtype=x.dtype, device=x.device)
    channels = x.shape[1]
    before, after = padding
    x = functional.pad(x, (before, after, before, after))
    if len(kernel) <= _DENSE_TAPS:
        square = torch.outer(kernel, kernel) * gain
        return functional.conv2d(x, square.expand(channels, 1, -1, -1), groups=channels)
    row = (kernel * math.sqrt(gain)).expand(channels, 1, 1, -1)
    return functional.conv2d(functional.conv2d(x, row, groups=channels), row.transpose(2, 3), groups=channels)


def upsample2(x: Tensor) -> Tensor:
    """Twice the height and width: a zero after every pixel, then 4 F.

    ``[B, C, H, W]`` to ``[B, C, 2H, 2W]``. With these taps that is bilinear doubling of the picture framed by zeros,
    which torch does several times faster.
    """
    framed = functional.pad(x, (1, 1, 1, 1))
    doubled = functional.interpolate(framed, scale_factor=2, mode="bilinear", align_corners=False)
    return doubled[:, :, 2:-2, 2:-2]


def downsample2(x: Tensor, extra_padding: int = 0) -> Tensor:
    """Half the height and width: filter with F, keep every second pixel (``[B, C, 2H, 2W]`` -> ``[B, C, H,
    W]``).

    ``extra_padding`` zeros (negative: cropped) come on every side beside the one that keeps the picture
    centred.
    """
    padding = 1 + extra_padding
    return fir(x, FIR_TAPS, padding=(padding, padding))[:, :, ::2, ::2]


def filter_same(x: Tensor, taps: Sequence[float] | Tensor) -> Tensor:
    """Filter with zero borders and keep the size: ``n // 2`` zeros before, ``(n - 1) // 2`` after."""
    count = len(taps)
    return fir(x, taps, padding=(count // 2, (count - 1) // 2))


def blur_taps(sigma: float) -> Tensor:
    """Taps of the training blur: ``2^(-(i / sigma)^2)``, ``i = -n .. n`` with ``n = floor(3 sigma)``, sum
    1."""
    reach = math.floor(sigma * 3)
    if reach <= 0:
        return torch.ones(1, dtype=torch.float32)
    steps = torch.arange(-reach, reach + 1, dtype=torch.float32)
    taps = torch.exp2(-((steps / sigma) ** 2))
    return taps / taps.sum()


def blur(x: Tensor, sigma: float) -> Tensor:
    """Blur ``x[B, C, H, W]`` by `blur_taps`; borders darken. Unchanged when ``floor(3 sigma)`` is 0."""
    return x if math.floor(sigma * 3) <= 0 else filter_same(x, blur_taps(sigma))


def resize(x: Tensor, size: int, mode: ResizeMode = "antialiased") -> Tensor:
    """Resize ``x[B, C, H, W]`` to ``size`` x ``size``.

    Args:
        x: picture stack.
        size: new height and width in pixels.
        mode: ``antialiased``: bilinear with antialias; ``none``: bilinear without; a number f: (1 - f) x
            none +
            f x antialiased; ``classic``: FIR up-sampling, bilinear to ``2 size + 2``, FIR down-sampling.

    Raises:
        ValueError: unknown mode.
    """
    if mode == "antialiased":
        return _bilinear(x, size, antialias=True)
    if mode == "none":
        return _bilinear(x, size, antialias=False)
    if mode == "classic":
        return downsample2(_bilinear(upsample2(x), size * 2 + 2, antialias=False), extra_padding=-1)
    if isinstance(mode, float) and 0 < mode < 1:
        smooth, sharp = _bilinear(x, size, antialias=True), _bilinear(x, size, antialias=False)
        return sharp.lerp(smooth, mode)
    raise ValueError(f"got resize mode {mode!r}; expected 'antialiased', 'classic', 'none' or a number in (0, 1)")


def _bilinear(x: Tensor, size: int, *, antialias: bool) -> Tensor:
    if x.shape[-1] == size and x.shape[-2] == size:
        return x
    return functional.interpolate(x, size=(size, size), mode="bilinear", align_corners=False, antialias=antialias)
