# SPDX-License-Identifier: Apache-2.0
"""From the options of ``portrait batch`` to its jobs: a seed range, a table, or a random plan."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli import parse, pose_options
from cli.recipe_options import Wanted
from cli.remedies import told
from portrait_core.errors import PortraitError, UsageError
from portrait_core.face.clients import client_named
from portrait_core.files.names import BATCH_FIELDS, DEFAULT_PATTERN, LOD_FIELD, check_pattern, fill_pattern
from portrait_core.recipe_fields import FIELDS, PERSON

if TYPE_CHECKING:
    from portrait_core.batch.face_cells import FaceFiles
    from portrait_core.batch.records import Job
    from portrait_core.batch.word_cells import WordCells
    from portrait_core.recipe import Recipe
    from portrait_core.weights.header import ModelHeader

    Planned = tuple[Recipe, str, FaceFiles]
    """Somebody of a plan: the recipe, the name where a row says one, and what moves the face."""

COUNTED_PATTERN = "{model}-{index:05d}"
"""Names of tables and random plans, in which a seed may be there twice."""

MOST = 1_000_000
SHOWN_ERRORS = 8


@dataclass
class Models:
    """The headers of models by the name that recipes use; a path goes by the name in its file."""

    headers: dict[str, ModelHeader] = field(default_factory=dict[str, "ModelHeader"])
    paths: dict[str, str] = field(default_factory=dict[str, str])

    def take(self, name: str) -> ModelHeader:
        """The header of a model by name or path; raises as :func:`find_model` and :func:`read_header`."""
        if name not in self.headers:
            from portrait_core.weights.header import read_header
            from portrait_core.weights.registry import find_model, is_path

            path = find_model(name)
            header = read_header(path)
            self.headers[name] = header
            if is_path(name):
                self.headers[header.name] = header
                self.paths[header.name] = str(path)
        return self.headers[name]


def base_facts(
    wanted: Wanted,
    recipe_file: Path | None,
    preset: str | None,
    note: Callable[[str], None],
    client: str | None = None,
) -> dict[str, Any]:
    """Recipe fields that hold for all: a file's recipe, over it what a program wants, over it a preset, over it the
    options that were given."""
    from portrait_core.batch.presets import PRESETS
    from portrait_core.errors import suggestion

    options = wanted.facts(note)
    facts = dict(options)
    if recipe_file is not None:
        from portrait_core.formats.read_recipe import read_recipe
        from portrait_core.recipe import Recipe

        stored = Recipe.model_validate(read_recipe(recipe_file).recipe)
        facts |= {key: getattr(stored, key) for key in FIELDS if getattr(stored, key) is not None}
        facts["attributes"] = {**stored.attributes, **options["attributes"]}
        facts["pose"] = options["pose"] or stored.pose
    if client is not None:
        facts |= client_named(client).recipe()
    if preset is not None:
        if preset not in PRESETS:
            raise UsageError(f"--preset {preset!r} is not known. {suggestion(preset, PRESETS, what='presets')}")
        facts |= PRESETS[preset]
    facts |= {key: value for key, value in options.items() if key in wanted.given and key not in ("attributes", "pose")}
    for name in ("topology", "face"):
        if recipe_file is None and name not in wanted.given and not (preset and name in PRESETS[preset]):
            del facts[name]  # the model says
    if wanted.pose_file is not None:
        facts["pose"] = pose_options.fitted(facts["pose"], str(facts["skeleton"]), wanted.pose_file, note)
    return facts


def seeded(seeds: str, base: dict[str, Any], models: Models) -> list[tuple[Recipe, str]]:
    """A recipe for every seed of a range."""
    from portrait_core.recipe import Recipe, say_new

    numbers = parse.parse_seeds(seeds)
    plain = {key: value for key, value in base.items() if key not in PERSON}
    header = models.take(str(plain["model"]))
    plain["model"] = header.name
    say_new(plain, header)
    first = Recipe(**plain, seed=numbers[0])
    first.check(header)
    # The rest differ by a checked number alone.
    return [(first.model_copy(update={"seed": number}), "") for number in numbers]


def tabled(
    path: Path,
    base: dict[str, Any],
    models: Models,
    wanted: Wanted,
    *,
    faces: FaceFiles,
    words: WordCells,
    skip_bad: bool,
    note: Callable[[str], None],
) -> list[Planned]:
    """A recipe for every good row of a table; bad ones are told by line, and refused unless ``skip_bad``.

    ``wanted`` says of pose files what rows do not say, ``faces`` what moves the faces of rows that do not say it,
    ``words`` how people look in rows without a description.
    """
    from portrait_core.batch.face_cells import FaceCells
    from portrait_core.batch.pose_cells import PoseCells
    from portrait_core.batch.table import BadRow, read_rows

    names = {str(base["model"]), *_models_in(path)}
    for name in names:
        try:
            models.take(name)
        except PortraitError:
            if name == base["model"]:
                raise
    good: list[Planned] = []
    bad: list[BadRow] = []
    told: dict[str, None] = {}
    values = wanted.values
    poses = PoseCells(wanted.pose_file or "", values.get(pose_options.FRAME, 0), pose_options.hints_of(values))
    for row in read_rows(
        path, {**base, "model": models.take(str(base["model"])).name}, models.headers, poses, FaceCells(faces), words
    ):
        if isinstance(row, BadRow):
            bad.append(row)
        elif row.recipe.model not in models.headers:
            bad.append(BadRow(row.line, _no_model(row.recipe.model)))
        elif len(good) >= MOST:
            raise UsageError(f"{path}: more than {MOST} rows; cut it into pieces.")
        else:
            header = models.headers[row.recipe.model]
            good.append((row.recipe.model_copy(update={"model": header.name}), row.name, row.face))
            told |= dict.fromkeys(row.told)
    for line in list(told)[:SHOWN_ERRORS]:
        note(line)
    if len(told) > SHOWN_ERRORS:
        note(f"and {len(told) - SHOWN_ERRORS} more lines about files that {path} names.")
    if bad:
        _tell_bad(path, bad, skip_bad=skip_bad, note=note)
    if not good:
        raise UsageError(f"{path}: there is no good row in it.")
    return good


def _models_in(path: Path) -> set[str]:
    """Names in the model column; damage is told later, row by row."""
    from portrait_core.batch.table import read_facts

    found = (facts.get("model") for _, facts in read_facts(path) if isinstance(facts, dict))
    return {name for name in found if isinstance(name, str) and name}


def _no_model(name: str) -> str:
    from portrait_core.weights.registry import find_model

    try:
        find_model(name)
    except PortraitError as error:
        return told(error)
    return f"model {name!r} cannot be read. See `portrait models list`."


def _tell_bad(path: Path, bad: list[Any], *, skip_bad: bool, note: Callable[[str], None]) -> None:
    lines = [f"{path}:{row.line}: {row.reason}" for row in bad[:SHOWN_ERRORS]]
    more = f"; and {len(bad) - SHOWN_ERRORS} more" if len(bad) > SHOWN_ERRORS else ""
    if not skip_bad:
        told = "; ".join(lines)
        raise UsageError(f"{len(bad)} bad row{'s' if len(bad) > 1 else ''}: {told}{more}. --skip-bad leaves them out.")
    for line in lines:
        note(f"skipped {line}")
    if more:
        note(f"skipped {len(bad) - SHOWN_ERRORS} more rows of {path}")


def drawn(
    path: Path | None, count: int, seed: int | None, base: dict[str, Any], models: Models
) -> list[tuple[Recipe, str]]:
    """``count`` recipes of a random plan; without a file the people alone are drawn."""
    from portrait_core.batch.sampling_plan import check_plan, read_plan, take_plan
    from portrait_core.recipe import Recipe, say_new

    if not 1 <= count <= MOST:
        raise UsageError(f"--count {count}: expected 1 to {MOST}.")
    plan = take_plan({}, seed) if path is None else read_plan(path, seed)
    model = str(plan.fields.get("model", base["model"]))
    header = models.take(model)
    plain = {key: value for key, value in base.items() if key not in PERSON} | {"model": header.name}
    say_new(plain, header)
    try:
        check_plan(plan, header, plain)
        recipes = [Recipe.model_validate(plan.facts(index, plain)) for index in range(count)]
        for recipe in recipes:
            recipe.check(models.take(recipe.model))
    except UsageError as error:
        raise UsageError(f"--plan {path}: {error}" if path else str(error)) from None
    return [(recipe, "") for recipe in recipes]


def worded(
    people: list[tuple[Recipe, str]],
    words: WordCells,
    models: Models,
    given: Collection[str],
    note: Callable[[str], None],
) -> list[tuple[Recipe, str]]:
    """Recipes with a description for all in them; ``given`` names the options that go before it. ``note`` hears what of
    it cannot be had."""
    if not words.common:
        return people
    told: dict[str, None] = {}
    found: list[tuple[Recipe, str]] = []
    for recipe, name in people:
        made, lines = words.over(recipe, models.headers[recipe.model], given)
        found.append((made, name))
        told |= dict.fromkeys(lines)
    for line in told:
        note(line)
    return found


def named_jobs(people: Iterable[Planned], pattern: str | None, models: Models, *, counted: bool) -> list[Job]:
    """Jobs with their names; a name of a row goes before the pattern."""
    from portrait_core.batch.records import Job

    wanted = pattern or (COUNTED_PATTERN if counted else DEFAULT_PATTERN)
    listed = list(people)
    check_pattern(wanted, many=len(listed) > 1, what="--name", known=BATCH_FIELDS)
    suffix = "_" + LOD_FIELD if LOD_FIELD in wanted else ""
    jobs: list[Job] = []
    for index, (recipe, name, face) in enumerate(listed):
        filled = f"{name}{suffix}" if name else fill_pattern(
            wanted, model=recipe.model, seed=recipe.label(), index=index
        )  # fmt: skip
        header = models.headers[recipe.model]
        jobs.append(Job(index, filled, recipe, header.digest, models.paths.get(recipe.model, ""), face))
    return jobs
