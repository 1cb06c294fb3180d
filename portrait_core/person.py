# SPDX-License-Identifier: Apache-2.0
"""A person of a model, and what a person is made of: z, w or ws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from portrait_core.body.template import BodyTemplate
from portrait_core.cameras import Camera
from portrait_core.errors import UsageError
from portrait_core.field import Field, MaterialField
from portrait_core.recipe import Recipe
from portrait_core.weights.header import ModelHeader

if TYPE_CHECKING:
    from torch import Tensor

    from portrait_core.parts.kept_rows import KeptRows
    from portrait_core.parts.person_look import PersonLook
    from portrait_core.parts.template import PartsTemplate

Pose = Mapping[str, tuple[float, float, float]]
"""Axis-angle rotations in radians by SMPL joint name, relative to the parent."""

Capability = Literal[
    "render",
    "sharper_pictures",
    "picture_options",
    "pictures",
    "styles",
    "style_walks",
    "whole_field",
    "drawn_pose",
    "predict_pose",
    "parts",
]
"""What a model or its persons offer beyond a field and a template; see :mod:`portrait_core.portrait_model`."""


class Person(Protocol):
    """One person of a model. What belongs to it is made when it is first asked for, and kept as long as the person is.

    Further members by capability: :class:`StyledPerson`, :class:`PicturedPerson`, :class:`WholePerson`,
    :class:`PosingPerson`, :class:`PersonOfParts`.
    """

    @property
    def header(self) -> ModelHeader:
        """The model that this is a person of."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Those of the model."""
        ...

    @property
    def field(self) -> Field:
        """The un-posed bust as a function of space."""
        ...

    @property
    def template(self) -> BodyTemplate:
        """The model's body template in this person's un-posed world, with all its joints."""
        ...

    @property
    def joints(self) -> NDArray[np.float32]:
        """(24, 3) world metres, SMPL's in its order: those of :attr:`template`, whose surface may cost much more."""
        ...

    def render(self, camera: Camera, pose: Pose, size: int) -> dict[str, NDArray[Any]]:
        """A picture by the model itself: ``image`` (size, size, 3) uint8 sRGB, ``depth`` (size, size) float32 metres
        along the ray, infinite where nothing is, ``mask`` (size, size) coverage, 0 to 1.

        Raises :class:`UsageError` for a pose of joints that the model does not move, and of a model without the
        capability ``render``.
        """
        ...


class StyledPerson(Person, Protocol):
    """With the capability ``styles``."""

    @property
    def styles(self) -> NDArray[np.float32]:
        """Style rows (num_ws, w_dim), truncated as the recipe asks."""
        ...


class PicturedPerson(Person, Protocol):
    """With the capability ``pictures``."""

    def pictures(self, camera: Camera, pose: Pose) -> dict[str, Tensor]:
        """What the networks give: ``image``, ``image_raw``, ``image_depth``, ``image_mask``, each [1, C, S, S]."""
        ...

    def optioned(self, facts: Mapping[str, Any]) -> PicturedPerson:
        """The same person, with what was made of it, whose pictures are made as ``facts`` say."""
        ...


class WholePerson(Person, Protocol):
    """With the capability ``whole_field``."""

    @property
    def whole_field(self) -> Field:
        """:attr:`Person.field` down to the bottom of the model's box, without a cut."""
        ...


class HairField(MaterialField, Protocol):
    """A field of hair alone, that knows the skin beneath; its ``place`` has an inverse."""

    def beneath(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Depth below the skin (N,) of lattice ``points`` (N, 3), metres, negative outside the body."""
        ...

    def unplace(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Un-posed world ``points`` (N, 3), metres, in lattice space."""
        ...


class PersonOfParts(Person, Protocol):
    """With the capability ``parts``."""

    @property
    def hair_field(self) -> HairField:
        """The hair of the person's whole bust."""
        ...

    @property
    def parts_template(self) -> PartsTemplate:
        """What the parts of the model's persons have in common."""
        ...

    @property
    def look(self) -> PersonLook:
        """What makes this person's parts its own."""
        ...

    def skin_materials(
        self,
        points: NDArray[np.float32],
        inside: NDArray[np.float32],
        kept: KeptRows | None = None,
        numbers: NDArray[np.int64] | None = None,
        *,
        glance: bool = False,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Linear RGB (N, 3) and glTF roughness (N,) of bare skin at canonical ``points`` (N, 3), metres; the columns of
        ``inside`` (N, 2) are :data:`portrait_core.parts.skin_places.INSIDE`. What is the same at a place for all
        persons of the model is kept in ``kept``, under the ``numbers`` (N,) of the places. At a ``glance`` colours may
        be off by as little as nobody sees in a small picture, where that is quicker."""
        ...

    @property
    def kept_width(self) -> int:
        """How many numbers a row of ``kept`` has."""
        ...


class PosingPerson(Person, Protocol):
    """With the capability ``drawn_pose``."""

    def drawn_pose(self, camera: Camera) -> NDArray[np.float64]:
        """The six numbers of neck and head, radians, that the model gives to this person seen by ``camera``."""
        ...


@dataclass(frozen=True, eq=False)
class Origin:
    """What a person is made of: either ``z`` (1, z_dim) or ``styles`` (1, num_ws, w_dim), float32, and ``psi``, which
    truncates either as the model's mapping does: ``w_avg + psi (w - w_avg)``."""

    z: NDArray[np.float32] | None
    styles: NDArray[np.float32] | None
    psi: float = 1.0


def origin_of(recipe: Recipe, header: ModelHeader, *, w_dim: int, num_ws: int) -> Origin:
    """Who ``recipe`` says it is, checked against a model with ``num_ws`` style rows of ``w_dim`` numbers.

    Raises :class:`UsageError` for numbers of another length, and as :meth:`Recipe.check`.
    """
    recipe.check(header)
    if recipe.w is None and recipe.ws is None:
        return Origin(recipe.latent_vector(header), None, recipe.psi)
    rows = [recipe.w] * num_ws if recipe.w is not None else list(recipe.ws or ())
    if len(rows) != num_ws:
        raise UsageError(f"ws: {len(rows)} rows; model {header.name} takes {num_ws} of {w_dim} numbers.")
    for number, row in enumerate(rows):
        if len(row) != w_dim:
            name = "w" if recipe.w is not None else f"ws, row {number}"
            raise UsageError(f"{name}: {len(row)} numbers; model {header.name} takes {w_dim}.")
    return Origin(None, np.asarray([rows], np.float32), recipe.psi)


def who(recipe: Recipe) -> tuple[object, ...]:
    """What makes the person in a recipe: two recipes of one model that agree in this have the same person."""
    plain = recipe.seed or 0 if recipe.latent is None and recipe.w is None and recipe.ws is None else None
    return plain, recipe.latent, recipe.w, recipe.ws, recipe.psi, tuple(sorted(recipe.attributes.items()))
