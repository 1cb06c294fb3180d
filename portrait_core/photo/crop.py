# SPDX-License-Identifier: Apache-2.0
"""Turned squares of pictures: what networks look at, and the way back from their places to the picture's.

Places are pixels with the origin at the picture's upper left corner, x to the right and y down, so that the middle of
the first pixel is (0.5, 0.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image

FloatArray = NDArray[np.float64]
Picture = NDArray[np.uint8]
"""(H, W, 3), sRGB."""


@dataclass(frozen=True)
class Square:
    """A square in a picture: its middle (x, y) and side in pixels, turned clockwise by ``angle`` (radians) as seen."""

    middle: tuple[float, float]
    side: float
    angle: float = 0.0

    @property
    def axes(self) -> FloatArray:
        """(2, 2): what one step to the right and one down in the square are in the picture, as columns, for a square
        of side one."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return np.array([[cos, -sin], [sin, cos]]) * self.side

    def to_picture(self, places: NDArray[np.floating[Any]]) -> FloatArray:
        """Places (N, 2) in the square, 0 to 1 from its upper left, as pixels (N, 2) of the picture."""
        return (places.astype(np.float64) - 0.5) @ self.axes.T + np.asarray(self.middle)

    def to_square(self, places: NDArray[np.floating[Any]]) -> FloatArray:
        """Places (N, 2) or (2,) of the picture, in pixels, as they lie in the square: the reverse of
        :meth:`to_picture`."""
        return (places - np.asarray(self.middle)) @ self.axes / self.side**2 + 0.5


def around(picture: Picture) -> Square:
    """The smallest upright square that holds a picture."""
    height, width = picture.shape[:2]
    return Square((width / 2, height / 2), float(max(height, width)))


def around_points(points: FloatArray, angle: float, share: float) -> Square:
    """The square at ``angle`` about points (N, 2), ``share`` times as large as the smallest one."""
    turned = Square((0.0, 0.0), 1.0, angle).axes
    own = points @ turned
    low, high = own.min(axis=0), own.max(axis=0)
    middle = turned @ ((low + high) / 2)
    return Square((float(middle[0]), float(middle[1])), float((high - low).max()) * share, angle)


def cut(picture: Picture, square: Square, size: int, *, beyond: str = "edge") -> NDArray[np.float32]:
    """(``size``, ``size``, 3) of 0 to 255: what the square shows, bilinear between pixels.

    Beyond the picture its ``edge`` goes on, or there is ``black``. A picture that has to shrink by 2 or more is first
    averaged over whole pixels, so that nothing falls between the samples.
    """
    factor = max(int(square.side / size), 1)
    # `reduce` averages blocks of pixels; those at the end may be smaller, places stay where they are.
    small = np.asarray(Image.fromarray(picture).reduce(factor), np.float32)
    height, width = small.shape[:2]
    steps = (np.arange(size) + 0.5) / size
    if square.angle == 0:  # columns and rows of the picture: a row and a column of places tell all
        places = np.stack([steps, steps], axis=1)
    else:
        places = np.stack(np.meshgrid(steps, steps), axis=2).reshape(-1, 2)
    wanted = square.to_picture(places) / factor
    # grid_sample counts from -1 at the picture's left border to 1 at its right one.
    at = (wanted / [width, height] * 2 - 1).astype(np.float32)
    if square.angle == 0:
        at = np.stack(np.meshgrid(at[:, 0], at[:, 1]), axis=2)
    grid = torch.tensor(at).reshape(1, size, size, 2)
    values = torch.tensor(small).permute(2, 0, 1)[None]
    border = "border" if beyond == "edge" else "zeros"
    return F.grid_sample(values, grid, "bilinear", border, align_corners=False)[0].permute(1, 2, 0).numpy()
