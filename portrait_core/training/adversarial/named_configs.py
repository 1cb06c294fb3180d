# SPDX-License-Identifier: Apache-2.0
"""The configurations that have names: the published stages, and small ones for the portrait world on a processor."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from portrait_core.models.portrait_gan.config import GeneratorConfig
from portrait_core.networks.discriminator import DiscriminatorConfig
from portrait_core.rendering.renderer import RenderSettings
from portrait_core.training.adversarial.config import TrainingConfig

_FULL = TrainingConfig(
    name="full-head",
    precision="fp16",
    generator=GeneratorConfig(neural_resolution=64),
)
"""The first published stage: poses are learnt, pictures are rendered at 64 pixels."""

_FULL_2 = dataclasses.replace(_FULL, name="full-head-2", kimg=16000, resume_kimg=6000, train_g_pose_branch=False)
"""The second: the generator's pose branch is frozen."""

_FULL_3 = dataclasses.replace(
    _FULL,
    name="full-head-3",
    kimg=14000,
    resume_kimg=10000,
    train_g_pose_branch=False,
    neural_rendering_resolution_final=128,
)
"""The third: the rendered picture grows to 128 pixels."""


def _world(size: int, **sizes: int) -> GeneratorConfig:
    """A generator without super-resolution. Near and far are those of the world's busts."""
    return GeneratorConfig(
        z_dim=sizes["latent"],
        w_dim=sizes["latent"],
        plane_resolution=sizes["planes"],
        plane_features=sizes["features"],
        triplane_depth=3,
        channel_base=sizes["base"],
        channel_max=sizes["most"],
        decoder_hidden=32,
        features=sizes["colours"],
        img_resolution=size,
        neural_resolution=size,
        superresolution=None,
        background_resolution=16,
        rendering=RenderSettings(
            ray_start=2.32,
            ray_end=3.08,
            depth_resolution=sizes["coarse"],
            depth_resolution_importance=sizes["fine"],
        ),
    )


def _judge(size: int, base: int, most: int) -> DiscriminatorConfig:
    return DiscriminatorConfig(img_resolution=size, channel_base=base, channel_max=most, mapping_layers=2)


_TINY = TrainingConfig(
    name="tiny",
    kimg=60,
    batch=4,
    ema_kimg=1,
    gamma=0.3,
    gamma_seg=0.3,
    reuse_fakes=True,
    pose_loss_weight=3,
    pose_way="coarse-residual",
    pose_init=0.05,
    # Held for good: where it faded, corrections drifted away from the coarse poses and heads out of shape.
    pose_prior=1,
    pose_prior_kimg=1_000_000,
    pose_replay=8,
    gpc_reg_fade_kimg=5,
    blur_init_sigma=16,
    blur_fade_kimg=3,
    density_noise=0.5,
    density_noise_fade_kimg=3,
    neural_rendering_resolution_initial=32,
    neural_rendering_resolution_final=32,
    warp="lattice",
    lattice_nodes=12,
    kimg_per_tick=0.2,
    snap=5,
    image_snap=5,
    generator=_world(32, latent=64, planes=64, features=6, base=1024, most=64, colours=8, coarse=12, fine=8),
    discriminator=_judge(32, 1024, 64),
)
"""32 pixels: some ten images a second on one core. For first tries, for tests and for teaching."""

_WORLD_64 = dataclasses.replace(
    _TINY,
    name="world-64",
    kimg=100,
    neural_rendering_resolution_initial=32,
    neural_rendering_resolution_final=64,
    neural_rendering_resolution_fade_kimg=20,
    lattice_nodes=16,
    generator=_world(64, latent=64, planes=64, features=6, base=1024, most=64, colours=8, coarse=12, fine=8),
    discriminator=_judge(64, 1024, 64),
)
"""64 pixels: faces, hair and clothing can be told. Its networks are those of `tiny`: a run of 32 may go on as one
of 64; alone it begins with pictures of 32."""


NAMED: Mapping[str, TrainingConfig] = MappingProxyType(
    {each.name: each for each in (_FULL, _FULL_2, _FULL_3, _WORLD_64, _TINY)}
)
"""Every configuration that has a name."""
