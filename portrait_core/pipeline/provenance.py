# SPDX-License-Identifier: Apache-2.0
"""What a file says of where it comes from."""

from __future__ import annotations

from typing import Any

import portrait_core
from portrait_core.parts.likeness import Likeness
from portrait_core.recipe import Recipe
from portrait_core.weights.header import ModelHeader


def provenance(header: ModelHeader) -> dict[str, Any]:
    """What a file says of where it comes from: engine, model and digest, licences, training data; plain JSON data."""
    return {
        "engine": "portraitkit",
        "version": portrait_core.__version__,
        "model": {"name": header.name, "digest": header.digest, "licence": header.licence},
        "training": {"data": header.training.data, "data_licence": header.training.data_licence},
        "units": "metres",
    }


def from_photograph(recipe: Recipe) -> dict[str, Any]:
    """What is added where a photograph went into the recipe: that it did, and its SHA-256 (of several their number, and
    that of their digests); nothing where none did."""
    if not recipe.likeness:
        return {}
    likeness = Likeness.from_text(recipe.likeness)
    facts: dict[str, Any] = {"made": "made from a photograph", "sha256": likeness.source}
    facts["licence"] = "that of the photograph"
    if likeness.photographs > 1:
        facts |= {"made": f"made from {likeness.photographs} photographs", "photographs": likeness.photographs}
    return {"photograph": facts}
