# SPDX-License-Identifier: Apache-2.0
"""Prediction of the body pose with mirror symmetry (docs/published/generator.md 11, docs/published/discriminator.md 4).

A pose is six numbers: axis-angle of the neck, then of the head, in radians. A camera label is 25 numbers:
camera-to-world matrix, then intrinsics, both row by row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from portrait_core.networks.fully_connected import FullyConnectedLayer

POSE_SIZE = 6
CAMERA_SIZE = 25
MIRRORED_CAMERA_INDICES: tuple[int, ...] = (1, 2, 3, 4, 8)
MIRRORED_POSE_INDICES: tuple[int, ...] = (1, 2, 4, 5)


def mirror_camera(c: Tensor) -> Tensor:
    """Labels ``[B, 25]`` of the cameras mirrored left to right."""
    return c * _signs(c, MIRRORED_CAMERA_INDICES)


def mirror_pose(pose: Tensor) -> Tensor:
    """Poses ``[B, 6]`` mirrored left to right."""
    return pose * _signs(pose, MIRRORED_POSE_INDICES)


def camera_angle(c: Tensor) -> Tensor:
    """``atan2(z, x)`` of the camera centre, in float32: pi/2 in front, 0 at the subject's left (``[B,
    25]`` -> ``[B]``)."""
    c = c.to(torch.float32)
    return torch.atan2(c[:, 11], c[:, 3])


def camera_is_left(c: Tensor) -> Tensor:
    """Whether the camera centre has x >= 0, as the published networks decide it: ``[B]`` bool.

    The angle and its limit are float32 numbers, so a frontal camera, whose x is 0 or some 1e-7, counts as left.
    """
    theta = camera_angle(c)
    quarter = torch.tensor(math.pi / 2, dtype=torch.float32, device=c.device)
    return (theta >= -quarter) & (theta <= quarter)


def _signs(like: Tensor, negative: Sequence[int]) -> Tensor:
    signs = torch.ones(like.shape[1], dtype=like.dtype, device=like.device)
    signs[list(negative)] = -1
    return signs


class PoseBranch(nn.Module):
    """Fully-connected layers of the given widths: leaky ReLU, the last one linear, six numbers out."""

    def __init__(self, in_features: int, hidden: Sequence[int]) -> None:
        super().__init__()
        widths = [in_features, *hidden, POSE_SIZE]
        self.net = nn.Sequential(
            *(
                FullyConnectedLayer(widths[i], widths[i + 1], activation="lrelu" if i + 2 < len(widths) else "linear")
                for i in range(len(widths) - 1)
            )
        )

    def forward(self, features: Tensor, c: Tensor) -> Tensor:
        """``features[B, n]`` and labels ``c[B, 25]`` to poses ``[B, 6]``, no mirroring."""
        return self.net(torch.cat([features, c.to(features.dtype)], dim=1))


class GeneratorPoseBranch(PoseBranch):
    """Pose from latent and camera, so that mirrored cameras get mirrored poses.

    Args:
        z_dim: length of the latent.
        symmetric: whether cameras on the left are evaluated as their mirror images.
    """

    def __init__(self, z_dim: int, *, symmetric: bool = True) -> None:
        super().__init__(z_dim + CAMERA_SIZE, (128, 32))
        self.symmetric = symmetric

    def predict(self, z: Tensor, c: Tensor) -> Tensor:
        """Poses ``[B, 6]`` of latents ``z[B, z_dim]`` (as drawn, not normalised) seen by cameras ``c[B, 25]``."""
        if not self.symmetric:
            return self(z, c)
        left = camera_is_left(c)[:, None]
        pose = self(z, torch.where(left, mirror_camera(c), c))
        return torch.where(left, mirror_pose(pose), pose)
