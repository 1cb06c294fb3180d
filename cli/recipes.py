# SPDX-License-Identifier: Apache-2.0
"""From options, and a file's recipe under them, to recipes checked against their model."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli import parse, pose_options
from cli.latents import check_space, person_of
from cli.recipe_options import SPACE, Wanted
from portrait_core.errors import UsageError
from portrait_core.face.clients import client_named
from portrait_core.recipe_fields import FIELDS, OF_PARTS

if TYPE_CHECKING:
    from portrait_core.formats.read_recipe import RecipeFile
    from portrait_core.recipe import Recipe
    from portrait_core.weights.header import ModelHeader
    from portrait_core.words.description import Description


_MIXED = ("attributes", "pose")
"""Fields of which options change parts."""


@dataclass(frozen=True)
class Order:
    """What a command was asked to make: recipes checked against their model, and their names."""

    model: Path
    header: ModelHeader
    recipes: tuple[Recipe, ...]
    names: tuple[str, ...]


def take_order(
    wanted: Wanted,
    *,
    name: str,
    recipe_file: Path | None = None,
    given: Collection[str] | None = None,
    warn: Callable[[str], None] | None = None,
    rig: Callable[[ModelHeader], str] | None = None,
    client: str | None = None,
    description: Description | None = None,
) -> Order:
    """Parse and check everything that can be checked before work begins; torch is not needed for it.

    With ``recipe_file`` its recipe is the start, and only the options in ``given``, those that somebody wrote, replace
    fields of it. ``warn`` hears what is odd about files. ``rig`` says which joints a pose out of a file may turn, as
    :func:`portrait_core.rig.skeleton.has_joint` calls them; without it, those of the recipe's skeleton. ``client``
    names a program whose row of :data:`portrait_core.face.clients.CLIENTS` holds where no option was given.
    ``description`` goes over the file's recipe and under the options; ``warn`` hears what of it cannot be had.
    """
    given = wanted.given if given is None else given
    seeds, latent = wanted.values.get("seed"), wanted.values.get("latent")
    if seeds is not None and latent is not None:
        raise UsageError("give --seed or --latent, not both.")
    check_space(space := wanted.values.get(SPACE, "auto"))
    numbers = [] if latent is not None else parse.parse_seeds("0" if seeds is None else seeds)
    parse.check_pattern(name, many=len(numbers) > 1)
    recipe = wanted.facts(warn)

    from portrait_core.recipe import Recipe
    from portrait_core.recipe_fields import PERSON
    from portrait_core.weights.header import read_header
    from portrait_core.weights.registry import find_model, is_path

    persons: list[dict[str, Any]] = [{"seed": number} for number in numbers]
    stored: RecipeFile | None = None
    if recipe_file is not None:
        from portrait_core.formats.read_recipe import read_recipe

        stored = read_recipe(recipe_file)
        facts = _validated(recipe_file, stored)
        recipe = facts | {key: value for key, value in recipe.items() if key in given and key not in _MIXED} | {
            "attributes": facts["attributes"] | recipe.get("attributes", {}),
            "pose": recipe["pose"] if wanted.values.get("pose") is not None else facts["pose"],
        }  # fmt: skip
        person = {key: recipe.pop(key) for key in PERSON if key in recipe}
        if seeds is None and latent is None:
            persons = [person]
            name = _stored_name(stored, name, given, levels=bool(recipe["lods"]))
    if client is not None:
        recipe |= client_named(client).recipe(given)
    if latent is not None:
        persons = [person_of(latent, space, read_header(find_model(recipe["model"])))]
    path = find_model(recipe["model"])
    header = read_header(path)
    new_topology(recipe, header, wanted, stored=stored is not None)
    if client is not None and "face" not in given and recipe.get("topology") == "parts" and header.has_face:
        recipe["face"] = client_named(client).face
    if description is not None:
        if seeds is None and latent is None and stored is None:
            persons = [{}]
        recipe, persons = _with_words(recipe, persons, description, header, wanted, given, stored is not None, warn)
    recipes = [Recipe(**recipe, **each) for each in persons]
    chosen = recipes[0].model
    recipes[0].check(header)
    if wanted.pose_file is not None:
        skeleton = recipes[0].skeleton if rig is None else rig(header)
        pose = pose_options.fitted(recipes[0].pose, skeleton, wanted.pose_file, warn)
        recipes = [each.model_copy(update={"pose": pose}) for each in recipes]
    if is_path(chosen):
        # A path of this machine means nothing in a file that travels; the model's digest goes with it.
        recipes = [each.model_copy(update={"model": header.name}) for each in recipes]
    if stored is not None and warn is not None:
        for line in stored.warnings:
            warn(line)
        if stored.model_digest() not in ("", header.digest):
            warn(f"{recipe_file}: made with other weights of model {header.name} than yours; the result may differ.")
    names = [parse.fill_pattern(name, model=header.name, seed=each.label()) for each in recipes]
    return Order(path, header, tuple(recipes), tuple(names))


def _with_words(
    recipe: dict[str, Any],
    persons: list[dict[str, Any]],
    description: Description,
    header: ModelHeader,
    wanted: Wanted,
    given: Collection[str],
    changes: bool,
    warn: Callable[[str], None] | None,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The fields for all and those of each person with a description in them; ``changes`` says that somebody is there
    who is changed by it. Options that were given go before."""
    from portrait_core.latents.variations import attribute_values
    from portrait_core.recipe import Recipe
    from portrait_core.words.recipes import with_words

    options: dict[str, float] = wanted.facts().get("attributes") or {}
    made: list[dict[str, Any]] = []
    told: dict[str, None] = {}
    for person in persons:
        facts = {**recipe, **person}
        before = attribute_values(Recipe(**facts), header) if changes else None
        worded = with_words(facts, description, header, before=before, kept=given)
        made.append({**worded.recipe, "attributes": {**worded.recipe["attributes"], **options}})
        told |= dict.fromkeys(worded.lines)
    if warn is not None:
        for line in told:
            warn(line)
    return {}, made


def new_topology(recipe: dict[str, Any], header: ModelHeader, wanted: Wanted, *, stored: bool = False) -> None:
    """Say topology and face in the facts of a new recipe where nobody did: parts and shapes where the model has them.

    ``stored`` says that the facts are a file's recipe. Raises :class:`UsageError` for options about parts of an avatar
    that has none.
    """
    from portrait_core.recipe import say_new

    if "topology" not in wanted.values:
        return
    if not stored:
        for name in ("topology", "face"):
            if name not in wanted.given:
                recipe.pop(name, None)
        say_new(recipe, header)
    asked = [name for name in OF_PARTS if name in wanted.given and wanted.values[name] != FIELDS[name].default]
    if recipe["topology"] != "parts" and asked:
        has = "" if header.parts else f"; model {header.name} has none"
        raise UsageError(f"--{asked[0].replace('_', '-')} is for avatars of parts, and this one is a shell{has}.")


def _validated(path: Path, stored: RecipeFile) -> dict[str, Any]:
    """The stored recipe with every field, defaults for those that an older file lacks."""
    from portrait_core.recipe import Recipe

    try:
        recipe = Recipe.model_validate(stored.recipe)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None
    facts = {key: getattr(recipe, key) for key in Recipe.model_fields}
    return {key: value for key, value in facts.items() if value is not None}


def _stored_name(stored: RecipeFile, name: str, given: Collection[str], *, levels: bool) -> str:
    """The name inside the file, so that the same recipe gives the same bytes; a --name that was given goes first."""
    if "name" in given or not stored.name or "{" in stored.name or "}" in stored.name:
        return name
    plain = re.sub(r"_LOD\d+$", "", stored.name) if levels else stored.name
    try:
        parse.check_pattern(plain, many=False)
    except UsageError:
        return name
    return plain
