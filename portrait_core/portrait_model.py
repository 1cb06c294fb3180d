# SPDX-License-Identifier: Apache-2.0
"""What the engine asks of a model. What else a family offers it says by the names of its capabilities:

==================== =========================================================================================
``render``           persons make pictures of their own (:meth:`Person.render`)
``sharper_pictures`` these hold more detail than the field, as those of a super-resolution head do
``picture_options``  how they are made can be set: :class:`PictureModel`
``pictures``         what the networks give as it is: :class:`PicturedPerson`; the pictures are what the model is for
``styles``           persons tell their style rows and are made of such: :class:`StyledPerson`, :class:`StyleModel`
``style_walks``      walks between persons lead through style rows, and not through latents
``whole_field``      persons have a field without a cut: :class:`WholePerson`
``drawn_pose``       persons have a pose of their own: :class:`PosingPerson`
``predict_pose``     body poses are read from pictures: :class:`PoseReader`
==================== =========================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from portrait_core.cameras import Camera
from portrait_core.person import Capability, Person, StyledPerson
from portrait_core.recipe import Recipe
from portrait_core.weights.header import ModelHeader

if TYPE_CHECKING:
    from torch import Tensor


class PortraitModel(Protocol):
    """A model: what it is, what it can, and its people."""

    @property
    def header(self) -> ModelHeader:
        """Its name, family, licence, latent space and digest."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it offers beyond what every model does."""
        ...

    def person(self, recipe: Recipe) -> Person:
        """The person that ``recipe`` says; nothing is made before it is asked for.

        Raises :class:`UsageError` for a recipe that the model cannot make: unknown attributes, a latent, w or ws of
        another length, attributes beside w or ws.
        """
        ...


class PictureModel(PortraitModel, Protocol):
    """With the capability ``picture_options``."""

    def set_picture_options(self, facts: Mapping[str, Any]) -> None:
        """How persons asked for from now on make their pictures; what is not named has its default."""
        ...


class StyleModel(PortraitModel, Protocol):
    """With the capability ``styles``."""

    def person_of_styles(self, styles: NDArray[np.float32]) -> StyledPerson:
        """The person of style rows (num_ws, w_dim), as they are."""
        ...


class PoseReader(PortraitModel, Protocol):
    """With the capability ``predict_pose``."""

    @property
    def picture_size(self) -> int:
        """Side of its pictures, pixels."""
        ...

    def predict_pose(self, image: Tensor, mask: Tensor, camera: Camera) -> NDArray[np.float64]:
        """The six numbers of neck and head, radians, read from a picture ``image`` [1, 3, S, S] in [-1, 1] with
        ``mask`` [1, 1, M, M], 1 where the person is, taken by ``camera``."""
        ...
