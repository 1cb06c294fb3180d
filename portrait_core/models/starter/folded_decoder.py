# SPDX-License-Identifier: Apache-2.0
"""The canonical decoder on a lattice; point by point, :class:`CanonicalDecoder` is the oracle of the tests."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as nnf
from torch import Tensor

from portrait_core.models.starter.decoder import DISTANCE_SCALE, CanonicalDecoder
from portrait_core.networks.chunking import at_once
from portrait_core.networks.folded_planes import CHUNK, Axes, resampled
from portrait_core.networks.fully_connected import FullyConnectedLayer
from portrait_core.runtime.threads import in_pieces
from portrait_core.runtime.torch_threads import one_torch_thread

PRECISE_CHUNK = 2048
"""Points worked on at once by a processor in float64: rows are twice as long, and products of small blocks quicker."""


class FoldedCanonicalDecoder:
    """Distances of one identity (:class:`CanonicalDecoder`) on a lattice.

    The first layer's result is a sum of three tables, over (x, y), (y, z) and (x, z): its weights are folded into the
    resampled planes, the octaves (each a function of one coordinate), the bias and the style's modulation as well.

    Args:
        decoder: the decoder to fold.
        planes: (1, 3, C, R, R) of the backbone.
        style: (1, style_dim).
        axes: lattice coordinates, the lattice box scaled to [-1, 1].
    """

    def __init__(self, decoder: CanonicalDecoder, planes: Tensor, style: Tensor, axes: Axes) -> None:
        x, y, z = axes
        self.shape = (len(x), len(y), len(z))
        weight, bias = _modulated(decoder.fc0, decoder.film0(style))
        spaced = [_one_axis(decoder, axis, i) for i, axis in enumerate(axes)]
        dynamic, static = decoder.plane_channels, decoder.static_planes.shape[1]

        # Plane axes: (x, y), (z, y), (x, z) along width and height; tables run over (x, y), (y, z), (x, z).
        def table(plane: int) -> Tensor:
            width, height = ((0, 1), (2, 1), (0, 2))[plane]
            turned = width > height
            first, second = min(width, height), max(width, height)
            start = plane * dynamic
            found: Tensor | None = None
            for source, columns in (
                (planes[0, plane], slice(start, start + dynamic)),
                (
                    decoder.static_planes[plane],
                    slice(3 * dynamic + plane * static, 3 * dynamic + (plane + 1) * static),
                ),
            ):
                rows = resampled(source, spaced[first], spaced[second], turned, "border")
                part = weight[:, columns].t()
                found = rows @ part if found is None else found.addmm_(rows, part)
            assert found is not None
            return found

        def alone(plane: int, _end: int) -> Tensor:
            with torch.inference_mode(), one_torch_thread():
                return table(plane)

        on_processor = planes.device.type == "cpu" and torch.is_inference_mode_enabled()
        tables = in_pieces(alone, 3, 1) if on_processor else [table(plane) for plane in range(3)]
        octave = [_octaves(decoder, weight, axis, i) for i, axis in enumerate(axes)]
        _of(tables[0], x, y).add_(octave[0][:, None] + bias).add_(octave[1][None])
        _of(tables[1], y, z).add_(octave[2][None])
        self.tables = tables
        self.second, self.second_bias = _modulated(decoder.fc1, decoder.film1(style))
        out = decoder.out
        assert out.bias is not None
        self.last = out.weight[:2] * (out.weight_gain * DISTANCE_SCALE)
        self.last_bias = out.bias[:2] * DISTANCE_SCALE

    def __call__(self, index: Tensor) -> Tensor:
        """Signed distances (N, 2) to body and hair at lattice indices (N, 3) int64, negative inside."""
        _, ny, nz = self.shape
        i, j, k = index.unbind(1)
        rows = (i * ny + j, j * nz + k, i * nz + k)
        result = self.tables[0].new_empty(len(index), 2)
        precise = self.tables[0].dtype == torch.float64
        chunk = at_once(index.device, PRECISE_CHUNK if precise else CHUNK)
        for begin in range(0, len(index), chunk):
            part = slice(begin, begin + chunk)
            hidden = self.tables[0].index_select(0, rows[0][part])
            hidden += self.tables[1].index_select(0, rows[1][part])
            hidden += self.tables[2].index_select(0, rows[2][part])
            hidden = torch.addmm(self.second_bias, nnf.leaky_relu_(hidden, 0.2), self.second.t())
            result[part] = torch.addmm(self.last_bias, nnf.leaky_relu_(hidden, 0.2), self.last.t())
        return result


def _modulated(layer: FullyConnectedLayer, film: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (out, in) and bias (out,) of a layer with its modulation by ``film`` (1, 2 * out) folded in."""
    scale, shift = film[0].chunk(2)
    assert layer.bias is not None
    return layer.weight * (layer.weight_gain * (1 + scale))[:, None], layer.bias * (1 + scale) + shift


def _one_axis(decoder: CanonicalDecoder, axis: Tensor, which: int) -> Tensor:
    """Plane coordinates of lattice coordinates along one axis: the spacing treats each axis by itself."""
    points = axis.new_zeros(len(axis), 3)
    points[:, which] = axis
    return decoder.spacing(points)[:, which]


def _octaves(decoder: CanonicalDecoder, weight: Tensor, axis: Tensor, which: int) -> Tensor:
    """What the sines and cosines of one coordinate add to the first layer: (n, hidden)."""
    count = decoder.octaves
    start = weight.shape[1] - 6 * count
    total = axis.new_zeros(len(axis), weight.shape[0])
    for octave in range(count):
        angle = axis * (math.pi * 2**octave)
        column = start + 3 * octave + which
        total += angle.sin()[:, None] * weight[:, column]
        total += angle.cos()[:, None] * weight[:, column + 3 * count]
    return total


def _of(table: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """A table (n * m, C) as (n, m, C), the same memory."""
    return table.view(len(first), len(second), -1)
