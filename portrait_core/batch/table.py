# SPDX-License-Identifier: Apache-2.0
"""Recipes from tables: CSV with a column for each field, JSON Lines or a JSON list with an object for each avatar.

Columns are the fields of :class:`portrait_core.recipe.Recipe`, ``name`` for the files' name, and the model's
attributes, as ``attributes.age`` or ``age`` alone. In CSV a pose is written as on the command line, ``head=0,20,0`` in
degrees, levels of detail as ``8000;2000``, latents as ``0.5;-1.2``, rows of ws parted by ``|``, or any of them as JSON;
in JSON all are as in a recipe, rotations in radians. Empty cells have the default.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from portrait_core.body.poses import is_pose_file, read_pose
from portrait_core.errors import PortraitError, UsageError, suggestion
from portrait_core.files.names import check_name
from portrait_core.recipe import Recipe
from portrait_core.recipe_fields import FIELDS, PERSON, Kind
from portrait_core.rig.skeleton import has_joint
from portrait_core.weights.header import ModelHeader

ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
LARGEST = 2_000_000_000
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True)
class Row:
    """One row that is good: where it stands (counted from 1, the header's line included), and what it asks for."""

    line: int
    recipe: Recipe
    name: str


@dataclass(frozen=True)
class BadRow:
    """One row that is not, and why."""

    line: int
    reason: str


def read_rows(
    path: Path, base: Mapping[str, Any], headers: Mapping[str, ModelHeader] | None = None
) -> Iterator[Row | BadRow]:
    """Each row of a table over ``base``, the recipe fields that hold where a row says nothing.

    ``headers`` are the models' by name; a row's recipe is checked with its model's where it is there. Raises
    :class:`UsageError` for a file that is no table at all.
    """
    known = headers or {}
    for line, facts in read_facts(path):
        if isinstance(facts, str):
            yield BadRow(line, facts)
            continue
        try:
            yield _row(line, facts, base, known)
        except PortraitError as error:
            yield BadRow(line, str(error))
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            yield BadRow(line, f"{type(error).__name__}: {str(error)[:200]}")


def _row(line: int, facts: dict[str, Any], base: Mapping[str, Any], headers: Mapping[str, ModelHeader]) -> Row:
    fields = dict(facts)
    name = fields.pop("name", "")
    if name:
        if not isinstance(name, str):
            raise UsageError(f"name: expected a text, got {type(name).__name__}.")
        check_name(name)
    recipe = dict(base)
    recipe.update((key, value) for key, value in fields.items() if key in FIELDS and value is not None)
    model = headers.get(str(recipe.get("model", "starter")))
    own: set[str] = set() if model is None else {each.name for each in model.latent.attributes}
    attributes: dict[str, Any] = dict(cast("dict[str, Any]", base.get("attributes", {})))
    given: object = facts.get("attributes")
    if isinstance(given, dict):
        attributes.update(cast("dict[str, Any]", given))
    elif given is not None:
        raise UsageError(f'attributes: expected an object such as {{"age": 1.5}}, got {type(given).__name__}.')
    for key, value in fields.items():
        if key in FIELDS or value is None:
            continue
        plain = key.removeprefix("attributes.")
        if plain not in own and (key == plain or model is not None):
            hint = suggestion(plain, [*FIELDS, *own], what="known columns")
            raise UsageError(f"unknown column {key[:60]!r}. {hint}")
        attributes[plain] = value
    if attributes:
        recipe["attributes"] = attributes
    said = [key for key in PERSON if fields.get(key) is not None]
    if said:  # goes before who holds for all, and numbers before a seed
        kept = [key for key in said if key != "seed"] or said
        recipe = {key: value for key, value in recipe.items() if key not in PERSON or key in kept}
    turns = recipe.get("pose")
    if isinstance(turns, _OfFile):  # a whole body's; a bust has no legs to turn
        skeleton = str(recipe.get("skeleton", "bust"))
        recipe["pose"] = {joint: turn for joint, turn in turns.items() if has_joint(skeleton, joint)}
    made = Recipe.model_validate(recipe)
    if model is not None:
        made.check(model)
    return Row(line, made, name)


def read_facts(path: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Lines with their objects, or with what is wrong with them."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise UsageError(f"{path}: tables are {', '.join(ENDINGS)}; got the ending {ending!r}.")
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path}: larger than {LARGEST / 1e9:g} GB; cut it into pieces.")
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}.") from None
    if ending in (".csv", ".tsv"):
        yield from _table(path, content, "\t" if ending == ".tsv" else ",")
    elif ending == ".json":
        parsed = _parsed(content)
        if not isinstance(parsed, list):
            reason = f" ({parsed})" if isinstance(parsed, str) else ""
            raise UsageError(f"{path}: expected a JSON list of recipes{reason}.")
        for number, each in enumerate(cast("list[object]", parsed), 1):
            yield number, _object(each)
    else:
        for number, line in enumerate(content.split(b"\n"), 1):
            if line.strip():
                parsed = _parsed(line)
                yield number, parsed if isinstance(parsed, str) else _object(parsed)


def _parsed(content: bytes) -> object:
    """The JSON value, or a text that says why it is none."""
    try:
        value: object = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return f"not JSON: {str(error)[:160]}"
    return "expected an object, got a text" if isinstance(value, str) else value


def _object(value: object) -> dict[str, Any] | str:
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)
    return f"expected an object with recipe fields, got {type(value).__name__}"


def _table(path: Path, content: bytes, delimiter: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 ({error.reason} at byte {error.start}). Save it as CSV UTF-8.") from None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    try:
        columns = [each.strip() for each in next(iter(reader), list[str]())]
        if not any(columns):
            raise UsageError(f"{path}: the first line must name the columns, such as seed,age,faces.")
        doubled = sorted({each for each in columns if each and columns.count(each) > 1})
        if doubled:
            raise UsageError(f"{path}: the column {doubled[0]!r} is there twice.")
        _check_delimiter(path, columns)
        for cells in reader:
            line = reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(columns):
                yield line, f"{len(cells)} cells; the first line names {len(columns)} columns"
                continue
            pairs = {column: cell.strip() for column, cell in zip(columns, cells, strict=False) if cell.strip()}
            if "" in pairs:
                yield line, f"{pairs['']!r} stands in a column without a name"
                continue
            yield line, _typed(pairs)
    except csv.Error as error:
        yield reader.line_num, f"not CSV: {error}"


def _check_delimiter(path: Path, columns: Collection[str]) -> None:
    if len(columns) == 1 and ";" in next(iter(columns)):
        raise UsageError(f"{path}: the columns are separated by semicolons; save it with commas, or as .tsv with tabs.")


def _typed(cells: dict[str, str]) -> dict[str, Any] | str:
    typed: dict[str, Any] = {}
    for column, text in cells.items():
        try:
            typed[column] = _value(column, text)
        except PortraitError as error:
            return str(error)
        except (ValueError, RecursionError):
            return f"{column}: cannot read {text[:60]!r}"
    return typed


def _value(column: str, text: str) -> object:
    """A cell by the kind of its column; columns that are no fields are attributes, numbers."""
    row = FIELDS.get(column)
    kind = "text" if column == "name" else row.kind if row else "number"
    if kind not in ("text", "choice") and text[:1] in "[{":
        return json.loads(text)
    return _READ[kind](column, text)


def _text(_column: str, text: str) -> str:
    return text


def _flag(column: str, text: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise UsageError(f"{column}: expected true or false, got {text[:40]!r}.")
    return text.lower() in _TRUE


def _count(column: str, text: str) -> int:
    # Spreadsheets write 20000.0; a seed that a float cannot hold stays a text of digits.
    if text.lstrip("+-").isdigit():
        return int(text)
    number = float(text)
    if not number.is_integer():
        raise UsageError(f"{column}: expected a whole number, got {text[:40]!r}.")
    return int(number)


class _OfFile(dict[str, list[float]]):
    """A pose out of a file, which may turn joints that the rig lacks."""


def _turns(_column: str, text: str) -> dict[str, list[float]]:
    pose = {joint: [float(each) for each in turn] for joint, turn in read_pose(text).items()}
    return _OfFile(pose) if is_pose_file(text) else pose


_READ: dict[Kind, Callable[[str, str], object]] = {
    "text": _text,
    "choice": _text,
    "flag": _flag,
    "count": _count,
    "number": lambda _, text: float(text),
    "counts": lambda _, text: [int(part) for part in text.replace(";", ",").split(",")],
    "vector": lambda _, text: [float(part) for part in text.split(";")],
    "rows": lambda _, text: [[float(part) for part in row.split(";")] for row in text.split("|")],
    "values": lambda _, text: json.loads(text),
    "turns": _turns,
}
"""What a cell of each kind holds, where it is not JSON."""
