# SPDX-License-Identifier: Apache-2.0
"""The table of recipe fields is the only place where a field is declared: every surface is walked against it."""

from __future__ import annotations

import ast
import copy
import inspect
import json
import pickle
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
import typer

from cli import bake, batch, generate, pose, recipe_page, render, shape, video
from cli.main import app
from portrait_core.batch.presets import PRESETS
from portrait_core.batch.sampling_plan import take_plan
from portrait_core.batch.table import BadRow, Row, read_rows
from portrait_core.engine.engine import Engine
from portrait_core.errors import UsageError
from portrait_core.parts.character import KINDS
from portrait_core.recipe import Recipe
from portrait_core.recipe_fields import FIELDS, PERSON, SECTIONS, FrozenDict, RecipeField, RecipeFields
from portrait_core.worker.answers import capabilities

ROOT = Path(__file__).parents[1]


def test_the_table_imports_the_standard_library_only() -> None:
    tree = ast.parse((ROOT / "portrait_core/recipe_fields.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert all(name.split(".")[0] in sys.stdlib_module_names for name in names)


@pytest.mark.parametrize("name", FIELDS)
def test_rows_say_what_every_surface_needs(name: str) -> None:
    row = FIELDS[name]
    assert row.name == name and row.section in SECTIONS
    assert row.label and row.help.endswith(".") and row.help[0].isupper() and ". " not in row.help
    if row.low is not None and row.high is not None and row.default is not None:
        assert row.low <= row.default <= row.high
    if row.usual is not None:
        assert row.low is not None and row.low <= row.usual[0] < row.usual[1] <= (row.high or 0)
    assert (row.kind in ("choice", "words")) == bool(row.choices)
    assert row.kind != "choice" or row.default in row.choices
    assert bool(row.flag) == bool(row.commands), "an option belongs to commands, and commands need an option"
    assert json.loads(json.dumps(row.facts()))["name"] == name


def test_frozen_dictionaries_are_values() -> None:
    one = FrozenDict({"age": 1.5})
    assert one == {"age": 1.5} and hash(one) == hash(FrozenDict(age=1.5)) and json.dumps(one) == '{"age": 1.5}'
    for other in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert other == one and isinstance(other, FrozenDict)
    changes = (
        lambda: one.__setitem__("age", 2),
        lambda: one.__delitem__("age"),
        lambda: one.update(age=2),
        lambda: one.setdefault("size", 2),
        lambda: one.pop("age"),
        one.popitem,
        one.clear,
        lambda: one.__ior__({"age": 2}),
    )
    for change in changes:
        with pytest.raises(TypeError, match="do not change"):
            change()
    assert one == {"age": 1.5}


COMMANDS = {
    "generate": generate.generate,
    "batch": batch.batch,
    "bake": bake.bake,
    "render": render.render,
    "video": video.video,
    "pose": pose.pose,
    "shape": shape.shape,
}
GOOD: dict[str, Any] = {
    "text": "starter",
    "vector": (0.5, -1.25),
    "rows": ((0.5, -1.25), (2.0, 3.0)),
    "counts": (900, 400),
    "words": ("skin", "hair"),
    "values": {"size": 1.5},
    "turns": {"head": (0.0, 0.25, 0.0)},
    "weights": {"jawOpen": 0.5},
}
CELLS: dict[str, str] = {
    "vector": "0.5;-1.25",
    "rows": "0.5;-1.25|2;3",
    "counts": "900;400",
    "words": "hair; Skin",
    "values": '{"size": 1.5}',
    "turns": '{"head": [0, 0.25, 0]}',
    "weights": "jawOpen=0.5",
}


def good(row: RecipeField) -> Any:
    """A value that is not the default."""
    if row.kind == "flag":
        return not row.default
    if row.kind == "choice":
        return next(choice for choice in row.choices if choice != row.default)
    return GOOD[row.kind] if row.kind in GOOD else type(row.default or 0)(row.high)


@pytest.mark.parametrize("name", FIELDS)
def test_recipes_take_what_the_row_says(name: str) -> None:
    row = FIELDS[name]
    value = good(row)
    recipe = Recipe(**{name: value})
    assert getattr(recipe, name) == value and getattr(Recipe(), name) == row.default
    assert Recipe(**json.loads(json.dumps(recipe.facts()))) == recipe
    for other in (copy.deepcopy(recipe), pickle.loads(pickle.dumps(recipe))):
        assert other == recipe and hash(other) == hash(recipe) and other.facts() == recipe.facts()
    if row.low is not None and row.high is not None:
        for bad in (row.low - 1, row.high + 1):
            with pytest.raises(UsageError, match=r"out of range; (it|seeds) go"):
                Recipe(**{name: bad})
    if row.kind == "words":
        with pytest.raises(UsageError, match=f"{name}: 'nonsense' is none"):
            Recipe(**{name: ["skin", "nonsense"]})
    if row.kind == "choice":
        with pytest.raises(UsageError, match=f"recipe: {name}: input should be .*'{row.values[-1]}'"):
            Recipe(**{name: "nonsense"})


def test_words_stand_in_the_tables_order_and_all_are_none() -> None:
    assert Recipe(parts=("hair", "skin", "hair")).parts == ("skin", "hair")
    assert Recipe(parts=tuple(reversed(FIELDS["parts"].choices))) == Recipe()
    assert "parts" not in Recipe(parts=tuple(FIELDS["parts"].choices)).facts()


def test_the_parts_of_recipes_are_those_of_characters() -> None:
    assert list(FIELDS["parts"].choices) == list(KINDS)


def test_recipes_have_the_fields_of_the_table_and_no_others() -> None:
    assert list(Recipe.model_fields) == list(FIELDS)
    for name, hint in get_type_hints(RecipeFields, include_extras=True).items():
        assert get_origin(hint) is Annotated
        if FIELDS[name].kind == "choice":
            assert set(get_args(get_args(hint)[0])) == set(FIELDS[name].choices)


def test_fields_that_say_nothing_are_left_out_of_files() -> None:
    facts = Recipe(seed=7).facts()
    assert [name for name in FIELDS if name not in facts] == [
        *("latent", "w", "ws"),
        *("likeness", "topology", "parts", "hair", "hair_style", "garment", "unwrap", "image_format", "hair_joints"),
        *("face", "face_normals", "khr_character", "expression"),
    ]
    # A field younger than files that are about is said when it says something.
    chosen = Recipe(unwrap="xatlas")
    assert chosen.facts()["unwrap"] == "xatlas" and Recipe(**chosen.facts()) == chosen


@pytest.mark.parametrize("name", FIELDS)
def test_dictionaries_of_recipes_are_frozen(name: str) -> None:
    if FIELDS[name].kind not in ("values", "turns", "weights"):
        return
    given = {name: GOOD[FIELDS[name].kind]}
    for recipe in (Recipe(), Recipe(**given), Recipe().model_copy(update=given), Recipe(**given).model_copy(deep=True)):
        value: Any = getattr(recipe, name)
        assert isinstance(value, Mapping)
        with pytest.raises(TypeError, match="do not change"):
            value["head"] = 1.0
        # A young field with nothing in it is left out.
        assert type(recipe.facts().get(name, {})) is dict and (name in recipe.facts()) == (
            not FIELDS[name].later or bool(value)
        )


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_have_an_option_for_each_row_that_names_them(command: str) -> None:
    parameters = inspect.signature(COMMANDS[command]).parameters
    built: Any = typer.main.get_command(app)
    options = {each.name: each for each in built.commands[command].params}
    for row in FIELDS.values():
        assert (row.name in parameters) == (command in row.commands), row.name
        if command not in row.commands:
            continue
        option = options[row.name]
        flags = {flag for each in row.flag.split() for flag in each.split("/")}
        assert {*option.opts, *option.secondary_opts} == flags
        assert row.flag_help in option.help and (row.flag_help or row.sentence) in option.help
        if row.kind in ("count", "number", "flag", "choice", "text") and row.name != "seed":
            bakes = command == "bake" and row.name == "texture_size"
            assert option.default == (2048 if bakes else row.default)
        for choice in row.choices if row.kind == "choice" else ():
            assert choice in option.metavar.split("|")


@pytest.mark.parametrize("name", FIELDS)
def test_tables_have_a_column_for_each_row(name: str, tmp_path: Path) -> None:
    row = FIELDS[name]
    cell = CELLS.get(row.kind, str(good(row)))
    path = tmp_path / "a.tsv"
    path.write_text(f"name\t{name}\nx\t{cell}\n", encoding="utf-8")
    (read,) = read_rows(path, {})
    assert isinstance(read, Row), read
    assert getattr(read.recipe, name) == good(row)
    if row.kind not in ("text", "choice"):
        path.write_text(f"{name}\nnonsense\n", encoding="utf-8")
        (read,) = read_rows(path, {})
        assert isinstance(read, BadRow)


@pytest.mark.parametrize("name", FIELDS)
def test_plans_draw_each_row_but_who_it_is(name: str) -> None:
    row = FIELDS[name]
    if name == "seed":
        return
    if name in PERSON:
        with pytest.raises(UsageError, match="unknown field"):
            take_plan({name: {"choice": [[0.5]]}})
        with pytest.raises(UsageError, match=f"plan: {name} says who it is"):
            take_plan({}).facts(0, {name: [0.5]})
    elif row.kind not in ("values", "turns", "weights"):
        value = good(row)
        plain = list(value) if isinstance(value, tuple) else value
        assert Recipe(**take_plan({name: {"choice": [plain]}}).facts(3, {})).facts()[name] == plain


def test_capabilities_give_the_rows() -> None:
    found = capabilities(Engine())
    rows = found["recipe_fields"]
    assert [row["name"] for row in rows] == list(FIELDS)
    for row in rows:
        assert row == json.loads(json.dumps(FIELDS[row["name"]].facts()))
        if "range" in row and None not in row["range"]:
            assert found["limits"][row["name"]] == row["range"]
        assert found["defaults"].get(row["name"]) == (0 if row["name"] == "seed" else row["default"])
    for old, name in (("skeletons", "skeleton"), ("bone_namings", "bone_naming"), ("lod_maps", "lod_maps")):
        assert found[old] == list(FIELDS[name].choices)


def test_presets_hold_fields() -> None:
    for facts in PRESETS.values():
        assert Recipe(**facts).facts()


def test_the_page_is_up_to_date() -> None:
    page = recipe_page.PAGE.read_text(encoding="utf-8")
    assert page == recipe_page.page(), "run `python -m cli.recipe_page`"
    for name in FIELDS:
        assert f"| `{name}` | " in page
