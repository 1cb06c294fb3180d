# SPDX-License-Identifier: Apache-2.0
"""The way from where a camera sees a person to where a photograph has the same, all over the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from portrait_core.photo.crop import FloatArray

GRID = 96
"""Places of a side at which the way to the photograph is computed; between them it is straight."""


@dataclass(frozen=True, eq=False)
class Shifts:
    """``grid`` (G, G, 2): how far what is seen at the middles of G x G squares of the picture lies from there, in
    pictures' sides."""

    grid: NDArray[np.float32]

    @classmethod
    def of(cls, correction: Callable[[FloatArray], FloatArray]) -> Shifts:
        """Of what tells shifts (N, 2) at places (N, 2), 0 to 1."""
        step = (np.arange(GRID) + 0.5) / GRID
        places = np.stack(np.meshgrid(step, step), axis=-1).reshape(-1, 2)
        return cls(correction(places).reshape(GRID, GRID, 2).astype(np.float32))

    def shifted(self, places: FloatArray) -> FloatArray:
        """Places (N, 2) where the photograph has them."""
        return places + np.stack([sampled(self.grid[:, :, k], places) for k in range(2)], axis=1)


def sampled(image: NDArray[np.floating], at: FloatArray) -> NDArray[np.float32]:
    """(N,): an image (S, S) at places (N, 2), 0 to 1 across and down, bilinear."""
    size = len(image)
    return ndimage.map_coordinates(image, [at[:, 1] * size - 0.5, at[:, 0] * size - 0.5], order=1, mode="nearest")
