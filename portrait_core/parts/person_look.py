# SPDX-License-Identifier: Apache-2.0
"""What parts need to know of a person, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class PersonLook:
    """One person, whatever model it comes from.

    Attributes:
        coefficients: (K,) float64, of the template's controls.
        landmarks: places (3,) float64 in the un-posed person, metres: every SMPL joint, ``left_eye``, ``right_eye``
            (middles of the eyeballs) and ``left_eye_front``, ``right_eye_front`` (their foremost points).
        palette: sRGB colours (3,), 0 to 1: skin, lips, hair, clothing, stripes, iris.
        scalars: plain numbers by name, as the model's code has them.
        styles: weights of the hair styles, which sum to one.
        moves: (C, 3) metres that the template's controls are moved by further; None for not at all.
    """

    coefficients: NDArray[np.float64]
    landmarks: Mapping[str, NDArray[np.float64]]
    palette: Mapping[str, NDArray[np.float64]]
    scalars: Mapping[str, float]
    styles: Mapping[str, float]
    moves: NDArray[np.float64] | None = None
