# SPDX-License-Identifier: Apache-2.0
"""The canonical decoder of one identity at many scattered points, for baking; inference only.

A bilinear look-up is a weighted sum of four texels, so the first layer may be applied to the planes' texels beforehand:
its result at a point is a weighted sum of 24 rows (four for each of three planes, static and dynamic), which PyTorch's
embedding bag adds up without writing the rows down. :class:`CanonicalDecoder` is the oracle of the tests.
"""

from __future__ import annotations

import math
from functools import cached_property

import torch
import torch.nn.functional as nnf
from torch import Tensor

from portrait_core.models.starter.decoder import DISTANCE_SCALE, CanonicalDecoder, CanonicalSample
from portrait_core.networks.chunking import at_once

CHUNK = 1 << 15
"""Points worked on at once by a processor: hidden rows that stay near it, and enough of them for each call."""

_PLANE_AXES = ((0, 1), (2, 1), (0, 2))


class StaticTables:
    """The decoder's static planes and its first layer, which are the same for all identities."""

    def __init__(self, decoder: CanonicalDecoder) -> None:
        self._decoder = decoder
        self.side = decoder.static_planes.shape[-1]

    @cached_property
    def rows(self) -> Tensor:
        """The planes behind the layer (3 * R * R, hidden): five times as large as the planes, for many points."""
        width = self._decoder.static_planes.shape[1]
        with torch.no_grad():
            return _folded(self._decoder.static_planes, self._decoder, 3 * self._decoder.plane_channels, width)

    @torch.no_grad()
    def sums(self, spaced: Tensor) -> Tensor:
        """What ``rows`` give at places (N, 3), from the planes as they are: for points that are asked for once."""
        planes, decoder = self._decoder.static_planes, self._decoder
        grid = torch.stack([spaced[:, list(axes)] for axes in _PLANE_AXES])[:, None]
        found = nnf.grid_sample(planes, grid, mode="bilinear", padding_mode="border", align_corners=False)
        width, start = 3 * planes.shape[1], 3 * decoder.plane_channels
        weight = decoder.fc0.weight[:, start : start + width] * decoder.fc0.weight_gain
        return found.permute(3, 0, 1, 2).reshape(len(spaced), width) @ weight.t()


class PointDecoder:
    """One identity's decoder.

    Args:
        decoder: the decoder; on the same device as the rest.
        static: made once of the same decoder.
        planes: (1, 3, C, R, R) of the backbone.
        style: (1, style_dim).
        palette: (1, 6, 3) sRGB.
    """

    def __init__(
        self, decoder: CanonicalDecoder, static: StaticTables, planes: Tensor, style: Tensor, palette: Tensor
    ) -> None:
        with torch.no_grad():
            self._fold(decoder, planes, style)
        self._decoder, self._static, self._palette = decoder, static, palette

    def _fold(self, decoder: CanonicalDecoder, planes: Tensor, style: Tensor) -> None:
        self._side = planes.shape[-1]
        self._dynamic = _folded(planes[0], decoder, 0, decoder.plane_channels)
        first, second, last = decoder.fc0, decoder.fc1, decoder.out
        assert first.bias is not None and second.bias is not None and last.bias is not None
        scale, shift = decoder.film0(style)[0].chunk(2)
        self._scale, self._shift = 1 + scale, first.bias * (1 + scale) + shift
        octaves = first.weight[:, first.weight.shape[1] - 6 * decoder.octaves :]
        self._octaves = (octaves * first.weight_gain).t().contiguous()
        scale, shift = decoder.film1(style)[0].chunk(2)
        self._second = (second.weight * (second.weight_gain * (1 + scale))[:, None]).t().contiguous()
        self._second_bias = second.bias * (1 + scale) + shift
        self._last = (last.weight * last.weight_gain).contiguous()
        self._last_bias = last.bias

    def __call__(self, points: Tensor) -> CanonicalSample:
        """Fields, leading dimensions (1, N), at ``points`` (N, 3): the lattice box scaled to [-1, 1]."""
        outputs = self.outputs(points)
        return self._decoder.read(outputs.t()[None], self._palette)

    def outputs(self, points: Tensor) -> Tensor:
        """What the last layer gives (outputs, N), before it is read."""
        return self._outputs(points, len(self._last))

    def distance(self, points: Tensor) -> Tensor:
        """Signed distance (N,) to body and hair together, metres, negative inside."""
        return self._outputs(points, 2).amin(0) * DISTANCE_SCALE

    @torch.no_grad()
    def hidden(self, points: Tensor) -> Tensor:
        """The first hidden layer (N, hidden), for :class:`portrait_core.models.starter.bare_skin.BareSkin`."""
        return self.hidden_on(points, self.still(points))

    @torch.no_grad()
    def still(self, points: Tensor) -> Tensor:
        """The first layer's share (N, hidden) that is the same for all identities."""
        found = self._static.sums(self._decoder.spacing(points))
        if len(self._octaves):
            found.addmm_(_octaves(points, self._decoder.octaves), self._octaves)
        return found

    @torch.no_grad()
    def hidden_on(self, points: Tensor, still: Tensor) -> Tensor:
        """:meth:`hidden` at points whose :meth:`still` is known."""
        return nnf.leaky_relu_(self.modulated(still, *self.corners(points)), 0.2)

    @torch.no_grad()
    def corners(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Which rows (N, 12) of the planes are read at points (N, 3), and with what weights (N, 12): the same for all
        identities."""
        return _corners(self._decoder.spacing(points), self._side)

    @torch.no_grad()
    def modulated(self, still: Tensor, index: Tensor, share: Tensor) -> Tensor:
        """:meth:`hidden`, before it is rectified, from :meth:`still` and :meth:`corners`."""
        found = nnf.embedding_bag(index, self._dynamic, mode="sum", per_sample_weights=share).add_(still)
        return torch.addcmul(self._shift, found, self._scale)

    @torch.no_grad()
    def _outputs(self, points: Tensor, count: int) -> Tensor:
        """The last layer's first ``count`` outputs (count, N): each apart, as what follows is quick along rows."""
        last, bias = self._last[:count], self._last_bias[:count, None]
        result = points.new_empty(count, len(points))
        chunk = at_once(points.device, CHUNK)
        for begin in range(0, len(points), chunk):
            part = points[begin : begin + chunk]
            hidden = nnf.leaky_relu_(self._first(part), 0.2)
            hidden = torch.addmm(self._second_bias, hidden, self._second)
            result[:, begin : begin + chunk] = torch.addmm(bias, last, nnf.leaky_relu_(hidden, 0.2).t())
        return result

    def _first(self, points: Tensor) -> Tensor:
        spaced = self._decoder.spacing(points)
        hidden = _bag(self._static.rows, spaced, self._static.side)
        hidden += _bag(self._dynamic, spaced, self._side)
        if len(self._octaves):
            hidden.addmm_(_octaves(points, self._decoder.octaves), self._octaves)
        return torch.addcmul(self._shift, hidden, self._scale)


def _folded(planes: Tensor, decoder: CanonicalDecoder, start: int, width: int) -> Tensor:
    """Planes (3, C, R, R) behind their columns of the first layer: rows (3 * R * R, hidden), without its bias."""
    layer = decoder.fc0
    parts = [
        plane.flatten(1).t() @ (layer.weight[:, start + i * width : start + (i + 1) * width] * layer.weight_gain).t()
        for i, plane in enumerate(planes)
    ]
    return torch.cat(parts)


def _bag(rows: Tensor, spaced: Tensor, side: int) -> Tensor:
    """Bilinear values of the three planes, added up: rows (3 * side * side, H), places (N, 3) -> (N, H)."""
    index, share = _corners(spaced, side)
    return nnf.embedding_bag(index, rows, mode="sum", per_sample_weights=share)


def _corners(spaced: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Of places (N, 3) the rows (N, 12) of the three planes around them, and their bilinear weights (N, 12)."""
    # Texel centres are at whole numbers; the border is repeated.
    texel = (((spaced + 1) * side - 1) * 0.5).clamp(0, side - 1)
    low = texel.floor().clamp_max_(side - 2)
    above = texel - low
    below = 1 - above
    number = low.to(torch.int32)
    index = torch.empty(len(spaced), 12, dtype=torch.int32, device=spaced.device)
    share = torch.empty(len(spaced), 12, dtype=spaced.dtype, device=spaced.device)
    for plane, (x, y) in enumerate(_PLANE_AXES):
        corner = number[:, y] * side + number[:, x] + plane * side * side
        for k, (down, across) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
            index[:, 4 * plane + k] = corner + (down * side + across)
            torch.mul((above if across else below)[:, x], (above if down else below)[:, y], out=share[:, 4 * plane + k])
    return index, share


def _octaves(points: Tensor, count: int) -> Tensor:
    """Sines, then cosines, of the points at ``count`` octaves (N, 6 * count), each from the one below."""
    angle = points * math.pi
    sine, cosine = angle.sin(), angle.cos()
    sines, cosines = [sine], [cosine]
    for _ in range(count - 1):
        sine, cosine = 2 * sine * cosine, 1 - 2 * sine * sine
        sines.append(sine)
        cosines.append(cosine)
    return torch.cat(sines + cosines, 1)
