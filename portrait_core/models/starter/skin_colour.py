# SPDX-License-Identifier: Apache-2.0
"""The colour of bare skin, everywhere: under hair and clothing too, where the fields of the whole bust show none.

The decoder paints skin as a mixture of tones (skin, lips, two of hair, a dark and a red one) with a shade. What parts
show themselves must not be painted beneath them: hair on the scalp, brows and lash lines where they are cards, the dark
line between closed lips. So the tones are weighed anew, place by place. Under clothing the decoder learnt nothing;
there the skin is the palette's, as even as skin is there.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.imaging.colour_space import srgb_to_linear
from portrait_core.models.starter.decoder import (
    DISTANCE_SCALE,
    FIXED_TONES,
    LIP_ROUGHNESS,
    SKIN_COLOURS,
    SKIN_ROUGHNESS,
    shaded,
)
from portrait_core.models.starter.field import chunked
from portrait_core.models.starter.generator import CanonicalGenerator, Identity

COVERED = (0.001, 0.007)
"""Metres beyond the border of the clothing, on its side, between which the skin turns from the learnt to the plain."""
HAIR = (-0.002, 0.008)
"""Distances to the hair of the field between which it turns from the plain to the learnt: beside hair, its shadow was
learnt with the skin."""
PLAIN_SHADE = 0.93
"""The plain skin against the palette's: the mean shade of a chest's skin."""
INNER_MOUTH = (0.62, 0.40, 0.42)
"""Share of the lips' colour that the inside of the mouth keeps."""


def skin_materials(
    network: CanonicalGenerator, identity: Identity, points: NDArray[np.float32], bare: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Linear RGB (N, 3) and glTF roughness (N,) of bare skin.

    Args:
        network, identity: a starter's network and one of its identities, in the same precision.
        points: (N, 3) canonical, metres.
        bare: (N, 6), the columns of :data:`portrait_core.parts.skin_places.BARE`.
    """
    places = np.concatenate([points, bare], axis=1).astype(np.float32)
    decoder = network.point_decoder(identity)

    def materials(one: Identity, rows: Tensor) -> Tensor:
        outputs = decoder.outputs(network.normalised(rows[:, :3]))
        return _painted(outputs.t(), one.palette[0], rows[:, 3:])

    found = chunked(identity, places, materials).astype(np.float32)
    return srgb_to_linear(found[:, :3]), found[:, 3]


def _painted(outputs: Tensor, palette: Tensor, bare: Tensor) -> Tensor:
    """(N, 4): sRGB and roughness, from the decoder's outputs (N, O), a palette (6, 3) and the bareness (N, 6)."""
    scalp, brow, lash, mouth, lips, socket = bare.clamp(0, 1).unbind(1)
    skin, lip, hair = palette[0], palette[1], palette[2]
    tones = torch.cat([torch.stack([skin, lip, hair, hair * 0.6]), palette.new_tensor(FIXED_TONES)])
    shares = torch.softmax(outputs[:, 4 : 4 + SKIN_COLOURS], 1)
    hairy = (1 - scalp) * (1 - 0.7 * brow)
    dark = (1 - lips) * (1 - 0.6 * lash)
    one = torch.ones_like(hairy)
    shares = shares * torch.stack([one, one, hairy, hairy, dark, one], 1)
    # Where most was hair or line, skin is what remains.
    rest = (1 - shares.sum(1)).clamp_min(0)
    to_lip = lips * (shares[:, 1] > shares[:, 0])
    shares = shares + torch.stack([rest * (1 - to_lip), rest * to_lip, *[torch.zeros_like(rest)] * 4], 1)
    k = 4 + SKIN_COLOURS
    # The shade was learnt with the hair's shadow on the scalp.
    colour = torch.lerp(shaded(shares @ tones, outputs[:, k : k + 4]), shares @ tones * PLAIN_SHADE, scalp[:, None])
    # Under the field's own hair and clothing nothing was learnt.
    hair_away, neckline = outputs[:, 1] * DISTANCE_SCALE, outputs[:, 2] * DISTANCE_SCALE
    dressed = ((-neckline - COVERED[0]) / (COVERED[1] - COVERED[0])).clamp(0, 1)
    overgrown = ((HAIR[1] - hair_away) / (HAIR[1] - HAIR[0])).clamp(0, 1)
    covered = torch.maximum(dressed, overgrown)
    colour = torch.lerp(colour, (skin * PLAIN_SHADE).expand_as(colour), covered[:, None])
    inner = lip * skin.new_tensor(INNER_MOUTH) + skin.new_tensor([0.10, 0.02, 0.03])
    colour = torch.lerp(colour, inner.expand_as(colour), mouth[:, None])
    lid = skin * 0.8 + lip * 0.1
    colour = torch.lerp(colour, lid.expand_as(colour), socket[:, None])
    wet = torch.maximum(shares[:, 1], mouth)
    roughness = SKIN_ROUGHNESS + wet * (LIP_ROUGHNESS - SKIN_ROUGHNESS)
    return torch.cat([colour.clamp(0, 1), roughness[:, None]], 1)
