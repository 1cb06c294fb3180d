# SPDX-License-Identifier: Apache-2.0
"""The materials of a level of detail as plain numbers and one row of bytes, as kernels read them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from portrait_core.rendering.coats import Coat

KINDS = {"opaque": 0, "mask": 1, "blend": 2}


class CoatTable:
    """``numbers`` (C, 7) int32 of each of ``coats``: its kind, where its colours begin in ``texels``, their height and
    width, the same of its cover (-1: none); ``factors`` (C, 8): of its colour, of its cover, the cutoff, the gloss, the
    shine, the share of any light that seeps to it; ``texels`` (N,) uint8. The images are copied once: two gigabytes
    would be images of 16,384."""

    def __init__(self, coats: Sequence[Coat]) -> None:
        self.numbers = np.full((len(coats), 7), -1, np.int32)
        self.factors = np.zeros((len(coats), 8), np.float32)
        parts: list[NDArray[np.uint8]] = []
        length = 0
        starts: dict[int, int] = {}  # one image may serve several parts
        for number, coat in enumerate(coats):
            material, maps = coat.section.material, coat.section.maps
            factor = material.factors.get("pbrMetallicRoughness.baseColorFactor", (1.0, 1.0, 1.0, 1.0))
            self.numbers[number, 0] = KINDS[material.alpha]
            self.factors[number] = (*factor, material.cutoff, coat.gloss, coat.shine, coat.seeps)
            cover = maps.get("opacity") if material.alpha != "opaque" else None
            for column, image in ((1, maps.base_colour), (4, cover)):
                if image is None:
                    continue
                if id(image) not in starts:
                    starts[id(image)] = length
                    parts.append(image.reshape(-1))
                    length += image.size
                self.numbers[number, column : column + 3] = (starts[id(image)], *image.shape[:2])
        self.texels = np.concatenate(parts)
