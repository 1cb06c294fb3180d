# SPDX-License-Identifier: Apache-2.0
"""The colours of teeth and gums, out of the template's picture of them.

The picture is grey where teeth are, with dark hollows painted in: made for a program without light of its own. Where
lips throw shadows a smile then has grey teeth. So enamel gets the lightness that enamel has, and most of what is
painted into it goes; gums are lifted by less.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from portrait_core.parts.part_mesh import Topology

ENAMEL_POWER, GUM_POWER = 0.32, 0.72
"""Of sRGB values from 0 to 1: below one what is dark comes nearer to what is light."""
ENAMEL = (1.0, 0.958, 0.912)
"""sRGB of enamel where the picture is white: a little yellow, as dentine beneath it is (shades A1 to A2 of the usual
guide)."""


def mouth_colours(picture: NDArray[np.uint8], teeth: Topology, gums: Topology) -> NDArray[np.uint8]:
    """A template's ``picture`` (H, W, 3) sRGB of teeth and gums with the colours of a mouth; the texels of ``teeth``
    and of ``gums`` are told apart by where their faces lie, and what no face has goes with the nearest."""
    height, width = picture.shape[:2]
    enamel = _texels((gums, teeth), width, height)
    values = picture.astype(np.float64) / 255
    grey = values.mean(axis=2, keepdims=True) ** ENAMEL_POWER * np.asarray(ENAMEL)
    mixed = np.where(enamel[..., None], grey, values**GUM_POWER)
    return np.rint(np.clip(mixed, 0, 1) * 255).astype(np.uint8)


def _texels(parts: Sequence[Topology], width: int, height: int) -> NDArray[np.bool_]:
    """(H, W) whether a texel belongs to the second of two ``parts``, or is nearer to it."""
    chart = Image.new("L", (width, height), 0)
    pen = ImageDraw.Draw(chart)
    for number, part in enumerate(parts, start=1):
        places = part.uvs.astype(np.float64) * (width, -height) + (0, height)
        for corners in places[part.faces]:
            pen.polygon([(float(u), float(v)) for u, v in corners], fill=number, outline=number)
    numbers = np.asarray(chart)
    nearest = ndimage.distance_transform_edt(numbers == 0, return_distances=False, return_indices=True)
    assert nearest is not None
    return np.asarray(numbers[nearest[0], nearest[1]] == 2, np.bool_)
