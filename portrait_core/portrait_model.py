# SPDX-License-Identifier: Apache-2.0
"""What the pipeline asks of a model."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from portrait_core.body.template import BodyTemplate
from portrait_core.cameras import Camera
from portrait_core.field import Field
from portrait_core.recipe import Recipe
from portrait_core.weights.header import ModelHeader


class AvatarModel(Protocol):
    """A latent, the field of one identity, and the body template carried to it."""

    @property
    def header(self) -> ModelHeader:
        """What the model is: its name, licence, latent space and digest."""
        ...

    def latent(self, recipe: Recipe) -> NDArray[np.float32]:
        """z (1, z_dim) of a recipe; raises :class:`UsageError` for what the model does not know."""
        ...

    def field(self, z: NDArray[np.float32], psi: float) -> Field:
        """The bust of z (1, z_dim) at truncation ``psi``, as a function of space."""
        ...

    def template(self, z: NDArray[np.float32], psi: float) -> BodyTemplate:
        """The model's body template in the un-posed world of this identity, with all its joints."""
        ...


@runtime_checkable
class RenderingModel(AvatarModel, Protocol):
    """A model that can also make pictures of its own."""

    @property
    def sharper_pictures(self) -> bool:
        """Whether its pictures hold more detail than its field, as those of a super-resolution head do."""
        ...

    def render(
        self,
        z: NDArray[np.float32],
        psi: float,
        camera: Camera,
        pose: dict[str, tuple[float, float, float]],
        size: int,
    ) -> dict[str, NDArray[Any]]:
        """``image`` (size, size, 3) uint8 sRGB, ``depth`` (size, size) float32 metres along the ray, ``mask``."""
        ...
