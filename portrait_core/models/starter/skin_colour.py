# SPDX-License-Identifier: Apache-2.0
"""The colour of a person's skin at the places of the parts template: the network's bare skin, and what lies inside.

Of the inside of the mouth and of the lids' backs the world says nothing; they are the palette's.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.errors import ModelFileError
from portrait_core.imaging.colour_space import srgb_to_linear
from portrait_core.models.starter.brow_skin import brow_band
from portrait_core.models.starter.decoder import LIP_ROUGHNESS, SKIN_ROUGHNESS
from portrait_core.models.starter.field import chunked
from portrait_core.models.starter.generator import CanonicalGenerator, Identity
from portrait_core.models.starter.kept_skin import kept_skin
from portrait_core.parts.kept_rows import KeptRows

INNER_MOUTH = (0.62, 0.40, 0.42)
"""Share of the lips' colour that the inside of the mouth keeps."""
MOUTH_BASE = (0.10, 0.02, 0.03)


def skin_materials(
    network: CanonicalGenerator,
    identity: Identity,
    points: NDArray[np.float32],
    inside: NDArray[np.float32],
    kept: KeptRows | None = None,
    numbers: NDArray[np.int64] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Linear RGB (N, 3) and glTF roughness (N,) of skin.

    Args:
        network, identity: a starter's network and one of its identities, in the same precision.
        points: (N, 3) canonical, metres.
        inside: (N, 2), the columns of :data:`portrait_core.parts.skin_places.INSIDE`.
        kept, numbers: what is the same for all identities, kept for places with numbers, and those (N,) of the points;
            without them nothing is kept.

    Raises :class:`ModelFileError` where the network has no branch for bare skin.
    """
    branch = network.bare_skin
    if branch is None:
        raise ModelFileError("the model has a parts template but no bare skin; get the whole file again.")

    if kept is not None and numbers is not None:
        found = _inside_too(kept_skin(network, identity, points, kept, numbers), inside, identity)
        return srgb_to_linear(found[:, :3]), found[:, 3]

    places = np.concatenate([points, inside], axis=1).astype(np.float32)
    decoder = network.point_decoder(identity)

    def shown(beside: Tensor, one: Identity) -> Tensor:
        return branch(decoder.hidden(network.normalised(beside))[None], one.style, one.palette)[0][0]

    def materials(one: Identity, rows: Tensor) -> Tensor:
        hidden = decoder.hidden(network.normalised(rows[:, :3]))
        colour, lips = branch(hidden[None], one.style, one.palette)
        bare = _without_brows(colour[0], lambda beside: shown(beside, one), network, rows[:, :3])
        return _with_inside(bare, lips[0], one.palette[0], rows[:, 3:])

    found = chunked(identity, places, materials).astype(np.float32)
    return srgb_to_linear(found[:, :3]), found[:, 3]


def _inside_too(colour: NDArray[np.float32], inside: NDArray[np.float32], identity: Identity) -> NDArray[np.float32]:
    """:func:`_with_inside` of (4, N), colour and share of lip: only where there is an inside it is asked for."""
    lips = colour[3]
    found = np.clip(colour.T, 0, 1)
    found[:, 3] = SKIN_ROUGHNESS + lips * (LIP_ROUGHNESS - SKIN_ROUGHNESS)
    rows = np.flatnonzero(inside.any(axis=1))
    if len(rows):
        given = (torch.as_tensor(each).to(identity.style) for each in (colour.T[rows], inside[rows]))
        some, within = given
        with torch.no_grad():
            mixed = _with_inside(some[:, :3], some[:, 3], identity.palette[0], within)
        found[rows] = mixed.cpu().numpy()
    return found


def _without_brows(
    colour: Tensor, shown: Callable[[Tensor], Tensor], network: CanonicalGenerator, points: Tensor
) -> Tensor:
    """``colour`` (N, 3) of canonical points (N, 3) with that from ``shown`` beside the brows' band within it."""
    band = brow_band(points, points.new_tensor(network.options.eye_place))
    if len(band.rows) == 0:
        return colour
    beside = network.identity_warp.foot(torch.cat([band.above, band.below]))[0]
    above, below = shown(beside.to(points)).chunk(2)
    mixed = torch.lerp(below, above, band.upper[:, None])
    return colour.index_copy(0, band.rows, torch.lerp(colour[band.rows], mixed, band.share[:, None]))


def _with_inside(colour: Tensor, lips: Tensor, palette: Tensor, inside: Tensor) -> Tensor:
    """(N, 4): sRGB and roughness, from bare skin (N, 3), its share of lip (N,), a palette (6, 3) and ``inside``."""
    mouth, socket = inside.clamp(0, 1).unbind(1)
    skin, lip = palette[0], palette[1]
    inner = lip * skin.new_tensor(INNER_MOUTH) + skin.new_tensor(MOUTH_BASE)
    colour = torch.lerp(colour, inner.expand_as(colour), mouth[:, None])
    lid = skin * 0.8 + lip * 0.1
    colour = torch.lerp(colour, lid.expand_as(colour), socket[:, None])
    wet = torch.maximum(lips, mouth)
    roughness = SKIN_ROUGHNESS + wet * (LIP_ROUGHNESS - SKIN_ROUGHNESS)
    return torch.cat([colour.clamp(0, 1), roughness[:, None]], 1)
