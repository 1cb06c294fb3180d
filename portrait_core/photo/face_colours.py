# SPDX-License-Identifier: Apache-2.0
"""The colours of a person in a photograph: medians of regions, which hold in light where single pixels do not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from portrait_core.imaging.colour_space import linear_to_srgb, srgb_to_linear
from portrait_core.photo.crop import FloatArray
from portrait_core.photo.face_regions import CHIN, FOREHEAD, FaceRegions, polygon
from portrait_core.photo.overlay import LEFT_EYE, RIGHT_EYE

LEAST = 20
"""Pixels of a region that say anything."""
RIGHT_IRIS, LEFT_IRIS = (468, 469, 470, 471, 472), (473, 474, 475, 476, 477)
"""Its middle, then four points of its border."""
IRIS_RING = (0.45, 0.85)
"""Between the pupil and the dark border, in radii."""
DEEP_SKIN = 0.30
"""A face that is darker (linear light) may be in the shade; its colour still is its own."""
LIPS_IN_LIGHT, HAIR_IN_LIGHT = 1.0, 0.85
"""Shares of the pixels' light that are the colour's own: hair shines."""
ROUND = 1e-4


@dataclass(frozen=True)
class FaceColours:
    """sRGB by name, 0 to 1: ``skin``, and as far as they are seen ``lips``, ``hair``, ``clothing``, ``iris``,
    ``brows``; and how thick the brows are, in heights of the face."""

    srgb: dict[str, tuple[float, float, float]]
    brow_thickness: float = 0.022


def face_colours(picture: NDArray[np.uint8], regions: FaceRegions, points: FloatArray) -> FaceColours:
    """The colours in a picture (S, S, 3) sRGB; ``points`` (478, 2) are the landmarks, 0 to 1 across it."""
    linear = srgb_to_linear(np.asarray(picture, np.float32) / 255)
    found: dict[str, NDArray[np.float32]] = {}
    face = regions.oval & ~regions.hair & ~regions.brows & ~regions.eyes & ~regions.lips & ~regions.mouth
    cheeks = linear[regions.skin] if regions.skin.sum() >= LEAST else linear[face]
    if len(cheeks) >= LEAST:
        # Of cheeks the middle, of the whole face what is lit: a side in the shade is darker than the skin.
        found["skin"] = 0.5 * (np.median(cheeks, axis=0) + _percentile(linear[face], 60))
    for name, region, share in (
        ("lips", regions.lips, LIPS_IN_LIGHT),
        ("hair", regions.hair, HAIR_IN_LIGHT),
        ("clothing", regions.cloth, 1.0),
    ):
        if region.sum() >= LEAST:
            found[name] = np.median(linear[region], axis=0) * share
    if regions.brows.sum() >= LEAST:
        found["brows"] = _percentile(linear[regions.brows & ~regions.hair], 15)
    iris = _iris(linear, points)
    if iris is not None:
        found["iris"] = iris
    srgb = {name: _srgb(colour) for name, colour in found.items()}
    thick = _brow_thickness(linear, regions, found.get("skin"), found.get("brows"), points)
    return FaceColours(srgb) if thick is None else FaceColours(srgb, thick)


def _brow_thickness(
    linear: NDArray[np.float32],
    regions: FaceRegions,
    skin: NDArray[np.float32] | None,
    brows: NDArray[np.float32] | None,
    points: FloatArray,
) -> float | None:
    """The area of what is as dark as brows about where they are, over their length; None where brows are like skin."""
    if skin is None or brows is None or float(brows.sum()) > 0.8 * float(skin.sum()):
        return None
    size = len(linear)
    high = float(np.linalg.norm(points[FOREHEAD, :2] - points[CHIN, :2])) * size
    band = ndimage.binary_dilation(regions.brows, iterations=max(round(0.015 * high), 1)) & ~regions.eyes
    dark = linear.sum(axis=2) < 0.6 * float(brows.sum()) + 0.4 * float(skin.sum())
    long = sum(float(np.linalg.norm(points[a, :2] - points[b, :2])) * size for a, b in ((70, 107), (300, 336)))
    return float((band & dark).sum()) / max(long, 1.0) / high


def _percentile(colours: NDArray[np.float32], percent: float) -> NDArray[np.float32]:
    """The mean of the colours about a percentile of their brightness."""
    if len(colours) == 0:
        return np.full(3, 0.1, np.float32)
    bright = colours.sum(axis=1)
    low, high = np.percentile(bright, [max(percent - 12, 0), min(percent + 12, 100)])
    return colours[(bright >= low) & (bright <= high)].mean(axis=0)


def _iris(linear: NDArray[np.float32], points: FloatArray) -> NDArray[np.float32] | None:
    """What lies between pupil and border and is no shine; None for eyes that are too small or shut."""
    if len(points) < 478:
        return None
    size = len(linear)
    found: list[NDArray[np.float32]] = []
    for numbers, lids in ((RIGHT_IRIS, RIGHT_EYE), (LEFT_IRIS, LEFT_EYE)):
        middle, *border = points[list(numbers), :2] * size
        radius = float(np.mean([np.linalg.norm(each - middle) for each in border]))
        if radius < 3:
            continue
        rows, columns = np.mgrid[:size, :size]
        far = np.hypot(columns + 0.5 - middle[0], rows + 0.5 - middle[1]) / radius
        # Upper lids throw a shadow: the lower half tells the colour.
        ring = (far > IRIS_RING[0]) & (far < IRIS_RING[1]) & (rows > middle[1] - 0.1 * radius)
        found.append(linear[ring & polygon(points[list(lids), :2] * size, size)])
    pixels = np.concatenate(found) if found else np.zeros((0, 3), np.float32)
    return _percentile(pixels, 55) if len(pixels) >= LEAST // 2 else None


def brightened(srgb: tuple[float, float, float], factor: float) -> tuple[float, float, float]:
    """An sRGB colour with so many times the light."""
    return _srgb(srgb_to_linear(np.asarray(srgb, np.float32)) * factor)


def _srgb(linear: NDArray[np.floating]) -> tuple[float, float, float]:
    red, green, blue = (float(each) for each in linear_to_srgb(np.clip(np.asarray(linear, np.float32), 0, 1)))
    return red, green, blue
