# SPDX-License-Identifier: Apache-2.0
"""The panel, the scripts and the recipes that are sent hold what the table of recipe fields says, all of it."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import bpy
import pytest

Part = Callable[[str], ModuleType]


def other(row: Any) -> Any:
    """A value that is not the default."""
    if row.kind == "flag":
        return not row.default
    if row.kind == "choice":
        return next(value for value in row.choices if value != row.default)
    if row.kind == "words":
        return list(row.choices)[:2]
    return "other" if row.kind == "text" else row.low if row.low != row.default else row.high


def test_each_row_is_a_property_of_panel_and_script(scene: Any, part: Part) -> None:
    table = part("jobs.recipe_properties")
    panel = scene.portraitkit.bl_rna.properties
    script = bpy.ops.portraitkit.generate.get_rna_type().properties
    assert {row.name for row in table.PLAIN} >= {"psi", "faces", "closed", "texture", "lattice", "skeleton"}
    for rows, properties in ((table.PLAIN, panel), (table.IN_SCRIPTS, script)):
        for row in rows:
            found = properties[row.name]
            assert (found.name, found.description) == (row.label, row.help.removesuffix("."))
            if row.kind == "words":
                assert found.is_enum_flag and found.default_flag == set(row.default)
            else:
                assert found.default == (row.default if row.default is not None else 0)
            if row.kind in ("choice", "words"):
                told = {each.identifier: (each.name, each.description) for each in found.enum_items}
                assert told == dict(row.choices)
            if row.kind in ("count", "number"):
                assert (found.hard_min, found.hard_max) == (row.low, min(row.high, table.MOST))
            if row.usual:
                assert (found.soft_min, found.soft_max) == pytest.approx(row.usual)


def test_the_recipe_that_is_sent_has_every_field_of_the_panel(scene: Any, part: Part) -> None:
    table, recipes = part("jobs.recipe_properties"), part("jobs.recipes")
    recipe = recipes.from_settings(scene.portraitkit)
    defaults = {row.name: row.facts()["default"] for row in table.IN_PANEL} | {"seed": 0}
    assert recipe == {name: value for name, value in defaults.items() if not table.FIELDS[name].later}


def test_a_recipe_is_shown_and_sent_again(scene: Any, part: Part) -> None:
    table, recipes = part("jobs.recipe_properties"), part("jobs.recipes")
    changed = {row.name: other(row) for row in table.PLAIN} | {"w": [0.5, -0.25]}
    recipe = {name: value for name, value in recipes.from_settings(scene.portraitkit).items() if name != "seed"}
    recipe |= changed | {"lods": recipes.levels_of(changed["faces"], 0), "topology": "parts"}
    recipes.show(scene.portraitkit, recipe)
    assert recipes.from_settings(scene.portraitkit) == recipe
    recipes.show(scene.portraitkit, {"seed": 7}, looks_only=True)
    again = recipes.from_settings(scene.portraitkit)
    assert (again["seed"], again["psi"], again["faces"]) == (7, 1.0, changed["faces"])
    assert "w" not in again


def test_a_field_that_a_recipe_does_without_is_shown_with_its_default(scene: Any, part: Part) -> None:
    recipes = part("jobs.recipes")
    plain = recipes.from_settings(scene.portraitkit)
    scene.portraitkit.unwrap = "xatlas"
    assert recipes.from_settings(scene.portraitkit) == plain | {"unwrap": "xatlas"}
    recipes.show(scene.portraitkit, plain)
    assert scene.portraitkit.unwrap == "auto" and recipes.from_settings(scene.portraitkit) == plain


@pytest.mark.parametrize(
    ("kind", "default", "more"),
    [
        ("flag", True, {}),
        ("count", 3, {"low": 1, "high": 2**32 - 1}),
        ("count", None, {}),
        ("number", 0.5, {"low": -1.0, "high": 2.0, "usual": (0.0, 1.0)}),
        ("choice", "b", {"choices": {"a": ("A", "One"), "b": ("B", "Two")}}),
        ("text", "plain", {}),
    ],
)
def test_a_row_of_any_kind_becomes_a_property(part: Part, kind: str, default: Any, more: dict[str, Any]) -> None:
    fields, table = part("core.engine_copies").recipe_fields, part("jobs.recipe_properties")
    row = fields.RecipeField(
        help="What it is.", label="New", section="mesh", name="new", kind=kind, default=default, **more
    )
    group = type("PORTRAITKIT_PG_new", (bpy.types.PropertyGroup,), {"__annotations__": table.annotations((row,))})
    bpy.utils.register_class(group)
    try:
        found = group.bl_rna.properties["new"]
        assert (found.name, found.description) == ("New", "What it is")
        assert found.default == (default or 0)
    finally:
        bpy.utils.unregister_class(group)


def test_a_script_may_give_every_field(scene: Any, part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    table, make = part("jobs.recipe_properties"), part("jobs.make")
    sent: list[dict[str, Any]] = []

    def generate(recipe: dict[str, Any], _name: str, **_more: Any) -> Any:
        sent.append(recipe)
        yield from ()

    monkeypatch.setattr(make.workflows, "generate", generate)
    monkeypatch.setenv("PORTRAITKIT_ENGINE_PYTHON", "/engine/python")
    given = {row.name: other(row) for row in table.IN_SCRIPTS}
    words = {name: set(value) for name, value in given.items() if isinstance(value, list)}
    assert bpy.ops.portraitkit.generate(**(given | words)) == {"FINISHED"}
    (recipe,) = sent
    assert [recipe[name] for name in words] == [given.pop(name) for name in words]
    assert {name: recipe[name] for name in given} == pytest.approx(given)


def test_new_avatars_are_of_what_the_model_has(scene: Any, part: Part) -> None:
    recipes, attributes = part("jobs.recipes"), part("jobs.attributes")
    scene.portraitkit.parts = {"skin"}
    assert "topology" not in recipes.from_settings(scene.portraitkit)  # nobody knows the model yet
    assert "parts" not in recipes.from_settings(scene.portraitkit)
    attributes.know({"models": [{"name": "starter", "topologies": ["parts", "shell"]}]})
    try:
        recipe = recipes.from_settings(scene.portraitkit)
        assert (recipe["topology"], recipe["parts"]) == ("parts", ["skin"])
        scene.portraitkit.topology = "shell"
        assert "topology" not in recipes.from_settings(scene.portraitkit)
        # A recipe that is there and says nothing is a shell.
        recipes.show(scene.portraitkit, {"seed": 7})
        assert scene.portraitkit.topology == "shell"
    finally:
        attributes.know(None)
