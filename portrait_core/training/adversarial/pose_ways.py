# SPDX-License-Identifier: Apache-2.0
"""Where the generator's poses come from while it trains, and what ties them to the data set's coarse ones.

``published``: the pose branch predicts from latent and camera; the square of its distance to the drawn label's coarse
pose is a loss that fades away. Where poses do not depend on cameras that loss is smallest for a constant, the coarse
poses' mean; so self-learning starts only where the two are correlated, as in photographs.

``coarse-residual``: the coarse pose of the drawn label, corrected by a small network that sees latent, camera and
coarse pose. Generated poses have all the variety of the data from the first step on, and whatever pose a generated
picture has is exactly known; the discriminator learns from those. The pose branch, which users sample from, is taught
by the corrected poses.

``distribution``: the pose branch predicts, and its poses as a whole (mean and covariance of poses and camera angles)
are tied to those of the coarse poses, instead of each to one.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from portrait_core.models.portrait_gan.generator import PortraitGenerator
from portrait_core.networks.pose_branch import (
    CAMERA_SIZE,
    POSE_SIZE,
    PoseBranch,
    camera_is_left,
    mirror_camera,
    mirror_pose,
)
from portrait_core.training.adversarial.config import PoseWay
from portrait_core.training.losses import squared_pose_error

CROWD = 256
"""Latents and labels of which `distribution` compares mean and covariance; they cost next to nothing."""


class PoseCorrection(nn.Module):
    """What is added to a coarse pose, from latent, camera and that pose; mirrored cameras get mirrored corrections."""

    def __init__(self, z_dim: int) -> None:
        super().__init__()
        self.branch = PoseBranch(z_dim + POSE_SIZE + CAMERA_SIZE, (128, 32))

    def forward(self, z: Tensor, c: Tensor, coarse: Tensor) -> Tensor:
        """Corrections ``[B, 6]``, radians."""
        left = camera_is_left(c)[:, None]
        camera, pose = torch.where(left, mirror_camera(c), c), torch.where(left, mirror_pose(coarse), coarse)
        found = self.branch(torch.cat([z, pose], dim=1), camera)
        return torch.where(left, mirror_pose(found), found)


class PoseSource(nn.Module):
    """Poses of generated pictures, and the loss of the generator's that ties them to the coarse ones."""

    def __init__(self, way: PoseWay, z_dim: int) -> None:
        super().__init__()
        self.way: PoseWay = way
        self.correction = PoseCorrection(z_dim) if way == "coarse-residual" else None

    def poses(self, generator: PortraitGenerator, z: Tensor, c: Tensor, coarse: Tensor) -> Tensor:
        """Poses ``[B, 6]`` in radians of latents ``z``, cameras ``c`` and the coarse poses of their labels."""
        if self.correction is None:
            return generator.predict_pose(z, c)
        return coarse + self.correction(z, c, coarse)

    def prior(
        self,
        generator: PortraitGenerator,
        z: Tensor,
        c: Tensor,
        coarse: Tensor,
        poses: Tensor,
        *,
        crowd: tuple[Tensor, Tensor, Tensor],
    ) -> tuple[Tensor, Tensor]:
        """What ties poses to coarse ones, and what teaches the pose branch; each a number.

        The first is to be weighted by the fading prior's weight, the second by 1.

        Args:
            generator: whose pose branch it is.
            z, c, coarse: latents, cameras and coarse poses of a batch. poses: what :meth:`poses` gave for them.
            crowd: the same three of `CROWD` other draws.
        """
        none = poses.new_zeros(())
        if self.way == "published":
            return squared_pose_error(poses, coarse).mean(), none
        if self.way == "coarse-residual":
            taught = squared_pose_error(generator.predict_pose(z, c), poses.detach()).mean()
            return squared_pose_error(poses, coarse).mean(), taught
        many_z, many_c, many_coarse = crowd
        return moment_distance(generator.predict_pose(many_z, many_c), many_coarse, many_c), none


def moment_distance(poses: Tensor, coarse: Tensor, c: Tensor) -> Tensor:
    """How far mean and covariance of ``poses`` ``[N, 6]`` are from those of ``coarse``, both seen by cameras ``c``.

    Each set is joined by the cameras' x and height (in units of their distance), so that poses that follow the camera
    are to follow it as far. Covariances are compared in units of the coarse poses' deviations.
    """
    centre = c[:, [3, 7, 11]]
    angles = functional.normalize(centre, dim=1)[:, :2]
    scale = coarse.std(dim=0).clamp_min(1e-3)

    def moments(six: Tensor) -> tuple[Tensor, Tensor]:
        joined = torch.cat([six / scale, angles], dim=1)
        off = joined - joined.mean(dim=0)
        return six.mean(dim=0) / scale, (off.T @ off / len(off))[:, :POSE_SIZE]

    mean, spread = moments(poses)
    wanted_mean, wanted_spread = moments(coarse)
    return (mean - wanted_mean).square().sum() + (spread - wanted_spread).square().sum()
