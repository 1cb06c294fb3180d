# SPDX-License-Identifier: Apache-2.0
"""The published family: what its models can, known without loading one, and how one is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portrait_core.person import Capability
from portrait_core.weights.header import ModelHeader

if TYPE_CHECKING:
    import torch

    from portrait_core.models.portrait_gan.model import PublishedAvatarModel
    from portrait_core.weights.checkpoint import LoadedWeights

NAME = "portrait_gan"


def capabilities(header: ModelHeader) -> frozenset[Capability]:
    """What a model with this header offers; not every checkpoint holds every network."""
    found: set[Capability] = {"render", "picture_options", "pictures", "styles", "style_walks", "whole_field"}
    if header.config.get("superresolution", "") is not None:
        found.add("sharper_pictures")
    if header.config.get("pose_branch", True):
        found.add("drawn_pose")
    if header.discriminator:
        found.add("predict_pose")
    return frozenset(found)


def load(loaded: LoadedWeights, device: torch.device) -> PublishedAvatarModel:
    """The model of a weights file; raises :class:`portrait_core.errors.ModelFileError` when the two do not fit."""
    from portrait_core.models.portrait_gan.model import PublishedAvatarModel

    return PublishedAvatarModel(loaded, device)
