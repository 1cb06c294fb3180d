# SPDX-License-Identifier: Apache-2.0
"""Random initial weights from a passed generator.

Every layer with own parameters has ``reset_parameters(generator)``; constructors call it with None
(torch's default
generator) so that a layer is usable as soon as it exists, and `initialise` repeats it for a whole network
in a fixed order, so that one seed gives one network.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn


@runtime_checkable
class Resettable(Protocol):
    """A module that can draw its own parameters again."""

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw the module's own parameters (not those of sub-modules) from ``generator``."""
        ...


def fill_normal(tensor: Tensor, std: float, generator: torch.Generator | None) -> None:
    """Overwrite ``tensor`` with N(0, std^2) numbers of ``generator`` (None: torch's default one).

    On the meta device, where shapes are checked, nothing is done: there are no numbers, and to draw them imports all of
    torch's compiler, half of the time that a small model takes to load.
    """
    if tensor.is_meta:
        return
    with torch.no_grad():
        tensor.normal_(0.0, std, generator=generator)


def initialise(module: nn.Module, generator: torch.Generator) -> None:
    """Draw all parameters below ``module`` from ``generator``, in the order of ``module.modules()``."""
    for part in module.modules():
        if isinstance(part, Resettable):
            part.reset_parameters(generator)
