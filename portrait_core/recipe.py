# SPDX-License-Identifier: Apache-2.0
"""The recipe: all that determines an avatar, validated once, immutable, the same object for command line and files."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Self, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.errors import UsageError, remedy, suggestion
from portrait_core.recipe_fields import FIELDS, PERSON, FrozenDict, RecipeField, RecipeFields
from portrait_core.weights.header import ModelHeader

MAX_SEED = 2**32 - 1
WEIGHTS = (-1.0, 2.0)
"""How far a shape of the face may be pulled: beyond 0 and 1 it is another face, and beyond these none."""


class Recipe(RecipeFields, BaseModel):
    """What to make: the fields of :class:`portrait_core.recipe_fields.RecipeFields`, listed in docs/recipe.md.

    Every mistake in it raises :class:`portrait_core.errors.UsageError` with one plain sentence. At most one of
    ``seed``, ``latent`` (z_dim finite numbers), ``w`` (w_dim) and ``ws`` (rows of w_dim) says who it is; without all
    of them, seed 0. Fields that a recipe of an older version lacks have their defaults. Dictionaries are frozen like
    everything else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    @model_validator(mode="wrap")
    @classmethod
    def _plain_errors(cls, data: Any, handler: ModelWrapValidatorHandler[Recipe]) -> Recipe:
        try:
            recipe = handler(data)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part)[:60] for part in first["loc"]) or "recipe"
            given = f", got {repr(first['input'])[:80]}" if not isinstance(first["input"], dict | Recipe) else ""
            raise UsageError(f"recipe: {place}: {first['msg'].lower()}{given}.") from None
        said = [name for name in PERSON if getattr(recipe, name) is not None]
        if len(said) > 1:
            raise UsageError(f"recipe: give a {said[0]} or a {said[1]}, not both: each says who it is.")
        recipe._check_levels()
        return recipe

    @field_validator("*")
    @classmethod
    def _check_row(cls, value: Any, info: ValidationInfo) -> Any:
        """What the row of the table says of the value; dictionaries are frozen."""
        row = FIELDS[info.field_name or ""]
        if row.kind in ("vector", "rows"):
            _check_finite(row.name, value or ())
        elif row.kind in ("count", "number") and value is not None:
            _check_range(row, value)
        elif row.kind == "words":
            return _ordered(row, () if value is None else value)
        return _frozen(value)

    @field_validator("model")
    @classmethod
    def _check_model(cls, model: str) -> str:
        if not model.strip():
            raise UsageError("recipe: the model's name is empty.", remedy=remedy("choose_model"))
        return model

    @field_validator("attributes")
    @classmethod
    def _check_attributes(cls, attributes: Mapping[str, float]) -> Mapping[str, float]:
        for name, value in attributes.items():
            if not math.isfinite(value):
                raise UsageError(f"attribute {name} is {value}; it must be a finite number of standard deviations.")
        return attributes

    @field_validator("pose")
    @classmethod
    def _check_pose(cls, pose: Mapping[str, tuple[float, float, float]]) -> Mapping[str, tuple[float, float, float]]:
        for joint, rotation in pose.items():
            if joint not in SMPL_JOINT_NAMES:
                hint = suggestion(joint, SMPL_JOINT_NAMES, what="known joints")
                raise UsageError(f"unknown joint {joint[:60]!r} in the pose. {hint}")
            if not all(math.isfinite(angle) for angle in rotation):
                raise UsageError(f"the pose of {joint} is {rotation}; it must be three finite angles.")
        return pose

    @field_validator("expression")
    @classmethod
    def _check_expression(cls, expression: Mapping[str, float]) -> Mapping[str, float]:
        low, high = WEIGHTS
        for name, weight in expression.items():
            if not low <= weight <= high:
                raise UsageError(f"expression: {name[:40]} is {weight:g}; weights go from {low:g} to {high:g}.")
        return expression

    @field_validator("ws")
    @classmethod
    def _check_rows(cls, ws: tuple[tuple[float, ...], ...] | None) -> tuple[tuple[float, ...], ...] | None:
        if ws is not None and (not ws or len({len(row) for row in ws}) > 1):
            raise UsageError(f"ws: {len(ws)} rows; expected one or more, all with as many numbers.")
        return ws

    def _check_levels(self) -> None:
        above, least = self.faces, FIELDS["lods"].low or 0
        for faces in self.lods:
            if not least <= faces < above:
                raise UsageError(
                    f"levels of detail {', '.join(map(str, self.lods))}: {faces} must be from {least:g} to "
                    f"{above - 1}; each level has fewer faces than the one before, the first fewer than {self.faces}."
                )
            above = faces

    def check(self, header: ModelHeader) -> None:
        """Check what only the model can know: its attributes, their ranges and space, the length of what says who,
        whether it has parts."""
        known = header.latent
        if self.topology == "parts" and not header.parts:
            raise UsageError(
                f"model {header.name} has no parts template, so that its avatars are one surface each.",
                remedy=remedy("set_field", field="topology", value="shell"),
            )
        self._check_face(header)
        self._check_lengths(header)
        for field, room in (("hair_style", "hair"), ("garment", "garments")):
            self._check_worn(field, header.parts.get(room), header)
        for name, value in self.attributes.items():
            attribute = known.find(name)
            if attribute is None:
                hint = (
                    suggestion(name, (each.name for each in known.attributes), what="known attributes")
                    if known.attributes
                    else "This model has no named attributes."
                )
                raise UsageError(f"unknown attribute {name[:60]!r} of model {header.name}. {hint}")
            if not attribute.low <= value <= attribute.high:
                raise UsageError(
                    f"attribute {name} is {value:g}; model {header.name} takes {attribute.low:g} to {attribute.high:g}."
                )

    def _check_face(self, header: ModelHeader) -> None:
        """What moves the face is there, where it is asked for."""
        asked = "an expression" if self.expression else "a face that moves" if self.face != "none" else ""
        if asked and self.topology != "parts":
            raise UsageError(
                f"{asked} is for avatars of parts, and this one is a shell.",
                remedy=remedy("set_field", field="topology", value="parts") if header.parts else None,
            )
        if asked and not header.has_face:
            raise UsageError(f"{asked} is asked for, and model {header.name} has no shapes of the face.")

    def _check_worn(self, field: str, there: object, header: ModelHeader) -> None:
        """What is worn is one of those that the header names, where it does."""
        name: str = getattr(self, field)
        if self.topology == "parts" and name != "auto" and isinstance(there, list):
            known = ["auto", *(str(each) for each in cast("list[object]", there))]
            if name not in known:
                hint = suggestion(name, known, what=f"names of model {header.name}")
                raise UsageError(f"{field.replace('_', ' ')} {name[:60]!r} is not known. {hint}")

    def _check_lengths(self, header: ModelHeader) -> None:
        """The numbers that say who it is fit the model; how many rows of ws it takes, only its networks know."""
        width = header.w_dim
        for name, row, wanted in (
            ("latent", self.latent, header.latent.z_dim),
            ("w", self.w, width),
            *(("ws", row, width) for row in self.ws or ()),
        ):
            if row is not None and wanted is not None and len(row) != wanted:
                raise UsageError(f"{name}: {len(row)} numbers; model {header.name} takes {wanted}.")
        space = self._style_space()
        for name in self.attributes if space else ():
            attribute = header.latent.find(name)
            if attribute is not None and attribute.space != space:
                raise UsageError(
                    f"attribute {name} is set in {attribute.space}, and this recipe gives {space}, which nothing leads "
                    "back from. Leave the attribute away, or say who it is by a seed or a latent."
                )

    def _style_space(self) -> str:
        return "w" if self.w is not None else "ws" if self.ws is not None else ""

    def latent_vector(self, header: ModelHeader) -> NDArray[np.float32]:
        """The latent z (1, z_dim) of this recipe: the seed's numbers or the given ones, with the attributes set.

        The seed means ``numpy.random.RandomState(seed).randn(1, z_dim)``, as in the published scripts. An attribute
        with an index replaces that number; one with a direction moves z along it until its part along the unit
        direction is the value asked for. Raises as :meth:`check`, and :class:`UsageError` for a recipe that gives w or
        ws: nothing leads from them back to z.
        """
        self.check(header)
        if space := self._style_space():
            raise UsageError(f"this needs a latent z; the recipe gives {space}, which nothing leads back from.")
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

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other values, which are not checked; dictionaries among them are frozen."""
        return super().model_copy(update={key: _frozen(each) for key, each in (update or {}).items()}, deep=deep)

    def facts(self) -> dict[str, Any]:
        """The recipe as plain JSON data; ``Recipe(**facts)`` is the same recipe."""
        facts = self.model_dump(mode="json", exclude_none=True)
        return {name: value for name, value in facts.items() if not _unsaid(FIELDS[name], getattr(self, name))}

    def label(self) -> str:
        """Who it is, short enough for a file name: the seed, or the first digits of the numbers' digest."""
        for letter, numbers in (("z", self.latent), ("w", self.w), ("ws", self.ws)):
            if numbers is not None:
                return letter + hashlib.sha256(json.dumps(numbers).encode()).hexdigest()[:8]
        return str(self.seed or 0)


def _ordered(row: RecipeField, words: tuple[str, ...]) -> tuple[str, ...]:
    """The words in the table's order, each once; all of them are as many as none."""
    for word in words:
        if word not in row.choices:
            raise UsageError(f"{row.name}: {word[:40]!r} is none. {suggestion(word, row.choices, what='names')}")
    chosen = tuple(name for name in row.choices if name in words)
    return () if len(chosen) == len(row.choices) else chosen


def topology_of_new(header: ModelHeader) -> Literal["shell", "parts"]:
    """The topology of new recipes: parts where the model has them. A recipe that is there and says nothing is older
    than the choice, and means a shell."""
    return "parts" if header.parts else "shell"


def say_new(facts: dict[str, Any], header: ModelHeader) -> None:
    """Say in the facts of a new recipe what models decide where nobody did: the topology, and a face that moves by
    shapes and joints where the avatar is of parts and the model has them."""
    facts.setdefault("topology", topology_of_new(header))
    if facts["topology"] == "parts" and header.has_face:
        facts.setdefault("face", "both")


def _frozen(value: Any) -> Any:
    return FrozenDict(cast("Mapping[str, Any]", value)) if isinstance(value, Mapping) else value


def _check_range(row: RecipeField, value: float) -> None:
    """Refuse what is out of the row's range, NaN as well."""
    if row.low is None or row.high is None or row.low <= value <= row.high:
        return
    if row.name == "seed":
        raise UsageError(f"seed {value} is out of range; seeds go from {row.low} to {row.high}.")
    if isinstance(value, int):  # which may be larger than what can be shown
        value = max(-1e300, min(value, 1e300))
    name = row.name.replace("_", " ")
    raise UsageError(f"{name} {value:g} is out of range; it goes from {row.low:g} to {row.high:g}.")


def _check_finite(name: str, numbers: Iterable[Any]) -> None:
    for place, number in enumerate(numbers):
        if isinstance(number, tuple):
            _check_finite(f"{name}: row {place}", cast("tuple[float, ...]", number))
        elif not math.isfinite(number):
            raise UsageError(f"{name}: number {place} is {number}; every number must be finite.")


def _unsaid(row: RecipeField, value: Any) -> bool:
    """Whether files leave the field out: files of recipes from before the field have to stay what they are."""
    return row.later and value == row.default
