# SPDX-License-Identifier: Apache-2.0
"""A weights file by name or path as the avatar model of its family."""

from __future__ import annotations

import torch

from portrait_core.models.portrait_gan.config import GeneratorConfig
from portrait_core.models.portrait_gan.model import PublishedAvatarModel
from portrait_core.models.starter.model import CanonicalAvatarModel
from portrait_core.runtime.devices import choose_device
from portrait_core.weights.checkpoint import load_model
from portrait_core.weights.registry import find_model


def load_avatar_model(
    name_or_path: str, device: str | torch.device = "auto"
) -> CanonicalAvatarModel | PublishedAvatarModel:
    """The model of this name or path, ready on ``device``: one like the starter, or an imported official one.

    Raises:
        UsageError: no model of that name.
        ModelFileError: the file is damaged or does not fit its own header.
    """
    loaded = load_model(find_model(name_or_path))
    chosen = choose_device(str(device))
    if GeneratorConfig.from_dict(loaded.header.config).canonical is None:
        return PublishedAvatarModel(loaded, chosen)
    return CanonicalAvatarModel(loaded, chosen)
