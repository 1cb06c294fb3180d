# SPDX-License-Identifier: Apache-2.0
"""Where a face's features sit: the network of landmarks that reads photographs, looked through with gradients."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from portrait_core.networks.discriminator import Portraits
from portrait_core.photo.crop import Square, around_points
from portrait_core.photo.face_landmarks import LEFT_EYE_OUTER, MARGIN, RIGHT_EYE_OUTER, read_face, tilt
from portrait_core.photo.inversion.target import Target
from portrait_core.photo.networks.store import load_network
from portrait_core.photo.reading import PhotographError

NETWORK = "face_mesh"
LOOK = 256
"""Pixels that small pictures are brought to before a face is looked for."""
SCALE = 10.0
"""So much the mean distance of landmarks counts, in sides of the face's square: a hundredth is as bad as a tenth of the
colours' squared differences."""


class LandmarkComparison:
    """The mean distance of landmarks within the square about the wanted picture's face.

    The square stays where it is, so that a face that is elsewhere in the picture is told to move.
    """

    def __init__(self, target: Target) -> None:
        """Raises :class:`PhotographError` where no face is seen in the target, and
        :class:`portrait_core.errors.ModelFileError` where the networks are not set up."""
        self.network = load_network(NETWORK)
        size = max(target.image.shape[-1], LOOK)
        shown = functional.interpolate(target.image.cpu(), (size, size), mode="bicubic", antialias=True)
        picture = ((shown[0].clamp(-1, 1) + 1) * 127.5).permute(1, 2, 0).round().to(torch.uint8).numpy()
        found = read_face(picture, NETWORK)
        if found is None:
            raise PhotographError(
                "no face", "no face is read in the aligned picture, so there are no landmarks to compare by."
            )
        points = found.points[:, :2] / size
        self.grid = _grid(
            around_points(points, tilt(points[RIGHT_EYE_OUTER], points[LEFT_EYE_OUTER]), MARGIN),
            self.network.input_shape[0],
        )
        with torch.no_grad():
            self.wanted = self.landmarks(target.image)

    def landmarks(self, image: Tensor) -> Tensor:
        """(468, 2): the landmarks of ``image`` [1, 3, S, S] in [-1, 1], 0 to 1 across the square."""
        within = functional.grid_sample((image.cpu() + 1) / 2, self.grid, padding_mode="border", align_corners=False)
        outputs = self.network(within.permute(0, 2, 3, 1))
        return outputs[0].reshape(-1, 3)[:, :2] / self.network.input_shape[0]

    def __call__(self, seen: Portraits) -> Tensor:
        """See `portrait_core.photo.inversion.comparison.Comparison`."""
        apart = (self.landmarks(seen.image) - self.wanted).square().sum(dim=1)
        return (SCALE * ((apart + 1e-8).sqrt() - 1e-4).mean()).to(seen.image.device)


def _grid(square: Square, size: int) -> Tensor:
    """Where the pixels [1, size, size, 2] of a square lie in a picture of side 1, as `grid_sample` counts."""
    steps = (np.arange(size) + 0.5) / size
    places = np.stack(np.meshgrid(steps, steps), axis=2).reshape(-1, 2)
    wanted = square.to_picture(places) * 2 - 1
    return torch.tensor(wanted.astype(np.float32)).reshape(1, size, size, 2)
