# SPDX-License-Identifier: Apache-2.0
"""A small model that is an actual bust, scaled and coloured by its latents: the chain is tested on it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.body.template import BodyTemplate
from portrait_core.recipe import Recipe
from portrait_core.shape import Surface, decimate, extract_surface
from portrait_core.weights.header import Attribute, Latent, ModelHeader, Training
from tests.analytic import BUST_BOUNDS, BUST_PARTS, AnalyticField, bust_template, gradient, union

HEADER = ModelHeader(
    name="balls",
    description="ellipsoids in the shape of a bust",
    licence="CC0-1.0",
    config={},
    latent=Latent(
        z_dim=4,
        attributes=(
            Attribute(name="size", description="larger or smaller", index=0),
            Attribute(name="paleness", index=1, low=-2, high=2),
        ),
    ),
    training=Training(data="none: analytic", data_licence="CC0-1.0"),
    digest="ab" * 32,
)


def scale_of(z: NDArray[np.float32], psi: float) -> float:
    """World metres per lattice unit of this identity."""
    return 1.0 + 0.05 * float(np.tanh(psi * z[0, 0]))


class AnalyticModel:
    """An AvatarModel whose field is known in closed form; ``calls`` counts the avatars asked for."""

    def __init__(self, header: ModelHeader = HEADER) -> None:
        self._header = header
        self.calls = 0

    @property
    def header(self) -> ModelHeader:
        return self._header

    def latent(self, recipe: Recipe) -> NDArray[np.float32]:
        return recipe.latent_vector(self._header)

    def field(self, z: NDArray[np.float32], psi: float) -> AnalyticField:
        self.calls += 1
        pale = 0.5 + 0.5 * float(np.tanh(psi * z[0, 1]))
        return AnalyticField(
            union(*BUST_PARTS),
            BUST_BOUNDS,
            lambda points: np.clip(gradient(points) * np.float32(0.4 + 0.6 * pale), 0, 1),
            scale_of(z, psi),
        )

    def template(self, z: NDArray[np.float32], psi: float) -> BodyTemplate:
        field = self.field(z, psi)
        surface = decimate(extract_surface(field, 64), 1500)
        return bust_template(Surface(field.place(surface.vertices), surface.faces))
