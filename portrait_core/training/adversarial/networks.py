# SPDX-License-Identifier: Apache-2.0
"""The networks of a training: generator with its body, discriminator, pose source, averages of the first two."""

from __future__ import annotations

import copy
import dataclasses

import torch
from torch import Tensor, nn

from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS, BodyTemplate
from portrait_core.errors import UsageError
from portrait_core.models.portrait_gan.body import BodySizes, PublishedBody
from portrait_core.models.portrait_gan.generator import PortraitGenerator
from portrait_core.networks.discriminator import PortraitDiscriminator
from portrait_core.networks.initialise import initialise
from portrait_core.networks.pose_branch import PoseBranch
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.pose_ways import PoseSource
from portrait_core.training.adversarial.quick_trigrid import QuickGenerator
from portrait_core.weights.checkpoint import LoadedWeights

import numpy as np  # isort: skip

FROZEN = "aligned_SMPL"
"""Parameters with this in their names belong to the body and never learn."""


@dataclasses.dataclass
class Networks:
    """What learns (``generator``, ``discriminator``, ``poses``) and the running averages of it."""

    generator: PortraitGenerator
    discriminator: PortraitDiscriminator
    poses: PoseSource
    generator_average: PortraitGenerator
    discriminator_average: PortraitDiscriminator

    def named(self) -> dict[str, nn.Module]:
        """All of them by the names that files have for them."""
        return {
            "G": self.generator,
            "D": self.discriminator,
            "P": self.poses,
            "G_ema": self.generator_average,
            "D_ema": self.discriminator_average,
        }

    def learnt_by_generator(self, *, pose_branch: bool) -> list[nn.Parameter]:
        """Parameters that the generator's steps change."""
        own = [
            parameter
            for name, parameter in self.generator.named_parameters()
            if FROZEN not in name and (pose_branch or "pose_branch" not in name)
        ]
        return own + (list(self.poses.parameters()) if pose_branch else [])


def template_of(loaded: LoadedWeights) -> BodyTemplate:
    """The body template in a weights file with SMPL's joints, such as the starter's. Raises UsageError without one."""
    arrays = {name: tensor.numpy() for name, tensor in loaded.template().items()}
    if not arrays:
        raise UsageError(f"{loaded.path} holds no body template; name the starter, or a model made of it.")
    return BodyTemplate(
        SMPL_JOINT_NAMES,
        np.asarray(SMPL_PARENTS, np.int32),
        arrays["joints"].astype(np.float32),
        arrays["vertices"].astype(np.float32),
        arrays["faces"].astype(np.int32),
        arrays["weights"].astype(np.float32),
    )


def with_body(config: TrainingConfig, body: PublishedBody) -> TrainingConfig:
    """The configuration whose generator carries a body of these sizes."""
    generator = dataclasses.replace(config.generator, body=body.sizes)
    return dataclasses.replace(config, generator=generator)


def body_of(loaded: LoadedWeights, config: TrainingConfig) -> PublishedBody:
    """The body that a training bends: of a weights file of the published family, or made of a file's template."""
    prefix = "renderer."
    if f"{prefix}shaped_smpl" in loaded.tensors:
        own = {name[len(prefix) :]: each for name, each in loaded.tensors.items() if name.startswith(prefix)}
        body = PublishedBody(BodySizes.of_state(own))
        body.load_state_dict(own)
        return body
    return PublishedBody.of_template(template_of(loaded), box_warp=config.generator.rendering.box_warp)


def build_networks(config: TrainingConfig, body: PublishedBody) -> Networks:
    """Networks at the start of a training; the configuration's generator carries ``body`` (see :func:`with_body`)."""
    generator = QuickGenerator(config.generator, seed=_seed(config, 1))
    generator.renderer = body
    discriminator = PortraitDiscriminator(config.discriminator)
    initialise(discriminator, torch.Generator().manual_seed(_seed(config, 2)))
    poses = PoseSource(config.pose_way, config.generator.z_dim)
    initialise(poses, torch.Generator().manual_seed(_seed(config, 3)))
    assert generator.pose_branch is not None  # the configuration says so
    _shrink(generator.pose_branch, config.pose_init)
    _shrink(discriminator.pose_branch, config.pose_init)
    if poses.correction is not None:
        # A correction begins as none: whatever the scale of other branches, it starts from the coarse pose.
        _shrink(poses.correction.branch, min(config.pose_init, 0.01))
    for each in (generator, discriminator, poses):
        each.train().requires_grad_(False)
    averages = copy.deepcopy(generator).eval(), copy.deepcopy(discriminator).eval()
    return Networks(generator, discriminator, poses, *averages)


def _seed(config: TrainingConfig, which: int) -> int:
    return int(np.random.SeedSequence([config.seed, which]).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _shrink(branch: PoseBranch, factor: float) -> None:
    last: Tensor = branch.net[-1].weight  # pyright: ignore[reportAssignmentType] - every layer has one
    with torch.no_grad():
        last.mul_(factor)


@torch.no_grad()
def average(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move averaged parameters towards a network's; buffers (style average, noise, body) are copied."""
    for ours, theirs in zip(average.parameters(), network.parameters(), strict=True):
        ours.lerp_(theirs, 1 - decay)
    for ours, theirs in zip(average.buffers(), network.buffers(), strict=True):
        ours.copy_(theirs)
