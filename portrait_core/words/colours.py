# SPDX-License-Identifier: Apache-2.0
"""Colours as attributes: of cloth from sRGB, and what *dark* and *light* before a colour change."""

from __future__ import annotations

import colorsys
from statistics import NormalDist

SHADES: dict[str, tuple[str, float]] = {
    "hair": ("hair_blond", 0.6),
    "beard": ("hair_blond", 0.6),
    "eyes": ("eye_lightness", 1.2),
    "skin": ("skin_tone", -0.8),
    "face": ("skin_tone", -0.8),
    "lips": ("lip_colour", -0.6),
    "brows": ("brow_darkness", -0.7),
}
"""What a lighter shade of a colour adds, by the noun: an attribute and standard deviations."""

SATURATION, VALUE = (0.15, 0.75), (0.14, 0.86)
"""Between which the cloth of the starter's world lies in HSV."""

WARM, COLD = 0.095, 0.6
"""Hues of what has none, for all cloth has some colour: of white, which then is off-white, and of greys."""
BRIGHT = 0.8
GREY = 0.12
"""Saturation below which a colour counts as grey."""


def shaded(rgb: str, shade: float) -> str:
    """An sRGB colour, six hexadecimal digits, darker (-1) or lighter (1)."""
    parts = [int(rgb[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    if shade < 0:
        parts = [each * (1 + 0.45 * max(shade, -1.5)) for each in parts]
    else:
        parts = [each + (1 - each) * 0.45 * min(shade, 1.5) for each in parts]
    return "".join(f"{round(255 * each):02x}" for each in parts)


def cloth_attributes(rgb: str) -> dict[str, float]:
    """The attributes of the nearest cloth that the starter has to an sRGB colour of six hexadecimal digits."""
    red, green, blue = (int(rgb[k : k + 2], 16) / 255 for k in (0, 2, 4))
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    if saturation < GREY:
        hue = WARM if value > BRIGHT else COLD
    share = max(0.0, (saturation - SATURATION[0]) / (SATURATION[1] - SATURATION[0])) ** (1 / 1.3)
    return {
        "clothing_hue": _deviations(hue),
        "clothing_saturation": _deviations(share),
        "clothing_brightness": _deviations((value - VALUE[0]) / (VALUE[1] - VALUE[0])),
    }


def _deviations(share: float) -> float:
    """The standard deviations below which a share of all people is, from -2.5 to 2.5: further out nothing changes."""
    return round(max(-2.5, min(2.5, NormalDist().inv_cdf(min(max(share, 0.001), 0.999)))), 2)
