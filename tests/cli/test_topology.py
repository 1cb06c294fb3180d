# SPDX-License-Identifier: Apache-2.0
"""New recipes are of parts where their model has them; recipes that are there and say nothing are shells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from cli import batch_plan
from cli.recipe_options import Wanted
from cli.recipes import take_order
from portrait_core.batch.table import BadRow, read_rows
from portrait_core.errors import UsageError
from portrait_core.recipe import Recipe
from portrait_core.recipe_fields import FIELDS
from portrait_core.weights.header import METADATA_KEY, read_header
from portrait_core.weights.registry import find_model


@pytest.fixture(scope="module")
def parted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights file whose header says that it has a parts template."""
    header = read_header(find_model("starter")).model_copy(update={"name": "parted", "parts": {"version": 1}})
    path = tmp_path_factory.mktemp("models") / "parted.safetensors"
    save_file({"x": np.zeros(1, np.float32)}, path, {METADATA_KEY: header.model_dump_json()})
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of a model without."""
    header = read_header(find_model("starter")).model_copy(update={"name": "whole", "parts": {}})
    path = tmp_path_factory.mktemp("models") / "whole.safetensors"
    save_file({"x": np.zeros(1, np.float32)}, path, {METADATA_KEY: header.model_dump_json()})
    return path


def asked(model: Path, **given: Any) -> Wanted:
    empty = {"counts": None, "words": None, "values": None, "turns": None}
    values = {name: empty.get(row.kind, row.default) for name, row in FIELDS.items() if "generate" in row.commands}
    return Wanted(values | {"model": str(model)} | given, frozenset(given))


def only(wanted: Wanted, **more: Any) -> Recipe:
    (recipe,) = take_order(wanted, name="x", **more).recipes
    return recipe


def test_new_recipes_are_of_what_the_model_has(parted: Path, whole: Path) -> None:
    assert only(asked(parted)).topology == "parts"
    assert only(asked(whole)).topology == "shell"
    assert only(asked(parted, topology="shell")).topology == "shell"
    assert only(asked(parted, parts="hair,skin", hair="none")).parts == ("skin", "hair")


def test_parts_of_a_model_without_are_refused_with_what_to_do(whole: Path) -> None:
    with pytest.raises(UsageError, match="whole has no parts template") as caught:
        only(asked(whole, topology="parts"))
    assert caught.value.remedy is not None
    assert caught.value.remedy.facts() == {"do": "set_field", "field": "topology", "value": "shell"}
    with pytest.raises(UsageError, match=r"--hair-style is for avatars of parts.*model whole has none"):
        only(asked(whole, hair_style="long01"))


def test_a_stored_recipe_that_says_nothing_is_a_shell(parted: Path, tmp_path: Path) -> None:
    stored = tmp_path / "old.json"
    stored.write_text(json.dumps({"recipe": {"model": str(parted), "seed": 3}}), encoding="utf-8")
    assert only(asked(parted), recipe_file=stored).topology == "shell"
    assert only(asked(parted, topology="parts"), recipe_file=stored).topology == "parts"
    with pytest.raises(UsageError, match="--parts is for avatars of parts, and this one is a shell"):
        only(asked(parted, parts="skin"), recipe_file=stored)


@pytest.mark.parametrize(("has", "wanted"), [("parted", "parts"), ("whole", "shell")])
def test_batches_begin_with_what_the_model_has(has: str, wanted: str, request: pytest.FixtureRequest) -> None:
    model: Path = request.getfixturevalue(has)
    models = batch_plan.Models()
    base = batch_plan.base_facts(asked(model), None, None, print)
    assert {recipe.topology for recipe, _ in batch_plan.seeded("0-2", base, models)} == {wanted}
    assert {recipe.topology for recipe, _ in batch_plan.drawn(None, 2, 1, base, models)} == {wanted}
    chosen = batch_plan.base_facts(asked(model, topology="shell"), None, "draft", print)
    assert {recipe.topology for recipe, _ in batch_plan.seeded("0-2", chosen, models)} == {"shell"}


def test_rows_of_csv_are_new_and_objects_of_json_are_there(parted: Path, tmp_path: Path) -> None:
    header = read_header(parted)
    base, headers = {"model": header.name}, {header.name: header}
    new, old = tmp_path / "new.csv", tmp_path / "old.jsonl"
    new.write_text("seed,topology\n1,\n2,shell\n", encoding="utf-8")
    old.write_text('{"seed": 1}\n{"seed": 2, "topology": "parts"}\n', encoding="utf-8")
    found = [[row.recipe.topology for row in read_rows(path, base, headers) if not isinstance(row, BadRow)]
             for path in (new, old)]  # fmt: skip
    assert found == [["parts", "shell"], ["shell", "parts"]]
