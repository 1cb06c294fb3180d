# SPDX-License-Identifier: Apache-2.0
"""Each operation against loops over plain numbers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from portrait_core.photo.networks.graph import KINDS
from portrait_core.photo.networks.operators import OPERATORS, run

Array = np.ndarray
RANDOM = np.random.default_rng(5)


def found(kind: Any, *inputs: Array, **options: Any) -> Array:
    return run(kind, [torch.tensor(each) for each in inputs], options).numpy()


def values(*shape: int) -> Array:
    return RANDOM.normal(size=shape).astype(np.float32)


def windows(shape: tuple[int, ...], reach: tuple[int, int], options: dict[str, int]) -> Any:
    """Output places with the input place of each tap of their windows, as the format's description has it."""
    outs, befores = [], []
    for side, taps, name in zip(shape[1:3], reach, ("h", "w"), strict=True):
        stride, dilation = options[f"stride_{name}"], options.get(f"dilation_{name}", 1)
        wide = (taps - 1) * dilation + 1
        if options["padding"] == 0:
            count = -(-side // stride)
            befores.append(max((count - 1) * stride + wide - side, 0) // 2)
        else:
            count = -(-(side - wide + 1) // stride)
            befores.append(0)
        outs.append(count)
    for place in itertools.product(*map(range, outs)):
        taps = []
        for tap in itertools.product(*map(range, reach)):
            at = [
                place[axis] * options[f"stride_{name}"] - befores[axis] + tap[axis] * options.get(f"dilation_{name}", 1)
                for axis, name in enumerate("hw")
            ]
            if all(0 <= at[axis] < shape[1 + axis] for axis in range(2)):
                taps.append((tap, tuple(at)))
        yield place, taps


CONVOLUTIONS = [
    {"padding": padding, "stride_h": down, "stride_w": across, "dilation_h": dilation, "dilation_w": dilation}
    for padding, (down, across, dilation) in itertools.product((0, 1), [(1, 1, 1), (2, 2, 1), (2, 1, 1), (1, 1, 2)])
]


@pytest.mark.parametrize("options", CONVOLUTIONS)
@pytest.mark.parametrize("activation", [0, 1, 3])
def test_convolution(options: dict[str, int], activation: int) -> None:
    image, kernels, bias = 3 * values(1, 6, 7, 3), values(4, 3, 2, 3), values(4)
    result = found("CONV_2D", image, kernels, bias, **options, fused_activation=activation)
    for (y, x), taps in windows(image.shape, (3, 2), options):
        expected = bias.astype(np.float64)
        for tap, at in taps:
            expected = expected + kernels[:, tap[0], tap[1]] @ image[0, at[0], at[1]]
        if activation:
            expected = np.clip(expected, 0, np.inf if activation == 1 else 6)
        assert np.allclose(result[0, y, x], expected, atol=1e-4)
    assert result[0, :, 0].shape[0] == y + 1
    assert result[0, 0].shape[0] == x + 1


@pytest.mark.parametrize("options", CONVOLUTIONS)
def test_depthwise_convolution(options: dict[str, int]) -> None:
    image, kernels, bias = values(1, 6, 5, 4), values(1, 3, 3, 4), values(4)
    result = found("DEPTHWISE_CONV_2D", image, kernels, bias, **options)
    for (y, x), taps in windows(image.shape, (3, 3), options):
        expected = bias.astype(np.float64)
        for tap, at in taps:
            expected = expected + kernels[0, tap[0], tap[1]] * image[0, at[0], at[1]]
        assert np.allclose(result[0, y, x], expected, atol=1e-4)
    assert result.shape[1:3] == (y + 1, x + 1)


@pytest.mark.parametrize("padding", [0, 1])
def test_max_pool(padding: int) -> None:
    image, options = values(1, 5, 6, 2) - 3, {"padding": padding, "stride_h": 2, "stride_w": 2}
    result = found("MAX_POOL_2D", image, **options, filter_height=2, filter_width=2)
    for (y, x), taps in windows(image.shape, (2, 2), options):
        assert np.array_equal(result[0, y, x], np.max([image[0, at[0], at[1]] for _, at in taps], axis=0))
    assert result.shape[1:3] == (y + 1, x + 1)


def test_transposed_convolution_puts_windows_beside_each_other() -> None:
    image, kernels, bias = values(1, 3, 2, 4), values(5, 2, 2, 4), values(5)
    options = {"stride_h": 2, "stride_w": 2}
    result = found("CONV_2D_TRANSPOSE_BIAS", image, kernels, bias, **options)
    assert result.shape == (1, 6, 4, 5)
    for y, x in itertools.product(range(6), range(4)):
        expected = kernels[:, y % 2, x % 2] @ image[0, y // 2, x // 2] + bias
        assert np.allclose(result[0, y, x], expected, atol=1e-5)
    with pytest.raises(ValueError, match=r"a window of \(2, 2\) at stride \(1, 1\)"):
        found("CONV_2D_TRANSPOSE_BIAS", image, kernels, bias, stride_h=1, stride_w=1)


def test_depth_to_space() -> None:
    image = values(1, 2, 3, 12)
    result = found("DEPTH_TO_SPACE", image, block_size=2)
    assert result.shape == (1, 4, 6, 3)
    for y, x, channel in itertools.product(range(4), range(6), range(3)):
        assert result[0, y, x, channel] == image[0, y // 2, x // 2, (y % 2 * 2 + x % 2) * 3 + channel]


@pytest.mark.parametrize("corners", [0, 1])
def test_resizing_is_bilinear_between_pixels(corners: int) -> None:
    image, size = values(1, 3, 4, 2), np.array([6, 5], np.int32)
    result = found("RESIZE_BILINEAR", image, size, align_corners=corners, half_pixel_centers=1 - corners)
    for y, x in itertools.product(range(6), range(5)):
        at = []
        for place, new, old in ((y, 6, 3), (x, 5, 4)):
            middle = place * (old - 1) / (new - 1) if corners else (place + 0.5) * old / new - 0.5
            middle = min(max(middle, 0.0), old - 1.0)
            low = min(int(middle), old - 2)
            at.append([(low, 1 - (middle - low)), (low + 1, middle - low)])
        expected = sum(down * across * image[0, row, column] for row, down in at[0] for column, across in at[1])
        assert np.allclose(result[0, y, x], expected, atol=1e-5)
    with pytest.raises(ValueError, match="upper left corners"):
        found("RESIZE_BILINEAR", image, size, align_corners=0, half_pixel_centers=0)


def test_arithmetic() -> None:
    one, other = values(1, 3, 4, 2), np.abs(values(2)) + 0.1
    assert np.allclose(found("ADD", one, other), one + other)
    assert np.allclose(found("ADD", one, other, fused_activation=1), np.maximum(one + other, 0))
    assert np.allclose(found("SUB", one, other), one - other)
    assert np.allclose(found("MUL", one, other), one * other)
    assert np.allclose(found("DIV", one, other), one / other)
    assert np.allclose(found("SQUARED_DIFFERENCE", one, other), (one - other) ** 2)
    assert np.allclose(found("NEG", one), -one)
    assert np.allclose(found("RELU", one), np.maximum(one, 0))
    assert np.allclose(found("HARD_SWISH", 4 * one), 4 * one * np.clip(4 * one + 3, 0, 6) / 6, atol=1e-5)
    assert np.allclose(found("LOGISTIC", one), 1 / (1 + np.exp(-one)))
    assert np.allclose(found("SQRT", other), np.sqrt(other))
    assert np.allclose(found("RSQRT", other), 1 / np.sqrt(other))


def test_prelu_scales_what_is_negative_by_its_channel() -> None:
    image, slope = values(1, 3, 4, 2), values(1, 1, 2)
    result = found("PRELU", image, slope)
    for y, x, channel in itertools.product(range(3), range(4), range(2)):
        value = image[0, y, x, channel]
        assert np.isclose(result[0, y, x, channel], value if value >= 0 else value * slope[0, 0, channel])


def test_pad_adds_zeros_before_and_after_each_axis() -> None:
    image, borders = values(1, 2, 3, 2), np.array([[0, 0], [1, 0], [0, 2], [0, 3]], np.int32)
    assert np.array_equal(found("PAD", image, borders), np.pad(image, borders))


def test_shapes() -> None:
    image = values(1, 2, 3, 4)
    assert np.array_equal(found("RESHAPE", image, np.array([1, -1, 4], np.int32)), image.reshape(1, 6, 4))
    assert np.array_equal(found("RESHAPE", image, new_shape=(1, 24)), image.reshape(1, 24))
    assert np.array_equal(found("TRANSPOSE", image, np.array([0, 3, 1, 2], np.int32)), np.moveaxis(image, 3, 1))
    assert np.array_equal(found("CONCATENATION", image, image, axis=-2), np.concatenate([image, image], axis=2))


@pytest.mark.parametrize("keep", [0, 1])
@pytest.mark.parametrize("axes", [np.array([3], np.int32), np.array([1, 2], np.int32), np.array(1, np.int32)])
def test_reductions(axes: Array, keep: int) -> None:
    image = values(1, 2, 3, 4)
    along = tuple(np.atleast_1d(axes).tolist())
    assert np.allclose(found("MEAN", image, axes, keep_dims=keep), image.mean(along, keepdims=bool(keep)))
    assert np.allclose(found("SUM", image, axes, keep_dims=keep), image.sum(along, keepdims=bool(keep)), atol=1e-6)


def test_slices() -> None:
    image = values(2, 5, 4)

    def sliced(begin: list[int], end: list[int], stride: list[int], **masks: int) -> Array:
        return found("STRIDED_SLICE", image, *(np.array(each, np.int32) for each in (begin, end, stride)), **masks)

    assert np.array_equal(sliced([0, 1, 0], [2, 4, 3], [1, 2, 1]), image[0:2, 1:4:2, 0:3])
    assert np.array_equal(sliced([1, 1, 1], [1, 2, 1], [1, 1, 1], begin_mask=1, end_mask=5), image[:, 1:2, 1:])
    assert np.array_equal(sliced([0, 3, 0], [0, 4, 0], [1, 1, 1], end_mask=5, shrink_axis_mask=2), image[:, 3])
    with pytest.raises(ValueError, match="ellipsis"):
        sliced([0, 0, 0], [1, 1, 1], [1, 1, 1], ellipsis_mask=1)


def test_unknown_activation_is_refused() -> None:
    with pytest.raises(ValueError, match="fused activation 4"):
        found("ADD", values(1), values(1), fused_activation=4)


def test_every_kind_has_an_operation() -> None:
    assert set(OPERATORS) == set(KINDS)
