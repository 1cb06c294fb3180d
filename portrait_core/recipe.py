# SPDX-License-Identifier: Apache-2.0
"""The recipe: all that determines an avatar, validated once, immutable, the same object for command line and files."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    field_validator,
    model_validator,
)

from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.errors import UsageError, remedy, suggestion
from portrait_core.weights.header import ModelHeader

MAX_SEED = 2**32 - 1
PSI_RANGE = (-2.0, 2.0)
FACES_RANGE = (500, 200_000)
TEXTURE_RANGE = (64, 8192)
LATTICE_RANGE = (64, 768)
LEAST_LEVEL = 300
"""Triangles of the coarsest level of detail that is still a head."""

LodMaps = Literal["own", "shared"]
Texture = Literal["field", "views", "auto"]
Skeleton = Literal["bust", "smpl24"]
BoneNaming = Literal["smpl", "mixamo", "unity", "unreal", "vrm"]


class Recipe(BaseModel):
    """What to make. Every mistake in it raises :class:`portrait_core.errors.UsageError` with one plain sentence.

    Exactly one of ``seed`` and ``latent`` (z_dim finite numbers) says who it is; without both, seed 0. ``psi``
    moves the latent towards the mean avatar (0) or away from it (above 1). ``attributes`` are set in standard
    deviations over whatever the seed gives. ``pose`` holds axis-angle rotations in radians by SMPL joint name.
    ``faces`` is the number of triangles, ``lods`` those of coarser levels of detail, falling, each with its own maps or
    sharing those of the finest (``lod_maps``). ``closed`` puts a flat cap on the shoulder cut. ``texture_size`` is the
    edge of the maps in pixels, ``texture`` where their colours come from; ``normal_map`` and ``occlusion`` ask for
    those maps. ``lattice`` is the number of cells along the longest edge of the box that the surface is extracted in.
    ``skeleton`` and ``bone_naming`` say which joints the rig has and what they are called in the file.

    Fields that a recipe of an older version lacks have their defaults.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = "starter"
    seed: int | None = None
    latent: tuple[float, ...] | None = None
    psi: float = 1.0
    attributes: dict[str, float] = {}
    pose: dict[str, tuple[float, float, float]] = {}
    faces: int = 20_000
    lods: tuple[int, ...] = ()
    lod_maps: LodMaps = "own"
    closed: bool = True
    texture_size: int = 1024
    texture: Texture = "auto"
    normal_map: bool = True
    occlusion: bool = False
    lattice: int = 256
    skeleton: Skeleton = "bust"
    bone_naming: BoneNaming = "smpl"

    @model_validator(mode="wrap")
    @classmethod
    def _plain_errors(cls, data: Any, handler: ModelWrapValidatorHandler[Recipe]) -> Recipe:
        try:
            recipe = handler(data)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "recipe"
            given = f", got {first['input']!r}" if not isinstance(first["input"], dict | Recipe) else ""
            raise UsageError(f"recipe: {place}: {first['msg'].lower()}{given}.") from None
        if recipe.seed is not None and recipe.latent is not None:
            raise UsageError("recipe: give a seed or a latent, not both.")
        recipe._check_levels()
        return recipe

    @field_validator("model")
    @classmethod
    def _check_model(cls, model: str) -> str:
        if not model.strip():
            raise UsageError("recipe: the model's name is empty.", remedy=remedy("list_models"))
        return model

    @field_validator("seed")
    @classmethod
    def _check_seed(cls, seed: int | None) -> int | None:
        if seed is not None and not 0 <= seed <= MAX_SEED:
            raise UsageError(f"seed {seed} is out of range; seeds go from 0 to {MAX_SEED}.")
        return seed

    @field_validator("latent")
    @classmethod
    def _check_latent(cls, latent: tuple[float, ...] | None) -> tuple[float, ...] | None:
        for place, number in enumerate(latent or ()):
            if not math.isfinite(number):
                raise UsageError(f"latent: number {place} is {number}; every number must be finite.")
        return latent

    @field_validator("psi")
    @classmethod
    def _check_psi(cls, psi: float) -> float:
        return _within("psi", psi, PSI_RANGE)

    @field_validator("attributes")
    @classmethod
    def _check_attributes(cls, attributes: dict[str, float]) -> dict[str, float]:
        for name, value in attributes.items():
            if not math.isfinite(value):
                raise UsageError(f"attribute {name} is {value}; it must be a finite number of standard deviations.")
        return attributes

    @field_validator("pose")
    @classmethod
    def _check_pose(cls, pose: dict[str, tuple[float, float, float]]) -> dict[str, tuple[float, float, float]]:
        for joint, rotation in pose.items():
            if joint not in SMPL_JOINT_NAMES:
                hint = suggestion(joint, SMPL_JOINT_NAMES, what="known joints")
                raise UsageError(f"unknown joint {joint!r} in the pose. {hint}")
            if not all(math.isfinite(angle) for angle in rotation):
                raise UsageError(f"the pose of {joint} is {rotation}; it must be three finite angles.")
        return pose

    @field_validator("faces")
    @classmethod
    def _check_faces(cls, faces: int) -> int:
        return int(_within("faces", faces, FACES_RANGE))

    def _check_levels(self) -> None:
        above = self.faces
        for faces in self.lods:
            if not LEAST_LEVEL <= faces < above:
                raise UsageError(
                    f"levels of detail {', '.join(map(str, self.lods))}: {faces} must be from {LEAST_LEVEL} to "
                    f"{above - 1}; each level has fewer faces than the one before, the first fewer than {self.faces}."
                )
            above = faces

    @field_validator("texture_size")
    @classmethod
    def _check_texture(cls, size: int) -> int:
        return int(_within("texture size", size, TEXTURE_RANGE))

    @field_validator("lattice")
    @classmethod
    def _check_lattice(cls, lattice: int) -> int:
        return int(_within("lattice", lattice, LATTICE_RANGE))

    def check(self, header: ModelHeader) -> None:
        """Check what only the model can know: its attributes and their ranges, and the length of its latents."""
        known = header.latent
        if self.latent is not None and len(self.latent) != known.z_dim:
            raise UsageError(f"latent: {len(self.latent)} numbers; model {header.name} takes {known.z_dim}.")
        for name, value in self.attributes.items():
            attribute = known.find(name)
            if attribute is None:
                hint = (
                    suggestion(name, (each.name for each in known.attributes), what="known attributes")
                    if known.attributes
                    else "This model has no named attributes."
                )
                raise UsageError(f"unknown attribute {name!r} of model {header.name}. {hint}")
            if not attribute.low <= value <= attribute.high:
                raise UsageError(
                    f"attribute {name} is {value:g}; model {header.name} takes {attribute.low:g} to {attribute.high:g}."
                )

    def latent_vector(self, header: ModelHeader) -> NDArray[np.float32]:
        """The latent z (1, z_dim) of this recipe: the seed's numbers or the given ones, with the attributes set.

        The seed means ``numpy.random.RandomState(seed).randn(1, z_dim)``, as in the published scripts. An attribute
        with an index replaces that number; one with a direction moves z along it until its part along the unit
        direction is the value asked for. Raises as :meth:`check`.
        """
        self.check(header)
        if self.latent is not None:
            z = np.array([self.latent], np.float64)
        else:
            z = np.random.RandomState(self.seed or 0).randn(1, header.latent.z_dim)
        for name, value in self.attributes.items():
            attribute = header.latent.find(name)
            assert attribute is not None  # checked above
            if attribute.index is not None:
                z[0, attribute.index] = value
            else:
                direction = np.asarray(attribute.direction, np.float64)
                direction /= np.linalg.norm(direction)
                z[0] += (value - z[0] @ direction) * direction
        return z.astype(np.float32)

    def facts(self) -> dict[str, Any]:
        """The recipe as plain JSON data; ``Recipe(**facts)`` is the same recipe."""
        return self.model_dump(mode="json", exclude_none=True)

    def label(self) -> str:
        """Who it is, short enough for a file name: the seed, or the first digits of the latent's digest."""
        if self.latent is None:
            return str(self.seed or 0)
        return "z" + hashlib.sha256(json.dumps(self.latent).encode()).hexdigest()[:8]


def _within(name: str, value: float, limits: tuple[float, float]) -> float:
    # written so that NaN fails as well
    if not limits[0] <= value <= limits[1]:
        if isinstance(value, int):  # which may be larger than what can be shown
            value = max(-1e300, min(value, 1e300))
        raise UsageError(f"{name} {value:g} is out of range; it goes from {limits[0]:g} to {limits[1]:g}.")
    return value
