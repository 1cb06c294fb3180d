# SPDX-License-Identifier: Apache-2.0
"""Decoders on a regular lattice: what depends on two coordinates only is looked up and multiplied once.

A lattice point needs a plane at places that it shares with a whole row of points. So each plane is resampled once onto
its two axes of the lattice, and everything linear that follows is applied to the resampled plane. A point then costs a
few gathered rows, their sum and the rest of the decoder. The per-point decoders are the oracle of the tests.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as nnf
from torch import Tensor

from portrait_core.models.starter.decoder import DISTANCE_SCALE, CanonicalDecoder
from portrait_core.networks.chunking import at_once
from portrait_core.networks.decoder import Decoder
from portrait_core.networks.fully_connected import FullyConnectedLayer
from portrait_core.networks.trigrid import PLANE_COORDINATES

CHUNK = 8192
"""Points worked on at once by a processor: their hidden rows fit into a core's cache."""

Axes = tuple[Tensor, Tensor, Tensor]
"""Coordinates (nx,), (ny,), (nz,) of the lattice points along each axis."""


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
        tables: list[Tensor] = []
        # Plane axes: (x, y), (z, y), (x, z) along width and height; tables run over (x, y), (y, z), (x, z).
        for plane, (width, height) in enumerate(((0, 1), (2, 1), (0, 2))):
            turned = width > height
            first, second = min(width, height), max(width, height)
            table: Tensor | None = None
            start = plane * dynamic
            for source, columns in (
                (planes[0, plane], slice(start, start + dynamic)),
                (
                    decoder.static_planes[plane],
                    slice(3 * dynamic + plane * static, 3 * dynamic + (plane + 1) * static),
                ),
            ):
                rows = _resampled(source, spaced[first], spaced[second], turned, "border")
                part = weight[:, columns].t()
                table = rows @ part if table is None else table.addmm_(rows, part)
            assert table is not None
            tables.append(table)
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
        chunk = at_once(index.device, CHUNK)
        for begin in range(0, len(index), chunk):
            part = slice(begin, begin + chunk)
            hidden = self.tables[0].index_select(0, rows[0][part])
            hidden += self.tables[1].index_select(0, rows[1][part])
            hidden += self.tables[2].index_select(0, rows[2][part])
            hidden = torch.addmm(self.second_bias, nnf.leaky_relu_(hidden, 0.2), self.second.t())
            result[part] = torch.addmm(self.last_bias, nnf.leaky_relu_(hidden, 0.2), self.last.t())
        return result


class FoldedTrigridDecoder:
    """The density of :class:`Decoder` on a lattice of a tri-grid.

    A plane has ``depth`` slices; a lattice layer lies between two of them, so each plane adds a blend of two gathered
    rows. A row holds features: they are fewer than the hidden layer, so folding the first layer as well would only make
    the tables larger.

    Args:
        decoder: the decoder to fold.
        planes: (1, 3, F * depth, R, R), the depth slice being the minor index of the channels.
        axes: lattice coordinates in units of half the tri-grid's box.
        depth: slices a feature.
    """

    def __init__(self, decoder: Decoder, planes: Tensor, axes: Axes, *, depth: int) -> None:
        self.shape = (len(axes[0]), len(axes[1]), len(axes[2]))
        self.features = planes.shape[2] // depth
        self.tables: list[Tensor] = []
        self.blends: list[tuple[int, Tensor, Tensor, Tensor]] = []
        self.order: list[tuple[int, int]] = []
        for plane, (width, height, along) in enumerate(PLANE_COORDINATES):
            rows = _resampled(planes[0, plane], axes[width], axes[height], False, "zeros")
            # (places, F, D) -> a row of features for each slice
            rows = rows.reshape(len(rows), self.features, depth).permute(2, 0, 1).reshape(-1, self.features) / 3
            self.tables.append(rows.contiguous())
            self.order.append((width, height))
            place = ((axes[along] + 1) * depth - 1) / 2
            low = place.floor().clamp(-1, depth - 1)
            share = (place - low).clamp(0, 1)
            # Taps beyond the outer slices count as zero.
            below = torch.where(low >= 0, 1 - share, torch.zeros_like(share))
            above = torch.where(low + 1 <= depth - 1, share, torch.zeros_like(share))
            self.blends.append((along, low.clamp(0, depth - 1).long(), below, above))
        self.depth = depth
        first, last = decoder.net[0], decoder.net[2]
        assert isinstance(first, FullyConnectedLayer) and isinstance(last, FullyConnectedLayer)
        assert first.bias is not None and last.bias is not None
        self.first = first.weight * first.weight_gain
        self.first_bias = first.bias * first.lr_multiplier
        self.last = last.weight[0] * last.weight_gain
        self.last_bias = last.bias[0] * last.lr_multiplier

    def __call__(self, index: Tensor) -> Tensor:
        """Raw densities (N,) at lattice indices (N, 3) int64."""
        result = self.tables[0].new_empty(len(index))
        chunk = at_once(index.device, CHUNK)
        for begin in range(0, len(index), chunk):
            part = index[begin : begin + chunk]
            features: Tensor | None = None
            for table, (width, height), (along, low, below, above) in zip(
                self.tables, self.order, self.blends, strict=True
            ):
                layer = part[:, along]
                places = self.shape[width] * self.shape[height]
                row = part[:, width] * self.shape[height] + part[:, height]
                lower = low[layer]
                upper = (lower + (below[layer] > 0)).clamp_max(self.depth - 1)
                found = table.index_select(0, row + lower * places) * below[layer, None]
                found += table.index_select(0, row + upper * places) * above[layer, None]
                features = found if features is None else features.add_(found)
            assert features is not None
            hidden = nnf.softplus(torch.addmm(self.first_bias, features, self.first.t()))
            result[begin : begin + chunk] = hidden @ self.last + self.last_bias
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


def _resampled(plane: Tensor, first: Tensor, second: Tensor, turned: bool, padding: str) -> Tensor:
    """A plane (C, H, W) at all pairs of ``first`` (n,) and ``second`` (m,): (n * m, C).

    ``first`` runs along the plane's width and ``second`` along its height, the other way round when ``turned``.
    """
    a, b = torch.meshgrid(first, second, indexing="ij")
    grid = torch.stack([b, a] if turned else [a, b], -1)
    found = nnf.grid_sample(plane[None], grid[None], mode="bilinear", padding_mode=padding, align_corners=False)
    return found[0].flatten(1).t()


def _of(table: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """A table (n * m, C) as (n, m, C), the same memory."""
    return table.view(len(first), len(second), -1)
