# SPDX-License-Identifier: Apache-2.0
"""The colours of an eye: the template's picture of an eyeball in the eye's layout, with the person's iris.

What the picture has of its iris is how light its fibres are; their colour is the person's. Lids shade the white: more
the upper ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from portrait_core.parts.eyes import IRIS, eye_directions

PUPIL = 0.135
"""Angle where the pupil ends, radians: four millimetres across."""
PICTURE_IRIS = 0.428
PICTURE_PUPIL = 0.122
"""Radii of iris and pupil in the picture, as shares of half its side."""
PICTURE_END = 0.97
"""Where the picture ends; what lies farther back has the colours there."""
FIBRE_CONTRAST = 1.15
WHITE = 0.80
"""sRGB of the white beside the iris, before lids shade it."""
UPPER, LOWER = (0.10, 0.48), (0.16, 0.50)
"""Heights above and below the line of sight, in radii, between which the lids' shade grows."""
UPPER_SHADE, LOWER_SHADE, SIDE_SHADE = 0.42, 0.22, 0.18
"""Light that is lost under each, and towards the corners."""
PUPIL_COLOUR = 0.015
RIM = 0.45
"""Light that is lost at the iris' border."""


def eye_colours(picture: NDArray[np.uint8], iris: NDArray[np.floating], size: int) -> NDArray[np.float64]:
    """sRGB (size, size, 3), 0 to 1, of an eye's texture.

    Args:
        picture: (P, P, 3) an eyeball from the front, the line of sight in its middle.
        iris: (3,) sRGB.
        size: texels along the texture, whose layout is :func:`portrait_core.parts.eyes.eye_uv`.
    """
    centre = (np.arange(size) + 0.5) / size
    u, v = np.meshgrid(centre, centre[::-1])
    directions = eye_directions(np.stack([u, v], axis=-1).reshape(-1, 2))
    angle, turn = np.arccos(np.clip(directions[:, 2], -1, 1)), np.arctan2(directions[:, 1], directions[:, 0])
    found = _sampled(picture, _radius(angle), turn)

    light = found.mean(axis=1)
    mean = _iris_mean(picture)
    fibre = 0.5 * np.sin(turn * 61 + 3 * np.sin(turn * 7)) + 0.5 * np.sin(turn * 97 + 2 + 2 * np.sin(turn * 5))
    detail = (light / mean - 1) * FIBRE_CONTRAST + 0.07 * fibre + 1
    detail *= 1 - RIM * _smooth(angle, IRIS - 0.07, IRIS)
    coloured = np.asarray(iris, np.float64) * np.clip(detail, 0.15, 1.9)[:, None]
    shade = 1 - UPPER_SHADE * _smooth(directions[:, 1], *UPPER)
    shade = shade * (1 - LOWER_SHADE * _smooth(-directions[:, 1], *LOWER))
    shade = shade * (1 - SIDE_SHADE * _smooth(np.abs(directions[:, 0]), 0.45, 0.85))
    white = found * (WHITE / _white_mean(picture))
    colour = white + (coloured - white) * (1 - _smooth(angle, IRIS - 0.025, IRIS + 0.02))[:, None]
    # The cornea's own shade falls on iris and white alike, half as much on the iris, which lies deeper.
    colour = colour * (1 - (1 - shade) * np.where(angle < IRIS, 0.6, 1.0))[:, None]
    pupil = 1 - _smooth(angle, PUPIL - 0.012, PUPIL + 0.014)
    colour = colour + (PUPIL_COLOUR - colour) * pupil[:, None]
    return np.clip(colour, 0, 1).reshape(size, size, 3)


def _radius(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where in the picture an angle from the line of sight lies, as a share of half its side."""
    inner = PICTURE_PUPIL + (angle - PUPIL) / (IRIS - PUPIL) * (PICTURE_IRIS - PICTURE_PUPIL)
    outer = PICTURE_IRIS * np.sin(np.minimum(angle, np.pi / 2)) / np.sin(IRIS)
    return np.clip(np.where(angle < IRIS, inner, outer), 0, PICTURE_END)


def _sampled(picture: NDArray[np.uint8], radius: NDArray[np.float64], turn: NDArray[np.float64]) -> NDArray[np.float64]:
    half = len(picture) / 2
    rows = half - radius * half * np.sin(turn) - 0.5
    columns = half + radius * half * np.cos(turn) - 0.5
    values = picture.astype(np.float64) / 255
    channels = [ndimage.map_coordinates(values[..., k], [rows, columns], order=3, mode="nearest") for k in range(3)]
    return np.stack(channels, 1)


def _ring(picture: NDArray[np.uint8], low: float, high: float) -> float:
    half = len(picture) / 2
    y, x = np.mgrid[: len(picture), : len(picture)] + 0.5 - half
    reach = np.hypot(x, y) / half
    return float(picture[(reach > low) & (reach < high)].mean()) / 255


def _iris_mean(picture: NDArray[np.uint8]) -> float:
    return _ring(picture, PICTURE_PUPIL + 0.05, PICTURE_IRIS - 0.07)


def _white_mean(picture: NDArray[np.uint8]) -> float:
    return _ring(picture, PICTURE_IRIS + 0.05, PICTURE_IRIS + 0.25)


def _smooth(x: NDArray[np.floating], low: float, high: float) -> NDArray[np.floating]:
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)
