# SPDX-License-Identifier: Apache-2.0
"""Bare skin at the texels of a fixed layout, of which everything that no identity changes is kept.

A texel keeps the decoder's static share, which rows of the planes it reads and with what weights, and, in the band of
the brows, the same of the two places beside it. What is left for an identity are a weighted sum of twelve rows, two
small layers and the mixing of colours, with numbers in rows along the texels. :func:`skin_materials` without kept rows
(:mod:`portrait_core.models.starter.skin_colour`) is the oracle of the tests.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.models.starter.bare_skin import LIPS, TONES, BareSkin
from portrait_core.models.starter.brow_skin import brow_band
from portrait_core.models.starter.decoder import FIXED_TONES
from portrait_core.models.starter.field import chunked
from portrait_core.models.starter.generator import CanonicalGenerator, Identity
from portrait_core.models.starter.point_decoder import PointDecoder
from portrait_core.parts.kept_rows import KeptRows
from portrait_core.runtime.torch_threads import over_rows

SHADE, CORRECTION = 0.8, 0.15
"""As :func:`portrait_core.models.starter.decoder.shaded` has them."""
PIECE = 1 << 13
"""Texels that a thread paints at once: their hidden rows stay near it."""


class SkinBranch:
    """The branch for bare skin of one identity, its style folded into the layers."""

    def __init__(self, branch: BareSkin, style: Tensor, palette: Tensor) -> None:
        """``style`` (1, style_dim), ``palette`` (1, 6, 3) sRGB."""
        first, last = branch.fc, branch.out
        assert first.bias is not None and last.bias is not None
        scale, shift = branch.film(style)[0].chunk(2)
        self._first = (first.weight * (first.weight_gain * (1 + scale))[:, None]).t().contiguous()
        self._first_bias = first.bias * (1 + scale) + shift
        self._last = (last.weight * last.weight_gain).contiguous()
        self._last_bias = last.bias[:, None]
        skin, lip, hair = palette[0, :3]
        fixed = palette.new_tensor(FIXED_TONES)
        self._tones = torch.cat([torch.stack([skin, lip, hair, hair * 0.6]), fixed]).t().contiguous()

    def __call__(self, hidden: Tensor) -> Tensor:
        """(4, N): sRGB and the share of lip, of hidden rows (N, features) before their rectification, which are
        overwritten."""
        # Rectified twice, which leaves the sign.
        inner = torch.addmm(self._first_bias, nnf.leaky_relu_(hidden, 0.04), self._first)
        outputs = torch.addmm(self._last_bias, self._last, nnf.leaky_relu_(inner, 0.2).t())
        shares = torch.softmax(outputs[:TONES], 0)
        result = torch.empty(4, len(hidden), dtype=hidden.dtype, device=hidden.device)
        colour = torch.mm(self._tones, shares, out=result[:3])
        mixed = torch.tanh_(outputs[TONES:])
        colour.mul_(torch.exp_(mixed[0].mul_(SHADE))).add_(mixed[1:], alpha=CORRECTION)
        result[3] = shares[LIPS]
        return result


def kept_skin(
    network: CanonicalGenerator,
    identity: Identity,
    points: NDArray[np.float32],
    kept: KeptRows,
    numbers: NDArray[np.int64],
) -> NDArray[np.float32]:
    """(4, N): sRGB of bare skin and its share of lip at canonical points (N, 3) with ``numbers`` (N,) in ``kept``."""
    branch = network.bare_skin
    assert branch is not None  # the caller has looked
    decoder = network.point_decoder(identity)
    with torch.no_grad():
        skin = SkinBranch(branch, identity.style, identity.palette)
    colour = _painted(skin, decoder, _known(network, decoder, identity, points, kept, numbers), identity)
    band = kept.also("band", 8, dtype=np.float32).take(numbers, lambda fresh: _band(network, identity, points[fresh]))
    rows = np.flatnonzero(band[:, 0])
    if len(rows):
        place = band[rows]
        sides: list[NDArray[np.float32]] = []
        for k, name in enumerate(("above", "below")):
            beside, rest = place[:, 2 + 3 * k : 5 + 3 * k], kept.also(name, kept.width)
            known = _known(network, decoder, identity, beside, rest, numbers[rows])
            sides.append(_painted(skin, decoder, known, identity))
        mixed = sides[1] + (sides[0] - sides[1]) * place[:, 1]
        colour[:3, rows] += (mixed - colour[:, rows])[:3] * place[:, 0]
    return colour


Known = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
"""Of N texels: static shares (N, features), rows of the planes (N, 12), their weights (N, 12)."""


def _known(
    network: CanonicalGenerator,
    decoder: PointDecoder,
    identity: Identity,
    points: NDArray[np.float32],
    kept: KeptRows,
    numbers: NDArray[np.int64],
) -> Known:
    def still(fresh: NDArray[np.int64]) -> NDArray[np.floating]:
        return chunked(identity, points[fresh], lambda _, rows: decoder.still(network.normalised(rows)))

    def corners(fresh: NDArray[np.int64]) -> NDArray[np.floating]:
        return chunked(identity, points[fresh], lambda _, rows: torch.cat(decoder.corners(network.normalised(rows)), 1))

    found = kept.also("corners", 24, dtype=np.float32).take(numbers, corners)
    return kept.take(numbers, still), found[:, :12], found[:, 12:]


def _painted(skin: SkinBranch, decoder: PointDecoder, known: Known, identity: Identity) -> NDArray[np.float32]:
    """(4, N): what the branch gives at known texels."""
    device = identity.style.device

    def part(rows: NDArray[np.int64]) -> NDArray[np.float32]:
        some = slice(int(rows[0]), int(rows[-1]) + 1)
        still, index, share = (torch.as_tensor(np.ascontiguousarray(each[some])).to(device) for each in known)
        with torch.no_grad():
            hidden = decoder.modulated(still.to(identity.style), index.to(torch.int32), share.to(identity.style))
            return skin(hidden).t().cpu().numpy().astype(np.float32)

    count = len(known[0])
    return np.ascontiguousarray(over_rows(part, np.arange(count), PIECE, device).T)


def _band(network: CanonicalGenerator, identity: Identity, points: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 8) of canonical points: how far each is mixed, how much of it from above, and the places above and below."""
    result = np.zeros((len(points), 8), np.float32)
    with torch.no_grad():
        rows = torch.as_tensor(points).to(identity.style)
        band = brow_band(rows, rows.new_tensor(network.options.eye_place))
        if len(band.rows):
            beside = network.identity_warp.foot(torch.cat([band.above, band.below]))[0]
            above, below = beside.to(rows).chunk(2)
            found = torch.cat([band.share[:, None], band.upper[:, None], above, below], 1)
            result[band.rows.cpu().numpy()] = found.cpu().numpy()
    return result
