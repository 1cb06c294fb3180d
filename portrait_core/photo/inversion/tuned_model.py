# SPDX-License-Identifier: Apache-2.0
"""A model file of a tuned generator: the model it comes from, one person moved; the recipe names it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from portrait_core.models.portrait_gan.generator import PortraitGenerator
from portrait_core.models.portrait_gan.importer import DISCRIMINATOR_PREFIX
from portrait_core.networks.discriminator import PortraitDiscriminator
from portrait_core.weights.checkpoint import save_model
from portrait_core.weights.header import ModelHeader


def save_tuned(
    path: Path,
    header: ModelHeader,
    network: PortraitGenerator,
    judge: PortraitDiscriminator | None,
    *,
    name: str,
    photograph: str,
    facts: Mapping[str, Any],
    overwrite: bool = False,
) -> ModelHeader:
    """Write ``network`` as a model ``name`` of the family of ``header``, whole or not at all; its header.

    ``photograph`` is the SHA-256 of what it was made for, ``facts`` are plain data on how. Raises as
    :func:`portrait_core.weights.checkpoint.save_model`.
    """
    tensors: dict[str, Tensor] = dict(network.state_dict())
    if judge is not None:
        tensors |= {DISCRIMINATOR_PREFIX + key: each for key, each in judge.state_dict().items()}
    own = header.training.model_dump(mode="json")
    of = {"name": header.name, "digest": header.digest, "photograph_sha256": photograph, **facts}
    changed = header.model_dump(mode="json") | {
        "name": name,
        "description": f"{header.name}, made from a photograph: tuned to one person",
        "training": {**own, "tuned": of},
        "digest": "",
    }
    return save_model(path, tensors, ModelHeader.model_validate(changed), overwrite=overwrite)
