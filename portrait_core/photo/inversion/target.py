# SPDX-License-Identifier: Apache-2.0
"""What an inversion is to come to: the aligned picture of somebody, their mask, the camera and the pose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from portrait_core.body.poses import body_pose
from portrait_core.cameras import Camera
from portrait_core.photo.estimate import PortraitEstimate, aligned_picture
from portrait_core.photo.person_mask import cut_mask
from portrait_core.photo.reading import Photograph


@dataclass(frozen=True, eq=False)
class Target:
    """A portrait: ``image`` [1, 3, S, S] in [-1, 1] and ``mask`` [1, 1, S, S] in [0, 1], 1 where the person is; the
    ``camera`` that took it and the body's ``pose`` (6,), neck and head, axis-angle in radians; None for a body at
    rest."""

    image: Tensor
    mask: Tensor
    camera: Camera
    pose: NDArray[np.float32] | None

    @classmethod
    def of(
        cls,
        picture: NDArray[np.uint8],
        mask: NDArray[np.floating],
        camera: Camera,
        pose: NDArray[np.float32] | None = None,
    ) -> Target:
        """Of an aligned picture (S, S, 3) uint8 sRGB and a mask (M, M) of 0 to 1, which is brought to its size."""
        image = torch.tensor(picture.astype(np.float32)).permute(2, 0, 1)[None] / 127.5 - 1
        cover = torch.tensor(np.asarray(mask, np.float32))[None, None]
        if cover.shape[-1] != image.shape[-1]:
            cover = functional.interpolate(cover, image.shape[2:], mode="bilinear", antialias=True)
        return cls(image, cover.clamp(0, 1), camera, pose)

    def to(self, device: torch.device) -> Target:
        """The same on a device."""
        return Target(self.image.to(device), self.mask.to(device), self.camera, self.pose)

    @property
    def label(self) -> Tensor:
        """The camera as the networks take it, [1, 25]."""
        return torch.as_tensor(self.camera.label)[None].to(self.image)

    @property
    def six(self) -> Tensor | None:
        """The pose as the networks take it, [1, 6]."""
        return None if self.pose is None else torch.tensor(self.pose)[None].to(self.image)


def target_of(photograph: Photograph, estimate: PortraitEstimate, size: int) -> Target:
    """Who was found in a photograph, as a model that makes pictures of ``size`` pixels would show them."""
    picture = aligned_picture(photograph.pixels, estimate.square, size)
    mask = cut_mask(estimate.mask, estimate.masked, estimate.square, size)
    return Target.of(picture, mask, estimate.view.camera, body_pose(estimate.view.pose))
