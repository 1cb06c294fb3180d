# SPDX-License-Identifier: Apache-2.0
"""A small model that is an actual bust, scaled and coloured by its latents: the chain is tested on it."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.body.template import BodyTemplate
from portrait_core.cameras import Camera
from portrait_core.errors import UsageError
from portrait_core.person import Capability, Pose
from portrait_core.recipe import Recipe
from portrait_core.shape import Surface, decimate, extract_surface
from portrait_core.weights.checkpoint import LoadedWeights
from portrait_core.weights.header import Attribute, Latent, ModelHeader, Training
from tests.analytic import BUST_BOUNDS, BUST_PARTS, AnalyticField, bust_template, gradient, union

HEADER = ModelHeader(
    family="analytic",
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


@functools.cache
def _shell() -> Surface:
    """The bust's surface before a person's scale: the same for everybody."""
    return decimate(extract_surface(AnalyticField(union(*BUST_PARTS), BUST_BOUNDS), 64), 1500)


class AnalyticPerson:
    """A person whose field is known in closed form; what it has its model says."""

    def __init__(self, model: AnalyticModel, recipe: Recipe) -> None:
        self.header, self.capabilities = model.header, model.capabilities
        self.z, self.psi = recipe.latent_vector(model.header), recipe.psi
        self._model = model

    @property
    def scale(self) -> float:
        """World metres per lattice unit."""
        return 1.0 + 0.05 * float(np.tanh(self.psi * self.z[0, 0]))

    @property
    def field(self) -> AnalyticField:
        return self._model.field_of(self)

    @property
    def template(self) -> BodyTemplate:
        return self._model.template_of(self)

    @property
    def joints(self) -> NDArray[np.float32]:
        return self.template.joints

    def render(self, camera: Camera, pose: Pose, size: int) -> dict[str, NDArray[Any]]:
        return self._model.picture_of(self, camera, pose, size)


class AnalyticModel:
    """A model of closed forms, without capabilities; ``calls`` counts the fields asked for."""

    capabilities = frozenset[Capability]()

    def __init__(self, header: ModelHeader = HEADER) -> None:
        self._header = header
        self.calls = 0

    @property
    def header(self) -> ModelHeader:
        return self._header

    def person(self, recipe: Recipe) -> AnalyticPerson:
        return AnalyticPerson(self, recipe)

    def field_of(self, person: AnalyticPerson) -> AnalyticField:
        self.calls += 1
        pale = 0.5 + 0.5 * float(np.tanh(person.psi * person.z[0, 1]))
        return AnalyticField(
            union(*BUST_PARTS),
            BUST_BOUNDS,
            lambda points: np.clip(gradient(points) * np.float32(0.4 + 0.6 * pale), 0, 1),
            person.scale,
        )

    def template_of(self, person: AnalyticPerson) -> BodyTemplate:
        surface = _shell()
        return bust_template(Surface(person.field.place(surface.vertices), surface.faces))

    def picture_of(self, person: AnalyticPerson, camera: Camera, pose: Pose, size: int) -> dict[str, NDArray[Any]]:
        raise UsageError(f"model {self.header.name} makes no pictures.")


def capabilities(header: ModelHeader) -> frozenset[Capability]:
    """This file as the module of a family: see ``portrait_core.models.load.FAMILIES``."""
    return AnalyticModel.capabilities


def load(loaded: LoadedWeights, device: object) -> AnalyticModel:
    """The model of a file that holds nothing but the header."""
    return AnalyticModel(loaded.header)
