# SPDX-License-Identifier: Apache-2.0
"""Recipes from tables: CSV with a column for each field, JSON Lines or a JSON list with an object for each avatar.

Columns are the fields of :class:`portrait_core.recipe.Recipe`, ``name`` for the files' name, and the model's
attributes, as ``attributes.age`` or ``age`` alone. In CSV a pose is written as on the command line, ``head=0,20,0`` in
degrees, levels of detail as ``8000;2000``, latents as ``0.5;-1.2``, rows of ws parted by ``|``, or any of them as JSON;
in JSON all are as in a recipe, rotations in radians. A pose may be a file's name in both, with columns about the file
(:mod:`portrait_core.batch.pose_cells`); others say what moves the face (:mod:`portrait_core.batch.face_cells`), and
``describe`` how somebody looks, in words, under the row's other cells (:mod:`portrait_core.batch.word_cells`). Empty
cells have the default. Where neither row nor base says the topology, rows of CSV are new recipes, of parts where their
model has them; objects of JSON are recipes that are there, as manifests hold them, and mean a shell. What separates
cells and numbers is told from the file (:mod:`portrait_core.batch.sheet`, :mod:`portrait_core.batch.cells`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from portrait_core.batch.cells import OTHERS, Unread, read_cell
from portrait_core.batch.face_cells import FACE_COLUMNS, FaceCells, FaceFiles
from portrait_core.batch.pose_cells import HINT_COLUMNS, PoseCells
from portrait_core.batch.sheet import column_name, read_sheet, text_of
from portrait_core.batch.word_cells import COLUMN, WordCells
from portrait_core.errors import PortraitError, UsageError, suggestion
from portrait_core.face.expressions import expression_of, parse_expression
from portrait_core.files.names import check_name
from portrait_core.recipe import Recipe, say_new
from portrait_core.recipe_fields import FIELDS, PERSON
from portrait_core.weights.header import ModelHeader

ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
LARGEST = 2_000_000_000
SPREADSHEETS = (".xlsx", ".xlsm", ".xls", ".ods", ".numbers")


@dataclass(frozen=True)
class Row:
    """One row that is good: where it stands (counted from 1, the header's line included), and what it asks for.

    ``told`` are lines about its files: what they were taken for, and what the rig lacks of them. ``face`` is what moves
    its face.
    """

    line: int
    recipe: Recipe
    name: str
    told: tuple[str, ...] = ()
    face: FaceFiles = field(default_factory=FaceFiles)


@dataclass(frozen=True)
class BadRow:
    """One row that is not, and why."""

    line: int
    reason: str


def read_rows(
    path: Path,
    base: Mapping[str, Any],
    headers: Mapping[str, ModelHeader] | None = None,
    poses: PoseCells | None = None,
    faces: FaceCells | None = None,
    words: WordCells | None = None,
) -> Iterator[Row | BadRow]:
    """Each row of a table over ``base``, the recipe fields that hold where a row says nothing.

    ``headers`` are the models' by name; a row's recipe is checked with its model's where it is there. ``poses`` knows
    what holds of pose files where a row says nothing, ``faces`` what holds of faces, ``words`` what of descriptions.
    Raises :class:`UsageError` for a file that is no table at all.
    """
    known = headers or {}
    poses, faces, words = poses or PoseCells(), faces or FaceCells(), words or WordCells()
    attributes = {each.name for header in known.values() for each in header.latent.attributes}
    new = path.suffix.lower() in (".csv", ".tsv") and "topology" not in base
    for line, facts in read_facts(path, attributes):
        if isinstance(facts, str):
            yield BadRow(line, facts)
            continue
        try:
            yield _row(line, facts, base, known, poses, faces, words, new=new)
        except PortraitError as error:
            yield BadRow(line, str(error))
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            yield BadRow(line, f"{type(error).__name__}: {str(error)[:200]}")


def _row(
    line: int,
    facts: dict[str, Any],
    base: Mapping[str, Any],
    headers: Mapping[str, ModelHeader],
    poses: PoseCells,
    faces: FaceCells,
    words: WordCells,
    *,
    new: bool,
) -> Row:
    fields = dict(facts)
    about_pose = {key: value for key in HINT_COLUMNS if (value := fields.pop(key, None)) is not None}
    about_face = {key: value for key in FACE_COLUMNS if (value := fields.pop(key, None)) is not None}
    description = fields.pop(COLUMN, None)
    name = fields.pop("name", "")
    if name:
        if not isinstance(name, str):
            raise UsageError(f"name: expected a text, got {type(name).__name__}.")
        check_name(name)
    recipe = dict(base)
    recipe.update((key, value) for key, value in fields.items() if key in FIELDS and value is not None)
    model = headers.get(str(recipe.get("model", "starter")))
    own: set[str] = set() if model is None else {each.name for each in model.latent.attributes}
    named = {column_name(each, ()): each for each in own}
    said_here: dict[str, Any] = {}
    given: object = facts.get("attributes")
    if isinstance(given, dict):
        said_here.update(cast("dict[str, Any]", given))
    elif given is not None:
        raise UsageError(f'attributes: expected an object such as {{"age": 1.5}}, got {type(given).__name__}.')
    for key, value in fields.items():
        if key in FIELDS or value is None:
            continue
        plain = named.get(key.removeprefix("attributes."), key.removeprefix("attributes."))
        if plain not in own and (key == plain or model is not None):
            hint = suggestion(plain, [*FIELDS, *OTHERS, *own], what="known columns")
            raise UsageError(f"unknown column {key[:60]!r}. {hint}")
        if isinstance(value, Unread):
            raise UsageError(f"{key[:60]}: cannot read {value.text[:60]!r}; expected a number.")
        said_here[plain] = value
    attributes = {**cast("dict[str, Any]", base.get("attributes", {})), **said_here}
    if attributes:
        recipe["attributes"] = attributes
    said = [key for key in PERSON if fields.get(key) is not None]
    if said:  # goes before who holds for all, and numbers before a seed
        kept = [key for key in said if key != "seed"] or said
        recipe = {key: value for key, value in recipe.items() if key not in PERSON or key in kept}
    turns, told = poses.turns(fields.get("pose"), about_pose, str(recipe.get("skeleton", "bust")))
    if turns is not None:
        recipe["pose"] = turns
    if new and model is not None:
        say_new(recipe, model)
    if isinstance(recipe.get("expression"), str):
        recipe["expression"] = parse_expression(recipe["expression"])
    worded, lacking = words.put(description, recipe, model, kept=[key for key in fields if fields[key] is not None])
    if worded.get("attributes"):
        worded["attributes"] = {**worded["attributes"], **said_here}
    recipe = worded
    made = Recipe.model_validate(recipe)
    if made.expression:
        made = made.model_copy(update={"expression": expression_of(made.expression)})
    if model is not None:
        made.check(model)
    face, lines = faces.of(about_face)
    return Row(line, made, name, (*told, *lines, *lacking), face)


def read_facts(path: Path, attributes: Collection[str] = ()) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Lines with their objects, or with what is wrong with them. ``attributes`` are columns beside the fields."""
    ending = path.suffix.lower()
    if ending in SPREADSHEETS:
        raise UsageError(f"{path}: a spreadsheet; save it as CSV UTF-8.")
    if ending not in ENDINGS:
        raise UsageError(f"{path}: tables are {', '.join(ENDINGS)}; got the ending {ending!r}.")
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path}: larger than {LARGEST / 1e9:g} GB; cut it into pieces.")
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}.") from None
    if ending in (".csv", ".tsv"):
        yield from _table(path, content, "\t" if ending == ".tsv" else ",", {*FIELDS, *OTHERS, *attributes})
    elif ending == ".json":
        parsed = _parsed(text_of(path, content))
        if not isinstance(parsed, list):
            reason = f" ({parsed})" if isinstance(parsed, str) else ""
            raise UsageError(f"{path}: expected a JSON list of recipes{reason}.")
        for number, each in enumerate(cast("list[object]", parsed), 1):
            yield number, _object(each)
    else:
        for number, line in enumerate(text_of(path, content).split("\n"), 1):
            if line.strip():
                parsed = _parsed(line)
                yield number, parsed if isinstance(parsed, str) else _object(parsed)


def _parsed(content: str) -> object:
    """The JSON value, or a text that says why it is none."""
    try:
        value: object = json.loads(content)
    except (ValueError, RecursionError) as error:
        return f"not JSON: {str(error)[:160]}"
    return "expected an object, got a text" if isinstance(value, str) else value


def _object(value: object) -> dict[str, Any] | str:
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)
    return f"expected an object with recipe fields, got {type(value).__name__}"


def _table(
    path: Path, content: bytes, separator: str, known: Collection[str]
) -> Iterator[tuple[int, dict[str, Any] | str]]:
    try:
        sheet = read_sheet(path, text_of(path, content), known, usual=separator)
        for line, cells in sheet.rows():
            yield line, cells if isinstance(cells, str) else _typed(cells, comma_decimal=sheet.comma_decimal)
    except UsageError as error:
        raise error if str(error).startswith(str(path)) else UsageError(f"{path}: {error}") from None


def _typed(cells: dict[str, str], *, comma_decimal: bool) -> dict[str, Any] | str:
    try:
        return {column: read_cell(column, text, comma_decimal=comma_decimal) for column, text in cells.items()}
    except PortraitError as error:
        return str(error)
