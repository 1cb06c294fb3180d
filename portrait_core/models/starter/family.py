# SPDX-License-Identifier: Apache-2.0
"""The starter's family: what its models can, known without loading one, and how one is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portrait_core.models.starter.capabilities import NAME, capabilities

if TYPE_CHECKING:
    import torch

    from portrait_core.models.starter.model import CanonicalAvatarModel
    from portrait_core.weights.checkpoint import LoadedWeights

__all__ = ["NAME", "capabilities", "load"]


def load(loaded: LoadedWeights, device: torch.device) -> CanonicalAvatarModel:
    """The model of a weights file; raises :class:`portrait_core.errors.ModelFileError` when the two do not fit."""
    from portrait_core.models.starter.model import CanonicalAvatarModel

    return CanonicalAvatarModel(loaded, device)
