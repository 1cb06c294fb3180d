# SPDX-License-Identifier: Apache-2.0
"""The table of recipe fields is the only place where a field is declared: every surface is walked against it."""

from __future__ import annotations

import ast
import copy
import json
import pickle
import sys
from pathlib import Path

import pytest

from portrait_core.recipe_fields import FIELDS, SECTIONS, FrozenDict

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
    assert (row.kind == "choice") == bool(row.choices)
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
