# SPDX-License-Identifier: Apache-2.0
"""The latent vector of the portrait world: named, normally distributed numbers and what each of them means.

A latent ``z`` (66,) is standard normal. Its first dimensions are attributes with a name, in units of standard
deviations; then come six numbers that choose a hair style and a block of facial details without names. Everything the
world builds is a smooth function of ``z``, so that a small network can learn it.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

FloatArray = NDArray[np.float64]

STYLES = (
    "bald", "short04", "short01", "short02", "short03", "afro01", "bob01", "bob02", "long01", "ponytail01", "braid01",
)  # fmt: skip
"""Hair styles: ``bald`` and the MakeHuman hair meshes."""

NAMED = (
    ("gender", "feminine (-) to masculine (+)"),
    ("age", "young adult (-) to old (+)"),
    ("weight", "slim (-) to heavy (+)"),
    ("muscle", "soft (-) to muscular (+)"),
    ("ancestry_african", "towards African features (+) or European and Asian ones (-)"),
    ("ancestry_asian", "towards Asian features (+) or European ones (-)"),
    ("skin_tone", "lighter (-) to darker (+) than the ancestry's middle"),
    ("skin_redness", "pale (-) to ruddy (+)"),
    ("lip_colour", "natural (-) to strongly coloured lips (+)"),
    ("freckles", "more freckles (+)"),
    ("eye_blue", "brown (-) to blue (+) eyes"),
    ("eye_lightness", "dark (-) to light or green (+) eyes"),
    ("brow_thickness", "thin (-) to thick (+) brows"),
    ("brow_darkness", "light (-) to dark (+) brows"),
    ("stubble", "clean shaven (-) to stubble (+), for masculine faces"),
    ("hair_blond", "dark (-) to blond (+) hair"),
    ("hair_red", "towards red hair (+)"),
    ("hair_grey", "less (-) or more (+) grey for the age"),
    ("hair_volume", "flat (-) to full (+) hair"),
    ("hair_curl", "straight (-) to curly (+) hair"),
    ("hair_length", "shorter (-) to longer (+) hair"),
    ("clothing_hue", "hue of the clothing, once around the circle"),
    ("clothing_saturation", "grey (-) to saturated (+) clothing"),
    ("clothing_brightness", "dark (-) to light (+) clothing"),
    ("neckline_depth", "high (-) to low (+) neckline"),
    ("neckline_shape", "narrow and pointed (-) to wide and round (+) neckline"),
    ("clothing_stripes", "plain (-) to striped (+) clothing"),
    ("nose_width", "narrow (-) to wide (+) nose"),
    ("nose_length", "short (-) to long (+) nose"),
    ("nose_bridge", "flat (-) to curved (+) bridge of the nose"),
    ("jaw_width", "narrow (-) to wide (+) jaw"),
    ("chin_length", "short (-) to long (+) chin"),
    ("lip_fullness", "thin (-) to full (+) lips"),
    ("mouth_width", "narrow (-) to wide (+) mouth"),
    ("eye_size", "small (-) to large (+) eyes"),
    ("eye_spacing", "close-set (-) to wide-set (+) eyes"),
    ("cheek_fullness", "hollow (-) to full (+) cheeks"),
    ("ear_size", "small (-) to large (+) ears"),
)
NAMES = tuple(name for name, _ in NAMED)
STYLE_DIMS = 6
DETAIL_DIMS = 22
STYLE = slice(len(NAMES), len(NAMES) + STYLE_DIMS)
DETAIL = slice(STYLE.stop, STYLE.stop + DETAIL_DIMS)
Z_DIM = DETAIL.stop

_TONES = np.array(
    [(0.95, 0.82, 0.75), (0.90, 0.72, 0.62), (0.82, 0.60, 0.47), (0.69, 0.47, 0.35), (0.51, 0.34, 0.25),
     (0.36, 0.235, 0.17)]
)  # fmt: skip
_HAIRS = np.array(
    [(0.055, 0.042, 0.038), (0.16, 0.10, 0.07), (0.33, 0.21, 0.13), (0.55, 0.39, 0.24), (0.80, 0.66, 0.45)]
)
# How much more usual a style is with a masculine (+) or feminine (-) body.
_STYLE_GENDER = np.array([0.9, 0.9, 0.9, 0.9, 0.3, 0.25, -1.1, -1.1, -1.2, -1.2, -1.0])


def _style_anchors() -> FloatArray:
    """Directions of the styles in the six style dimensions, pushed apart on the sphere."""
    rng = np.random.default_rng(11)
    anchors = rng.normal(size=(len(STYLES), STYLE_DIMS))
    anchors /= np.linalg.norm(anchors, axis=1, keepdims=True)
    for _ in range(400):
        difference = anchors[:, None] - anchors[None]
        distance = (difference**2).sum(-1) + np.eye(len(STYLES))
        anchors = anchors + 0.02 * (difference / distance[..., None] ** 2).sum(1)
        anchors /= np.linalg.norm(anchors, axis=1, keepdims=True)
    return anchors


STYLE_ANCHORS = _style_anchors()
STYLE_SHARPNESS = 6.0
STYLE_FLOOR = 0.06


@dataclass(frozen=True)
class Attributes:
    """What a batch of latents means, in plain quantities; every array starts with the batch dimension B.

    Colours are sRGB values in [0, 1]. ``style`` (B, 11) sums to one. ``ancestry`` (B, 3) is African, Asian, European.
    """

    z: FloatArray
    gender: FloatArray
    age: FloatArray
    weight: FloatArray
    muscle: FloatArray
    ancestry: FloatArray
    tone: FloatArray
    skin: FloatArray
    lip: FloatArray
    hair: FloatArray
    cloth: FloatArray
    cloth_stripe: FloatArray
    iris: FloatArray
    redness: FloatArray
    freckles: FloatArray
    brow: FloatArray
    brow_tone: FloatArray
    stubble: FloatArray
    grey: FloatArray
    volume: FloatArray
    curl: FloatArray
    cut: FloatArray
    neck_depth: FloatArray
    neck_shape: FloatArray
    stripes: FloatArray
    wrinkles: FloatArray
    style: FloatArray
    style_logits: FloatArray


def _smooth(x: FloatArray, low: float, high: float) -> FloatArray:
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def _ramp(t: FloatArray, table: FloatArray) -> FloatArray:
    """Linear interpolation along the rows of a colour table, t in [0, 1]."""
    position = np.clip(t, 0, 1) * (len(table) - 1)
    low = np.minimum(position.astype(int), len(table) - 2)
    fraction = (position - low)[..., None]
    return table[low] * (1 - fraction) + table[low + 1] * fraction


def attributes(z: FloatArray) -> Attributes:
    """Decode latents (B, 66) into :class:`Attributes`."""
    z = np.atleast_2d(np.asarray(z, np.float64))
    at = {name: z[:, i] for i, name in enumerate(NAMES)}
    share = {name: ndtr(value) for name, value in at.items()}

    gender = 1 / (1 + np.exp(-2.6 * at["gender"]))
    age = 0.40 + 0.52 * share["age"] ** 1.7
    logits = np.stack(
        [
            2.0 * at["ancestry_african"] - 0.5,
            2.0 * at["ancestry_asian"] - 1.0 * at["ancestry_african"] - 0.3,
            -1.6 * at["ancestry_asian"] - 1.0 * at["ancestry_african"] + 0.5,
        ],
        -1,
    )
    ancestry = np.exp(logits - logits.max(-1, keepdims=True))
    ancestry /= ancestry.sum(-1, keepdims=True)
    tone = np.clip(ancestry @ np.array([0.80, 0.36, 0.20]) + 0.12 * at["skin_tone"], 0, 1)

    pigment = ancestry @ np.array([1.0, 0.95, 0.38])
    blond = np.clip(_smooth(share["hair_blond"], 0.25, 1.0) * (1 - pigment) * 1.5 + 0.10 * share["hair_blond"], 0, 1)
    red = _smooth(share["hair_red"], 0.72, 1.0) * (1 - 0.85 * (ancestry[:, 0] + ancestry[:, 1]))
    grey = _smooth((age - 0.5) * 1.5 + 0.30 * at["hair_grey"] - 0.32, 0, 0.6)
    hair = _ramp(blond, _HAIRS)
    hair = hair * (1 - red[:, None]) + red[:, None] * np.array([0.50, 0.20, 0.09]) * (0.7 + 0.5 * blond)[:, None]
    hair = hair * (1 - grey[:, None]) + grey[:, None] * np.array([0.70, 0.69, 0.68])

    skin = _ramp(tone, _TONES)
    made_up = np.clip(0.08 + 0.26 * (1 - gender) + 0.16 * at["lip_colour"], 0, 1)[:, None]
    lip = skin * np.array([0.90, 0.67, 0.66]) * (1 - 0.06 * tone)[:, None] + 0.01
    lip = lip * (1 - made_up * 0.45) + made_up * 0.45 * np.array([0.66, 0.24, 0.26]) * (1.05 - 0.5 * tone)[:, None]

    blue = _smooth(
        share["eye_blue"] - 1.2 * _smooth(tone, 0.15, 0.45) - 0.9 * (ancestry[:, 0] + ancestry[:, 1]), 0.25, 0.6
    )[:, None]
    green = _smooth(share["eye_lightness"], 0.35, 0.9)[:, None]
    brown = (0.7 + 0.9 * share["eye_lightness"] * (1 - ancestry[:, 0] * 0.6))[:, None] * np.array([0.20, 0.10, 0.05])
    light = np.array([0.34, 0.50, 0.62]) * (1 - green * blue) + np.array([0.36, 0.43, 0.27]) * green * blue
    iris = brown * (1 - blue) + light * blue

    saturation = 0.15 + 0.6 * share["clothing_saturation"] ** 1.3
    value = 0.14 + 0.72 * share["clothing_brightness"]
    contrast = np.where(value > 0.4, 0.7, 1.5)
    cloth = _hsv(share["clothing_hue"], saturation, value)
    stripe = _hsv(share["clothing_hue"], saturation * 0.8, np.clip(value * contrast, 0, 1))

    style = 2.6 * z[:, STYLE] @ STYLE_ANCHORS.T + 1.5 * (2 * gender - 1)[:, None] * _STYLE_GENDER
    style[:, 0] += 2.4 * (age - 0.6) * (2 * gender - 1) - 1.2
    style[:, 5] += 1.5 * ancestry[:, 0] - 1.0
    logits = style
    style = style_weights(logits)

    return Attributes(
        z=z,
        gender=gender,
        age=age,
        weight=0.5 + 0.5 * np.tanh(0.44 * at["weight"]),
        muscle=0.5 + 0.5 * np.tanh(0.40 * at["muscle"]),
        ancestry=ancestry,
        tone=tone,
        skin=skin,
        lip=np.clip(lip, 0, 1),
        hair=hair,
        cloth=cloth,
        cloth_stripe=stripe,
        iris=iris,
        redness=0.4 * np.tanh(at["skin_redness"] / 2) * 2,
        freckles=_smooth(share["freckles"], 0.6, 1.0) * (1 - _smooth(tone, 0.35, 0.6)),
        brow=0.62 + 0.18 * at["brow_thickness"] + 0.30 * (gender - 0.5),
        brow_tone=share["brow_darkness"],
        stubble=_smooth(share["stubble"], 0.3, 1.0) * _smooth(gender, 0.55, 0.9),
        grey=grey,
        volume=0.0028 * at["hair_volume"] + 0.0012 * at["hair_length"] + 0.0005,
        curl=_smooth(share["hair_curl"] + 0.55 * ancestry[:, 0] - 0.15 * ancestry[:, 1], 0.55, 1.25),
        cut=-0.115 - 0.075 * np.tanh(0.6 * at["hair_length"]),
        neck_depth=0.006 + 0.060 * _smooth(share["neckline_depth"], 0.1, 1.0) * (1 - 0.45 * gender),
        neck_shape=_smooth(at["neckline_shape"], -1.8, 1.8),
        stripes=_smooth(share["clothing_stripes"], 0.72, 0.9),
        wrinkles=_smooth(age, 0.55, 0.95),
        style=style,
        style_logits=logits,
    )


def style_weights(logits: FloatArray) -> FloatArray:
    """Weights (B, 11) of the styles: a sharp softmax without its tail, for faint traces of other styles only blur."""
    weights = np.exp(STYLE_SHARPNESS * (logits - logits.max(1, keepdims=True)))
    weights /= weights.sum(1, keepdims=True)
    weights = np.maximum(weights - STYLE_FLOOR, 0)
    return weights / weights.sum(1, keepdims=True)


def _hsv(hue: FloatArray, saturation: FloatArray, value: FloatArray) -> FloatArray:
    return np.array([colorsys.hsv_to_rgb(*row) for row in zip(hue, saturation, value, strict=True)])


def code(a: Attributes) -> FloatArray:
    """Everything that colour and shape of the canonical bust depend on, (B, 43): the generator learns z -> this code.

    The first 18 numbers are the palette: six sRGB colours (skin, lips, hair, clothing, stripes, iris). The last 11 are
    the style logits, which are smooth in z where the weights are not.
    """
    scalars = np.stack(
        [
            a.tone, a.redness, a.freckles, a.brow, a.brow_tone, a.stubble, a.grey, a.volume * 250, a.curl, a.cut * 10,
            a.neck_depth * 15, a.neck_shape, a.stripes, a.wrinkles,
        ],
        -1,
    )  # fmt: skip
    return np.concatenate([a.skin, a.lip, a.hair, a.cloth, a.cloth_stripe, a.iris, scalars, a.style_logits], -1)


CODE_COLOURS = 6
CODE_SCALARS = ("tone", "redness", "freckles", "brow", "brow_tone", "stubble", "grey", "volume", "curl", "cut",
                "neck_depth", "neck_shape", "stripes", "wrinkles")  # fmt: skip
