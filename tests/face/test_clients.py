# SPDX-License-Identifier: Apache-2.0
"""What programs want: rows that recipes take, options that go before them, and a page that says the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from cli import batch_plan, options
from cli.recipe_options import Wanted
from cli.recipes import take_order
from portrait_core.errors import UsageError
from portrait_core.face.clients import CLIENTS, COMMON, DECIDED, Client, client_named
from portrait_core.face.emotions import EXPRESSIONS
from portrait_core.formats.write import ENDINGS
from portrait_core.recipe import Recipe
from portrait_core.recipe_fields import FIELDS
from portrait_core.weights.header import METADATA_KEY, read_header
from portrait_core.weights.registry import find_model

PAGE = (Path(__file__).parents[2] / "docs" / "faces.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module", params=[1, 2], ids=["without", "with"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The head of a file of a model whose template has no shapes, and of one that has."""
    header = read_header(find_model("starter")).model_copy(
        update={"name": "faced", "parts": {"version": request.param, "hair": ["bob01"]}}
    )
    path = tmp_path_factory.mktemp("models") / "faced.safetensors"
    save_file({"x": np.zeros(1, np.float32)}, path, {METADATA_KEY: header.model_dump_json()})
    return path


def asked(model: Path, **given: Any) -> Wanted:
    empty = {"counts": None, "words": None, "values": None, "turns": None, "weights": None}
    values = {name: empty.get(row.kind, row.default) for name, row in FIELDS.items() if "generate" in row.commands}
    return Wanted(values | {"model": str(model)} | given, frozenset(given))


def only(wanted: Wanted, **more: Any) -> Recipe:
    (recipe,) = take_order(wanted, name="x", **more).recipes
    return recipe


@pytest.mark.parametrize("name", CLIENTS)
def test_rows_are_recipes_and_formats_that_there_are(name: str) -> None:
    client = CLIENTS[name]
    assert client.own.keys() <= set(DECIDED) and COMMON.keys() <= set(DECIDED) <= FIELDS.keys()
    assert all(value != FIELDS[field].default for field, value in {**COMMON, **client.own}.items()), "said for nothing"
    recipe = Recipe(**client.recipe())
    for field, value in client.own.items():
        assert getattr(recipe, field) == value
    # .vrm has a writer of its own.
    assert all(f".{ending}" in (*ENDINGS, ".vrm") for ending in client.formats.split(","))
    assert client.why.endswith(".") and client.recipe(["skeleton", "faces"]).keys().isdisjoint({"skeleton", "faces"})
    assert client.face == "both", "a recipe of a model with shapes has it by itself"


@pytest.mark.parametrize("name", CLIENTS)
def test_a_program_sets_what_nobody_says(model: Path, name: str) -> None:
    client = CLIENTS[name]
    recipe = only(asked(model), client=name)
    for field, value in client.recipe().items():
        assert getattr(recipe, field) == value, field
    assert recipe.topology == "parts" and recipe.face == ("both" if read_header(model).has_face else "none")
    said = only(asked(model, skeleton="smpl24", texture_size=512), client=name)
    assert (said.skeleton, said.texture_size, said.bone_naming) == ("smpl24", 512, recipe.bone_naming)
    assert options.formats_for(name, "glb", asked(model)) == client.formats
    assert options.formats_for(name, "obj", asked(model, formats="obj")) == "obj"


@pytest.mark.parametrize("name", CLIENTS)
def test_batches_do_alike(model: Path, name: str) -> None:
    models = batch_plan.Models()
    base = batch_plan.base_facts(asked(model, texture_size=256), None, None, print, name)
    ((recipe, _),) = batch_plan.seeded("5", base, models)
    assert recipe == only(asked(model, texture_size=256, seed="5"), client=name).model_copy(update={"seed": 5})


def test_new_recipes_have_a_face_where_the_model_has_one(model: Path, tmp_path: Path) -> None:
    has = read_header(model).has_face
    assert only(asked(model)).face == ("both" if has else "none")
    assert only(asked(model, face="none")).face == "none"
    assert only(asked(model, topology="shell")).face == "none"
    stored = tmp_path / "old.json"
    stored.write_text(f'{{"recipe": {{"model": "{model}", "topology": "parts"}}}}', encoding="utf-8")
    assert only(asked(model), recipe_file=stored).face == "none"
    assert only(asked(model), recipe_file=stored, client="godot").face == ("both" if has else "none")
    for given in ({"face": "morphs"}, {"expression": "smile"}):
        if has:
            assert only(asked(model, **given)).topology == "parts"
            with pytest.raises(UsageError, match="is for avatars of parts, and this one is a shell"):
                only(asked(model, topology="shell", **given))
        else:
            with pytest.raises(UsageError, match="model faced has no shapes of the face"):
                only(asked(model, **given))


def test_expressions_come_as_shapes(model: Path) -> None:
    if not read_header(model).has_face:
        return
    assert only(asked(model, expression="open=0.5")).expression == {"jawOpen": 0.5}
    with pytest.raises(UsageError, match="no shape 'smle'"):
        only(asked(model, expression="smle"))
    with pytest.raises(UsageError, match="expression: jawOpen is 3; weights go from -1 to 2"):
        only(asked(model, expression="open=3"))


def test_unknown_programs_are_told() -> None:
    with pytest.raises(UsageError, match=r"no program is called 'unty'\. Did you mean unity"):
        client_named("unty")


def line(name: str, row: Client) -> str:
    recipe = Recipe(**row.recipe())
    face = "shapes and joints" + (", with normals" if recipe.face_normals else "")
    triangles = ", ".join(f"{count:,}" for count in (recipe.faces, *recipe.lods))
    return (
        f"| `{name}` | {row.title} | `.{row.formats}` | `{recipe.skeleton}` | `{recipe.bone_naming}` | {face} | "
        f"{triangles} | {recipe.texture_size}, {recipe.image_format.upper()} | "
        f"{'yes' if recipe.hair_joints else 'no'} |"
    )


@pytest.mark.parametrize("name", CLIENTS)
def test_the_page_says_what_the_rows_say(name: str) -> None:
    assert line(name, CLIENTS[name]) in PAGE.splitlines()
    assert f"- `{name}`: {CLIENTS[name].why}" in PAGE.splitlines()


def test_the_page_names_every_expression() -> None:
    for name in EXPRESSIONS:
        assert f"`{name}`" in PAGE
