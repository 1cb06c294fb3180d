# SPDX-License-Identifier: GPL-3.0-or-later
"""Between the panel's settings and recipes, the plain facts that the engine takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .settings import TEXTURE_SIZES, set_person

if TYPE_CHECKING:
    from .settings import PORTRAITKIT_PG_settings

LEAST_LEVEL = 300  # the engine's own bound: triangles of the coarsest level that is still a head
SAME_NAMES = ("psi", "faces", "normal_map", "occlusion", "closed", "lattice", "texture", "skeleton", "bone_naming")
LOOKS = ("model", "seed", "latent", "psi", "attributes")

Recipe = dict[str, Any]


def levels_of(faces: int, count: int) -> list[int]:
    """Faces of ``count`` coarser levels, each half of the one before, none too coarse to be a head."""
    return [faces >> step for step in range(1, count + 1) if faces >> step >= LEAST_LEVEL]


def from_settings(settings: PORTRAITKIT_PG_settings) -> Recipe:
    """The recipe that the panel shows."""
    recipe: Recipe = {"model": settings.model}
    recipe |= json.loads(settings.person) if settings.person else {"seed": settings.seed}
    recipe |= {name: getattr(settings, name) for name in SAME_NAMES}
    recipe["attributes"] = used_attributes(settings)
    recipe["texture_size"] = int(settings.texture_size)
    recipe["lods"] = levels_of(settings.faces, settings.levels)
    recipe["lod_maps"] = "shared" if settings.shared_maps else "own"
    return recipe


def used_attributes(settings: PORTRAITKIT_PG_settings, *, locked: bool = False) -> dict[str, float]:
    """Attributes that the panel sets; with ``locked`` only those to be kept by Randomise and Explore."""
    return {
        each.name: round(each.value, 6) for each in settings.attributes if each.used and (each.locked or not locked)
    }


def show(settings: PORTRAITKIT_PG_settings, recipe: Recipe, *, looks_only: bool = False) -> None:
    """Make the panel show ``recipe``; with ``looks_only`` just who it is, not how its mesh is made."""
    settings.model = recipe.get("model", settings.model)
    set_person(settings, recipe)
    settings.psi = recipe.get("psi", 1.0)
    given = recipe.get("attributes", {})
    for each in settings.attributes:
        each.quiet = True
        each.used = each.name in given
        each.value = given.get(each.name, 0.0)
        each.quiet = False
    if looks_only:
        return
    for name in SAME_NAMES:
        if name in recipe:
            setattr(settings, name, recipe[name])
    if "texture_size" in recipe:
        settings.texture_size = str(min(TEXTURE_SIZES, key=lambda size: abs(size - recipe["texture_size"])))
    settings.levels = min(len(recipe.get("lods", ())), 4)
    settings.shared_maps = recipe.get("lod_maps") == "shared"


def looks(recipe: Recipe) -> Recipe:
    """Only what says who it is."""
    return {name: recipe[name] for name in LOOKS if name in recipe}


def person_name(recipe: Recipe) -> str:
    """A short name for the avatar."""
    if recipe.get("latent") is None:
        return f"Portrait {recipe.get('seed') or 0}"
    # any stable short mark will do; numbers of a latent are not for reading
    mark = sum((place + 1) * round(number * 1000) for place, number in enumerate(recipe["latent"])) & 0xFFFF
    return f"Portrait x{mark:04x}"
