# SPDX-License-Identifier: Apache-2.0
"""The operations of stored networks in torch, as TensorFlow Lite defines them: batch first, channels last.

Convolutions hand torch a permuted view, not a copy: what lies channels last is what its kernels like best.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F

from portrait_core.photo.networks.graph import Kind

Options = Mapping[str, int | tuple[int, ...]]
Inputs = list[torch.Tensor]
Operator = Callable[[Inputs, Options], torch.Tensor]

SAME = 0
"""The padding that keeps a picture's size, divided by the stride and rounded up; the other, 1, pads nothing."""


def run(kind: Kind, inputs: Inputs, options: Options) -> torch.Tensor:
    """The output of one operation. Raises ``ValueError`` for options that no network of ours uses."""
    return OPERATORS[kind](inputs, options)


def _number(options: Options, name: str, default: int = 0) -> int:
    found = options.get(name, default)
    if not isinstance(found, int):
        raise ValueError(f"{name}: expected a number, got {found}")
    return found


def _activated(values: torch.Tensor, options: Options) -> torch.Tensor:
    """After the activation that is fused to an operation: none, ReLU, or ReLU up to 6."""
    match _number(options, "fused_activation"):
        case 0:
            return values
        case 1:
            return values.relu()
        case 3:
            return values.clamp(0.0, 6.0)
        case other:
            raise ValueError(f"fused activation {other} is not known")


def _padded(values: torch.Tensor, window: tuple[int, int], options: Options, fill: float) -> torch.Tensor:
    """``values`` (N, C, H, W) with the borders that the padding asks for; where it is odd the end gets more."""
    if _number(options, "padding") != SAME:
        return values
    borders: list[int] = []
    for axis, name in ((3, "w"), (2, "h")):
        side, stride = values.shape[axis], _number(options, f"stride_{name}")
        reach = (window[axis - 2] - 1) * _number(options, f"dilation_{name}", 1) + 1
        missing = max((-(-side // stride) - 1) * stride + reach - side, 0)
        borders += [missing // 2, missing - missing // 2]
    return F.pad(values, borders, value=fill) if any(borders) else values


def _pair(options: Options, name: str, default: int = 0) -> tuple[int, int]:
    return _number(options, f"{name}_h", default), _number(options, f"{name}_w", default)


def _convolution(inputs: Inputs, options: Options) -> torch.Tensor:
    """Kernels (O, H, W, I)."""
    return _convolved(inputs, inputs[1].permute(0, 3, 1, 2), 1, options)


def _depthwise(inputs: Inputs, options: Options) -> torch.Tensor:
    """Kernels (1, H, W, C), each for a channel of its own."""
    return _convolved(inputs, inputs[1].permute(3, 0, 1, 2), inputs[0].shape[3], options)


def _convolved(inputs: Inputs, kernels: torch.Tensor, groups: int, options: Options) -> torch.Tensor:
    bias = inputs[2] if len(inputs) > 2 else None
    values = _padded(inputs[0].permute(0, 3, 1, 2), (kernels.shape[2], kernels.shape[3]), options, 0.0)
    stride, dilation = _pair(options, "stride"), _pair(options, "dilation", 1)
    result = F.conv2d(values, kernels, bias, stride, dilation=dilation, groups=groups)
    return _activated(result.permute(0, 2, 3, 1), options)


def _transposed_convolution(inputs: Inputs, options: Options) -> torch.Tensor:
    """MediaPipe's own, with a bias: kernels (O, H, W, I). Its networks use windows that meet and do not overlap."""
    kernels, stride = inputs[1].permute(3, 0, 1, 2), _pair(options, "stride")
    if tuple(kernels.shape[2:]) != stride:
        raise ValueError(f"transposed convolution: a window of {tuple(kernels.shape[2:])} at stride {stride}")
    result = F.conv_transpose2d(inputs[0].permute(0, 3, 1, 2), kernels, inputs[2], stride)
    return result.permute(0, 2, 3, 1)


def _depth_to_space(inputs: Inputs, options: Options) -> torch.Tensor:
    """Channels (block, block, C) of a pixel become a block of pixels."""
    block, (count, height, width, channels) = _number(options, "block_size"), inputs[0].shape
    left = channels // block**2
    parted = inputs[0].reshape(count, height, width, block, block, left).permute(0, 1, 3, 2, 4, 5)
    return parted.reshape(count, height * block, width * block, left)


def _resize_bilinear(inputs: Inputs, options: Options) -> torch.Tensor:
    height, width = _integers(inputs[1])
    corners, centres = _number(options, "align_corners"), _number(options, "half_pixel_centers")
    if not corners and not centres:
        raise ValueError("resizing by the pixels' upper left corners is not known")
    values = inputs[0].permute(0, 3, 1, 2)
    result = F.interpolate(values, (height, width), mode="bilinear", align_corners=bool(corners))
    return result.permute(0, 2, 3, 1)


def _max_pool(inputs: Inputs, options: Options) -> torch.Tensor:
    window = _number(options, "filter_height"), _number(options, "filter_width")
    values = _padded(inputs[0].permute(0, 3, 1, 2), window, options, float("-inf"))
    return _activated(F.max_pool2d(values, window, _pair(options, "stride")).permute(0, 2, 3, 1), options)


def _prelu(inputs: Inputs, _options: Options) -> torch.Tensor:
    values, slope = inputs
    return torch.where(values >= 0, values, values * slope)


def _pad(inputs: Inputs, _options: Options) -> torch.Tensor:
    values, borders = inputs  # (dimensions, 2): before and after
    return F.pad(values, [each for axis in reversed(range(len(borders))) for each in _integers(borders[axis])])


def _reshape(inputs: Inputs, options: Options) -> torch.Tensor:
    shape = _integers(inputs[1]) if len(inputs) > 1 else options["new_shape"]
    assert not isinstance(shape, int)
    return inputs[0].reshape(tuple(shape))


def _concatenation(inputs: Inputs, options: Options) -> torch.Tensor:
    return _activated(torch.cat(inputs, _number(options, "axis")), options)


def _integers(values: torch.Tensor) -> list[int]:
    return [int(each) for each in values.reshape(-1).numpy()]


def _mean(inputs: Inputs, options: Options) -> torch.Tensor:
    return inputs[0].mean(_integers(inputs[1]), keepdim=bool(_number(options, "keep_dims")))


def _sum(inputs: Inputs, options: Options) -> torch.Tensor:
    return inputs[0].sum(_integers(inputs[1]), keepdim=bool(_number(options, "keep_dims")))


def _strided_slice(inputs: Inputs, options: Options) -> torch.Tensor:
    """From ``begin`` to ``end`` by ``stride`` along each axis; a bit of a mask set for an axis means its very end, or
    that one entry alone is taken and the axis goes."""
    values, begin, end, stride = inputs
    if _number(options, "ellipsis_mask") or _number(options, "new_axis_mask"):
        raise ValueError("a slice with an ellipsis or new axes is not known")
    places: list[slice | int] = []
    for axis, (first, last, step) in enumerate(zip(*map(_integers, (begin, end, stride)), strict=True)):
        bit = 1 << axis
        start = None if _number(options, "begin_mask") & bit else first
        stop = None if _number(options, "end_mask") & bit else last
        if _number(options, "shrink_axis_mask") & bit:
            places.append(first)
        else:
            places.append(slice(start, stop, step))
    return values[tuple(places)]


def _transpose(inputs: Inputs, _options: Options) -> torch.Tensor:
    return inputs[0].permute(_integers(inputs[1]))


OPERATORS: Mapping[Kind, Operator] = {
    "ADD": lambda inputs, options: _activated(inputs[0] + inputs[1], options),
    "SUB": lambda inputs, options: _activated(inputs[0] - inputs[1], options),
    "MUL": lambda inputs, options: _activated(inputs[0] * inputs[1], options),
    "DIV": lambda inputs, options: _activated(inputs[0] / inputs[1], options),
    "SQUARED_DIFFERENCE": lambda inputs, _: (inputs[0] - inputs[1]).square(),
    "NEG": lambda inputs, _: -inputs[0],
    "SQRT": lambda inputs, _: inputs[0].sqrt(),
    "RSQRT": lambda inputs, _: inputs[0].rsqrt(),
    "RELU": lambda inputs, _: inputs[0].relu(),
    "LOGISTIC": lambda inputs, _: inputs[0].sigmoid(),
    "PRELU": _prelu,
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "CONV_2D_TRANSPOSE_BIAS": _transposed_convolution,
    "DEPTH_TO_SPACE": _depth_to_space,
    "RESIZE_BILINEAR": _resize_bilinear,
    "HARD_SWISH": lambda inputs, _: F.hardswish(inputs[0]),
    "MAX_POOL_2D": _max_pool,
    "PAD": _pad,
    "RESHAPE": _reshape,
    "CONCATENATION": _concatenation,
    "MEAN": _mean,
    "SUM": _sum,
    "STRIDED_SLICE": _strided_slice,
    "TRANSPOSE": _transpose,
}
"""One for every kind of :data:`portrait_core.photo.networks.graph.Kind`."""
