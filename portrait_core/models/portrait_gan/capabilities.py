# SPDX-License-Identifier: Apache-2.0
"""What models of the published family can, by their header alone."""

from __future__ import annotations

from portrait_core.person import Capability
from portrait_core.weights.header import ModelHeader

NAME = "portrait_gan"
"""The family's name in the headers of its models."""


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
