# SPDX-License-Identifier: GPL-3.0-or-later
"""Between the panel's settings and recipes, the plain facts that the engine takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..base.paths import model_named
from ..core.engine_copies import recipe_fields
from . import attributes
from .recipe_properties import FIELDS, LIKENESS, PERSON, PLAIN, recipe_value
from .settings import AUTO, TEXTURE_SIZES, set_person

if TYPE_CHECKING:
    from .settings import PORTRAITKIT_PG_settings

LEAST_LEVEL = int(FIELDS["lods"].low or 0)
"""Triangles of the coarsest level that is still a head."""
LOOKS = tuple(row.name for row in FIELDS.values() if row.section == "person" and row.name != LIKENESS)
"""Fields that say who it is and what it looks like, by the model alone."""
OF_PERSON = (*LOOKS, LIKENESS)
"""And by a photograph."""
OF_PARTS = recipe_fields.OF_PARTS

Recipe = dict[str, Any]


def levels_of(faces: int, count: int) -> list[int]:
    """Faces of ``count`` coarser levels, each half of the one before, none too coarse to be a head."""
    return [faces >> step for step in range(1, count + 1) if faces >> step >= LEAST_LEVEL]


def from_settings(settings: PORTRAITKIT_PG_settings, topology: str = "") -> Recipe:
    """The recipe that the panel shows, or one of another ``topology``.

    Raises :class:`Failure` for a model's file that cannot be meant.
    """
    recipe: Recipe = {"model": model_named(settings.model)}
    recipe |= json.loads(settings.person) if settings.person else {"seed": settings.seed}
    plain = {row.name: recipe_value(row, getattr(settings, row.name)) for row in PLAIN}
    recipe |= {name: value for name, value in plain.items() if not _left_out(name, value)}
    if (topology or topology_of(settings)) == "parts":
        recipe["topology"] = "parts"
        if settings.described_face:
            recipe["expression"] = json.loads(settings.described_face)
    else:
        recipe = {name: value for name, value in recipe.items() if name not in OF_PARTS}
    recipe["attributes"] = used_attributes(settings)
    recipe["texture_size"] = int(settings.texture_size)
    recipe["lods"] = levels_of(settings.faces, settings.levels)
    recipe["lod_maps"] = "shared" if settings.shared_maps else "own"
    return recipe


def _left_out(name: str, value: object) -> bool:
    """Whether recipes do without a field, as they did before there was one: an older engine takes them too."""
    default = FIELDS[name].default
    return FIELDS[name].later and value == (list(default) if isinstance(default, tuple) else default)


def topology_of(settings: PORTRAITKIT_PG_settings) -> str:
    """What the panel asks for: by itself parts, where the model is known to have them."""
    chosen: str = settings.topology
    return attributes.best_topology(settings.model) if chosen == AUTO else chosen


def used_attributes(settings: PORTRAITKIT_PG_settings, *, locked: bool = False) -> dict[str, float]:
    """Attributes that the panel sets; with ``locked`` only those to be kept by Randomise and Explore."""
    return {
        each.name: round(each.value, 6) for each in settings.attributes if each.used and (each.locked or not locked)
    }


def show(settings: PORTRAITKIT_PG_settings, recipe: Recipe, *, looks_only: bool = False) -> None:
    """Make the panel show ``recipe``; with ``looks_only`` just who it is, not how its mesh is made."""
    settings.model = recipe.get("model", settings.model)
    set_person(settings, recipe)
    given = recipe.get("attributes", {})
    for each in settings.attributes:
        each.quiet = True
        each.used = each.name in given
        each.value = given.get(each.name, 0.0)
        each.quiet = False
    for row in PLAIN:
        if row.name in LOOKS or ((row.name in recipe or row.later) and not looks_only):
            value = recipe.get(row.name, row.default)
            setattr(settings, row.name, set(value) if row.kind == "words" else value)
    if looks_only:
        return
    expression = recipe.get("expression")
    settings.described_face = json.dumps(expression) if expression else ""
    settings.topology = recipe.get("topology", FIELDS["topology"].default)
    if "texture_size" in recipe:
        settings.texture_size = str(min(TEXTURE_SIZES, key=lambda size: abs(size - recipe["texture_size"])))
    settings.levels = min(len(recipe.get("lods", ())), 4)
    settings.shared_maps = recipe.get("lod_maps") == "shared"


def looks(recipe: Recipe) -> Recipe:
    """Only what says who it is."""
    return {name: recipe[name] for name in LOOKS if name in recipe}


def by_numbers(recipe: Recipe) -> list[float]:
    """The numbers that say who it is instead of a seed; none where a seed does."""
    found = next((recipe[name] for name in PERSON if name != "seed" and recipe.get(name) is not None), [])
    return [number for each in found for number in (each if isinstance(each, list | tuple) else [each])]


def person_name(recipe: Recipe) -> str:
    """A short name for the avatar."""
    numbers = by_numbers(recipe)
    if not numbers:
        return f"Portrait {recipe.get('seed') or 0}"
    # any stable short mark will do; numbers of a latent are not for reading
    mark = sum((place + 1) * round(number * 1000) for place, number in enumerate(numbers)) & 0xFFFF
    return f"Portrait x{mark:04x}"
