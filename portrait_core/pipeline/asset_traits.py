# SPDX-License-Identifier: Apache-2.0
"""What people look for in a library of avatars: hair, garment, age, as the recipe says or as the person is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from portrait_core.person import PersonOfParts
from portrait_core.pipeline.characters import figure_of, kinds_of
from portrait_core.portrait_model import PortraitModel
from portrait_core.recipe import Recipe

AGES = ((-0.5, "Young Adult"), (0.8, "Adult"), (np.inf, "Elder"))
"""Up to which value of the attribute ``age`` (in standard deviations of the people drawn) each band goes."""
BALD = "Bald"


@dataclass(frozen=True)
class Traits:
    """Each a few words; empty where it is not known or not there."""

    model: str = ""
    topology: str = ""
    hair: str = ""
    garment: str = ""
    age: str = ""


def traits_of(recipe: Recipe, model: PortraitModel | None) -> Traits:
    """The traits of the avatar of ``recipe``; without ``model``, which made it, only what the recipe itself says.

    Raises as :meth:`portrait_core.portrait_model.PortraitModel.person`.
    """
    given = {name: str(getattr(recipe, name)) for name in ("hair_style", "garment")}
    hair, garment = (title(name) if name != "auto" else "" for name in given.values())
    age = _age(recipe, model)
    parts = recipe.topology == "parts"
    if model is not None and parts:
        figure = figure_of(recipe, cast("PersonOfParts", model.person(recipe)))
        kinds = kinds_of(recipe)
        styles, garments = figure.template.hair, figure.template.garments
        hair = next((title(name) for name, each in styles.items() if each is figure.hair), BALD)
        garment = next((title(name) for name, each in garments.items() if each is figure.garment), "")
        hair = hair if "hair" in kinds else ("Volume" if recipe.hair == "volume" else "")
        garment = garment if "garment" in kinds else ""
    return Traits(recipe.model, str(recipe.topology), hair if parts else "", garment if parts else "", age)


def title(name: str) -> str:
    """``female_casualsuit01`` as ``Female Casualsuit 01``."""
    spaced = "".join(f" {sign}" if sign.isdigit() and not name[place - 1].isdigit() else sign
                     for place, sign in enumerate(name))  # fmt: skip
    return spaced.replace("_", " ").strip().title()


def _age(recipe: Recipe, model: PortraitModel | None) -> str:
    value = recipe.attributes.get("age")
    if value is None and model is not None and recipe.w is None and recipe.ws is None:
        found = next((each for each in model.header.latent.attributes if each.name == "age"), None)
        if found is not None:
            z = recipe.latent_vector(model.header)[0].astype(np.float64)
            if found.index is not None:
                value = float(z[found.index])
            else:
                direction = np.asarray(found.direction, np.float64)
                value = float(direction @ z / np.linalg.norm(direction))
    return "" if value is None else next(band for limit, band in AGES if value <= limit)
