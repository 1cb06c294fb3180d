# SPDX-License-Identifier: Apache-2.0
"""Decoder results at scattered points of a tri-grid, by weighted sums of table rows.

A point's features are the sum of 24 rows of the planes (three planes, two depth slices, four pixels), each times a
number. Laid out as one table with a row a pixel, that is what ``embedding_bag`` does in one pass, where the look-up by
``grid_sample`` goes over the planes once a channel. `portrait_core.networks.trigrid.sample_trigrid` is the oracle.
"""

from __future__ import annotations

import torch
import torch.nn.functional as nnf
from torch import Tensor

from portrait_core.networks.chunking import at_once
from portrait_core.networks.decoder import Decoder
from portrait_core.networks.trigrid import PLANE_COORDINATES

CHUNK = 16384
"""Points worked on at once by a processor: what belongs to them stays in its cache."""


class GatheredDecoder:
    """One identity's planes and decoder, prepared for scattered points.

    Args:
        decoder: the decoder.
        planes: (1, 3, F * depth, H, W), the depth slice being the minor index of the channels.
        depth: slices a feature.
        box_warp: side of the box in world units.
    """

    def __init__(self, decoder: Decoder, planes: Tensor, *, depth: int, box_warp: float) -> None:
        _, count, channels, self.height, self.width = planes.shape
        self.decoder, self.depth, self.box_warp = decoder, depth, box_warp
        rows = planes[0].reshape(count, channels // depth, depth, self.height, self.width)
        # The decoder takes the mean of the three planes: a third of each row.
        self.table = (rows.permute(0, 2, 3, 4, 1) / 3).reshape(-1, channels // depth).contiguous()

    def __call__(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Raw densities (N,) and features (N, C) at ``points`` (N, 3), world units."""
        chunk = at_once(points.device, CHUNK)
        density, colour = self._decoded(points[:chunk])
        if len(points) <= chunk:
            return density, colour
        densities = density.new_empty(len(points))
        colours = colour.new_empty(len(points), colour.shape[1])
        densities[:chunk], colours[:chunk] = density, colour
        for begin in range(chunk, len(points), chunk):
            part = slice(begin, begin + chunk)
            densities[part], colours[part] = self._decoded(points[part])
        return densities, colours

    def _decoded(self, points: Tensor) -> tuple[Tensor, Tensor]:
        density, colour = self.decoder(self.features(points)[None, None])
        return density[0, :, 0], colour[0]

    def features(self, points: Tensor) -> Tensor:
        """Mean of the planes' features (N, F) at ``points`` (N, 3); zero outside the box."""
        scaled = points * (2.0 / self.box_warp)
        index: list[Tensor] = []
        weight: list[Tensor] = []
        area = self.height * self.width
        for plane, (width, height, along) in enumerate(PLANE_COORDINATES):
            columns = _taps(scaled[:, width], self.width)
            lines = _taps(scaled[:, height], self.height)
            slices = _taps(scaled[:, along], self.depth)
            for layer, layer_weight in slices:
                base = (layer + plane * self.depth) * area
                for line, line_weight in lines:
                    row, both = base + line * self.width, layer_weight * line_weight
                    for column, column_weight in columns:
                        index.append(row + column)
                        weight.append(both * column_weight)
        return nnf.embedding_bag(
            torch.stack(index, 1), self.table, per_sample_weights=torch.stack(weight, 1), mode="sum"
        )


def _taps(coordinate: Tensor, count: int) -> list[tuple[Tensor, Tensor]]:
    """The two cells (N,) beside ``coordinate`` (N,) in [-1, 1] and their shares; cells outside have the share 0."""
    place = ((coordinate + 1) * count - 1) / 2
    low = place.floor()
    share = place - low
    taps: list[tuple[Tensor, Tensor]] = []
    for cell, part in ((low, 1 - share), (low + 1, share)):
        inside = (cell >= 0) & (cell <= count - 1)
        taps.append((cell.clamp(0, count - 1).to(torch.int32), part * inside))
    return taps
