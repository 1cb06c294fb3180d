# SPDX-License-Identifier: Apache-2.0
"""How each portrait of the world is taken: camera, pose, background, and the coarse pose that its label tells.

Cameras are drawn all around the person at the published distance and focal length; neck and head are turned a little.
Portrait ``i`` depends on the configuration's seeds and ``i`` alone, so a longer data set begins with a shorter one, and
no option changes what it does not name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.cameras import Camera
from portrait_core.world.dataset_files import DatasetConfig
from portrait_core.world.latent import Z_DIM

FloatArray = NDArray[np.float32]

PITCH_SPREAD = 0.15
"""Standard deviation of the camera's elevation, radians."""
POSE_SPREAD = np.array([0.12, 0.20, 0.08])
"""Standard deviations of nodding, turning and tilting, radians, of the neck and again of the head."""
CLIP = 2.5
"""Elevation and pose stay within this many standard deviations: beyond it skinning folds and nobody is photographed."""
GREY = 0.5
BIAS_DIRECTION = np.array([1.0, 0.5, 0.0, 0.5, -0.5, 0.5])
"""What ``coarse_bias`` is multiplied by: estimators nod too much above all, and divide turns and tilts between neck and
head in their own way."""


@dataclass(frozen=True)
class Shot:
    """How one portrait is taken: camera, ``pose`` (6,) float32 in radians, ``background`` (3,) sRGB in [0, 1].

    ``coarse`` (6,) is the pose that the label tells, None for the true one.
    """

    camera: Camera
    pose: FloatArray
    background: FloatArray
    coarse: FloatArray | None = None

    @property
    def label(self) -> FloatArray:
        """The 31 numbers."""
        return np.concatenate([self.camera.label, self.pose if self.coarse is None else self.coarse])


def draw_shot(config: DatasetConfig, index: int) -> Shot:
    """Camera, pose and background of portrait ``index``; that is view ``index % views`` of its person."""
    rng = np.random.default_rng([config.seed, index])
    yaw = rng.uniform(-np.pi, np.pi)
    elevation = np.clip(rng.normal(), -CLIP, CLIP)
    spread = np.clip(rng.normal(size=(2, 3)), -CLIP, CLIP)
    share = config.pose_camera_correlation
    if share:
        # A camera above is met by a raised head, one at the side by a turned one; both have mean 0 and deviation 1.
        followed = np.array([-elevation, np.sqrt(2) * np.sin(yaw)])
        spread[:, :2] = share * followed + np.sqrt(1 - share**2) * spread[:, :2]
    pose = spread * POSE_SPREAD
    # Drawn for every choice, so that the choice changes nothing else.
    # Muted, as walls are: a grey with a tint.
    random = rng.uniform(0.2, 0.9) + rng.uniform(-0.08, 0.08, 3)
    background = {"random": random, "grey": np.full(3, GREY), "white": np.ones(3)}[config.background]
    coarse = None
    if config.coarse:
        error = np.random.default_rng([config.seed, index, 1]).normal(size=6) * config.coarse_noise
        coarse = (pose.ravel() + error + config.coarse_bias * BIAS_DIRECTION).astype(np.float32)
    camera = Camera.orbit(yaw, PITCH_SPREAD * elevation)
    return Shot(camera, pose.ravel().astype(np.float32), background.astype(np.float32), coarse)


def draw_latent(config: DatasetConfig, person: int) -> NDArray[np.float64]:
    """Latent (66,) of a person: the same that the seed ``seed_start + person`` means everywhere else."""
    return np.random.RandomState(config.seed_start + person).randn(Z_DIM)
