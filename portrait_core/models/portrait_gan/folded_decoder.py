# SPDX-License-Identifier: Apache-2.0
"""The tri-grid's density on a lattice; point by point, :class:`Decoder` is the oracle of the tests."""

from __future__ import annotations

import torch
import torch.nn.functional as nnf
from torch import Tensor

from portrait_core.networks.chunking import at_once
from portrait_core.networks.decoder import Decoder
from portrait_core.networks.folded_planes import CHUNK, Axes, resampled
from portrait_core.networks.fully_connected import FullyConnectedLayer
from portrait_core.networks.trigrid import PLANE_COORDINATES


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
            rows = resampled(planes[0, plane], axes[width], axes[height], False, "zeros")
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
