# SPDX-License-Identifier: Apache-2.0
"""What a description changes of a recipe, as far as a model can show it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from portrait_core.errors import UsageError
from portrait_core.words.description import SEED, Description, Part

if TYPE_CHECKING:
    from portrait_core.weights.header import ModelHeader

_PERSON = ("seed", "latent", "w", "ws")


@dataclass(frozen=True)
class Worded:
    """A recipe's fields with a description in them, the parts of it that the model has, and lines about the rest."""

    recipe: dict[str, Any]
    parts: tuple[Part, ...]
    lines: tuple[str, ...]


def with_words(
    recipe: Mapping[str, Any],
    description: Description,
    header: ModelHeader,
    *,
    before: Mapping[str, float] | None = None,
    kept: Collection[str] = (),
) -> Worded:
    """The fields of ``recipe`` with those that ``description`` speaks of; who it is stays, and is a person without
    anything striking where ``recipe`` does not say it.

    ``before`` are the attributes of the person that is changed, set or drawn; with it comparisons are added to them,
    and nothing is changed that no word speaks of. ``kept`` names fields that somebody has given otherwise.

    Raises :class:`UsageError` where nothing of it means anything to the model.
    """
    topology = str(recipe.get("topology", "shell"))
    parts = tuple(each for each in description.parts if before is None or not each.implied)
    told = Description(description.text, tuple(each for each in parts if _has(header, topology, each)))
    if not told.parts:
        named = ", ".join(dict.fromkeys(each.words for each in parts))
        raise UsageError(f"model {header.name} can show nothing of the description ({named}).")
    lost = dict.fromkeys(each.words for each in parts if each not in told.parts)
    fields = told.fields(before, topology)
    attributes: dict[str, float] = {
        name: max(found.low, min(found.high, value))
        for name, value in fields.pop("attributes").items()
        if (found := header.latent.find(name)) is not None
    }
    result = {**recipe, **{name: value for name, value in fields.items() if name not in kept}}
    result["attributes"] = {**recipe.get("attributes", {}), **attributes}
    if not any(result.get(name) is not None for name in _PERSON):
        result["seed"] = SEED
    lines = [*lines_about(description), *(f"model {header.name} cannot show: {words}" for words in lost)]
    return Worded(result, told.parts, tuple(lines))


def lines_about(description: Description) -> list[str]:
    """What a description says that cannot be had, in a line each."""
    lines = [f"cannot be shown: {words} ({why})" for words, why in description.lacking]
    lines += description.notes
    if description.unknown:
        lines.append(f"not understood: {', '.join(description.unknown)}")
    return lines


def _has(header: ModelHeader, topology: str, part: Part) -> bool:
    """Whether a part of a description means something to avatars of this model and topology."""
    if part.field == "attributes":
        return header.latent.find(part.name) is not None
    if topology != "parts":
        return part.field == "hair_style" and header.latent.find("hair_bald") is not None
    if part.field == "expression":
        return header.has_face
    if part.field == "hair":
        return True
    there = header.parts.get("hair" if part.field == "hair_style" else "garments")
    return isinstance(there, list) and part.value in cast("list[object]", there)
