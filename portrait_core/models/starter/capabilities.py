# SPDX-License-Identifier: Apache-2.0
"""What models of the starter's family can, known from their header alone."""

from __future__ import annotations

from portrait_core.person import Capability
from portrait_core.weights.header import ModelHeader

NAME = "starter"


def capabilities(header: ModelHeader) -> frozenset[Capability]:
    """What a model with this header offers."""
    return frozenset[Capability]({"render", "styles"})
