# SPDX-License-Identifier: Apache-2.0
"""What models of the starter's family can, by their header alone."""

from __future__ import annotations

from portrait_core.person import Capability
from portrait_core.weights.header import ModelHeader

NAME = "starter"
"""The family's name in the headers of its models."""


def capabilities(header: ModelHeader) -> frozenset[Capability]:
    """What a model with this header offers."""
    offered: tuple[Capability, ...] = ("render", "styles", "parts") if header.parts else ("render", "styles")
    return frozenset(offered)
