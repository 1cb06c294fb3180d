# SPDX-License-Identifier: Apache-2.0
"""A motion of the face: weights of morph targets over time, as glTF animates them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ShapeMotion:
    """Keyframes common to all shapes, linear in between.

    ``times`` (T,) float32 seconds, strictly growing from 0 or later. ``weights`` maps names of shapes (``jawOpen``) to
    (T,) float32, 0 at rest and 1 in full; shapes that it does not name rest.

    Raises ``ValueError`` on construction for times that do not grow and for weights that do not fit or are not finite.
    """

    name: str
    times: NDArray[np.float32]
    weights: Mapping[str, NDArray[np.float32]]

    def __post_init__(self) -> None:
        count = len(self.times)
        if self.times.ndim != 1 or count == 0 or not bool(np.isfinite(self.times).all()):
            raise ValueError(f"face motion: times must be (T,) finite seconds, got shape {self.times.shape}")
        if float(self.times[0]) < 0 or (count > 1 and float(np.diff(self.times).min()) <= 0):
            raise ValueError("face motion: times must grow strictly, from 0 or later")
        for shape, track in self.weights.items():
            if track.shape != (count,) or not bool(np.isfinite(track).all()):
                raise ValueError(f"face motion: {shape} needs ({count},) finite weights, got {track.shape}")

    def at(self, seconds: float) -> dict[str, float]:
        """The weights of all its shapes at one time; before the first and after the last key those stay."""
        return {name: float(np.interp(seconds, self.times, track)) for name, track in self.weights.items()}
