# SPDX-License-Identifier: Apache-2.0
"""A weights file by name or path as the model of its family.

A family is a folder and a row of ``FAMILIES``: the module that the row names has ``capabilities(header)``, which reads
nothing but the header, and ``load(loaded, device)``, which makes the model.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, cast

from portrait_core.errors import ModelFileError
from portrait_core.person import Capability
from portrait_core.portrait_model import PortraitModel
from portrait_core.weights.header import ModelHeader
from portrait_core.weights.registry import find_model

if TYPE_CHECKING:
    import torch

    from portrait_core.weights.checkpoint import LoadedWeights

FAMILIES = {
    "starter": "portrait_core.models.starter.family",
    "portrait_gan": "portrait_core.models.portrait_gan.family",
}


class Family(Protocol):
    """What the module of a family has."""

    def capabilities(self, header: ModelHeader) -> frozenset[Capability]:
        """What a model with this header offers; no networks are loaded for it."""
        ...

    def load(self, loaded: LoadedWeights, device: torch.device) -> PortraitModel:
        """The model of a weights file; raises :class:`ModelFileError` when the two do not fit."""
        ...


def family_name(header: ModelHeader) -> str:
    """The family of a model: what its header names, or what the architecture in a header of version 1 is of."""
    if header.family:
        return header.family
    return "portrait_gan" if header.config.get("canonical") is None else "starter"


def family_of(header: ModelHeader) -> Family:
    """The family of a model; raises :class:`ModelFileError` for one that this Portraitkit does not know."""
    name = family_name(header)
    if name not in FAMILIES:
        raise ModelFileError(
            f"model {header.name} is of the family {name!r}, which this Portraitkit does not know; it knows "
            f"{', '.join(FAMILIES)}. Update Portraitkit, or use a model of one of these."
        )
    return cast("Family", importlib.import_module(FAMILIES[name]))


def capabilities_of(header: ModelHeader) -> frozenset[Capability]:
    """What a model offers, by its header alone; raises as :func:`family_of`."""
    return family_of(header).capabilities(header)


def topology_of_new(header: ModelHeader) -> Literal["shell", "parts"]:
    """The topology of new recipes: parts where the model has them. A recipe that is there and says nothing is older
    than the choice, and means a shell."""
    return "parts" if "parts" in capabilities_of(header) else "shell"


def load_model(name_or_path: str | Path, device: str | torch.device = "auto") -> PortraitModel:
    """The model of this name or path, ready on ``device`` (auto, cpu, cuda or mps).

    Raises:
        UsageError: no model of that name.
        ModelFileError: the file is damaged, does not fit its own header, or is of a family that is not known.
    """
    from portrait_core.runtime.devices import choose_device
    from portrait_core.weights.checkpoint import load_weights

    loaded = load_weights(find_model(name_or_path))
    return family_of(loaded.header).load(loaded, choose_device(str(device)))
