# SPDX-License-Identifier: Apache-2.0
"""Recipes in files that went through other programs: the same values raise no alarm, other values do."""

from __future__ import annotations

import hashlib
import json
import random
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import portrait_core
from portrait_core.formats.gltf import glb_bytes
from portrait_core.formats.read_recipe import read_recipe
from portrait_core.formats.recipe_digest import recipe_digest, was_changed
from portrait_core.recipe import Recipe
from tests.formats.busts import bust_avatar

RECIPE = Recipe(
    seed=4294967295,
    psi=1.0,
    attributes={"age": -1.5, "gender": 2.0, "hair_length": -0.0, "smile": 1e-7},
    lods=(8000, 2000),
    pose={"head": (0.0, 0.3490658503988659, 0.0)},
).facts()
STORED = {"recipe": recipe_digest(RECIPE), "scheme": "values-1"}
BEFORE = {"recipe": hashlib.sha256(json.dumps(RECIPE, sort_keys=True, separators=(",", ":")).encode()).hexdigest()}


def javascript(value: Any, *, zero_sign: bool = False) -> Any:
    """What JSON.stringify(JSON.parse(text)) leaves: whole numbers lose their point, zero its sign."""
    if isinstance(value, dict):
        return {key: javascript(each, zero_sign=zero_sign) for key, each in value.items()}
    if isinstance(value, list):
        return [javascript(each, zero_sign=zero_sign) for each in value]
    if isinstance(value, float) and value.is_integer() and not (zero_sign and str(value) == "-0.0"):
        return int(value)
    return value


def rewritten(value: Any, draw: random.Random) -> Any:
    """The same values in another order, with numbers in other forms and empty entries gone or added."""
    if isinstance(value, dict):
        entries = [(key, rewritten(each, draw)) for key, each in value.items() if each not in ({}, [])]
        draw.shuffle(entries)
        return dict(entries) | ({"nothing": draw.choice([None, {}, []])} if draw.random() < 0.5 else {})
    if isinstance(value, list):
        return [rewritten(each, draw) for each in value]
    if isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer():
        return draw.choice([int(value), float(value), json.loads(f"{int(value)}e0")])
    return value


def test_the_same_values_in_any_form_have_one_digest() -> None:
    assert not was_changed(javascript(RECIPE), STORED)
    for seed in range(50):
        assert not was_changed(json.loads(json.dumps(rewritten(RECIPE, random.Random(seed)))), STORED)
    assert len({recipe_digest({"psi": each}) for each in (1, 1.0, json.loads("1e0"), json.loads("1.000E+0"))}) == 1
    assert len({recipe_digest({"psi": each}) for each in (0, 0.0, -0.0)}) == 1


@pytest.mark.parametrize("digests", [STORED, BEFORE], ids=["values", "text"])
def test_other_values_are_told(digests: dict[str, str]) -> None:
    assert not was_changed(RECIPE, digests)
    changes: list[dict[str, Any]] = [
        {"seed": 4294967294},
        {"psi": 1.0000000000000002},
        {"psi": True},
        {"attributes": {}},
        {"attributes": RECIPE["attributes"] | {"age": 1.5}},
        {"lods": [2000, 8000]},
        {"lods": [8000, 2000, 500]},
        {"pose": {"neck": RECIPE["pose"]["head"]}},
        {"model": "other"},
        {"seed": "4294967295"},
    ]
    for change in changes:
        assert was_changed(RECIPE | change, digests), change
    assert was_changed({key: each for key, each in RECIPE.items() if key != "lods"}, digests)


def test_files_from_before_are_checked_by_their_own_scheme() -> None:
    assert not was_changed(javascript(RECIPE, zero_sign=True), BEFORE)
    assert not was_changed(dict(reversed(RECIPE.items())), BEFORE)
    assert not was_changed(RECIPE, {"recipe": "0" * 64, "scheme": "values-9"})
    assert not was_changed(RECIPE, {}) and not was_changed(RECIPE, None)


@pytest.mark.parametrize("old", [False, True])
def test_a_glb_that_a_javascript_tool_has_rewritten(tmp_path: Path, old: bool) -> None:
    facts = {key: value for key, value in RECIPE.items()} | {"model": "bust"}
    facts["attributes"] = {"age": 1.0, "gender": -2.0}
    provenance = {"version": portrait_core.__version__}
    content = glb_bytes(replace(bust_avatar(), recipe=facts, provenance=provenance))
    (size,) = struct.unpack_from("<I", content, 12)
    tree = json.loads(content[20 : 20 + size])
    if old:
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
        tree["asset"]["extras"]["digests"] = {"recipe": hashlib.sha256(text.encode()).hexdigest()}
    text = json.dumps(javascript(tree)).encode()
    text += b" " * (-len(text) % 4)
    rest = content[20 + size :]
    path = tmp_path / "rewritten.glb"
    path.write_bytes(content[:8] + struct.pack("<II", 20 + len(text) + len(rest), len(text)) + b"JSON" + text + rest)
    found = read_recipe(path)
    assert found.warnings == ()
    assert Recipe.model_validate(found.recipe) == Recipe.model_validate(facts)
    path.write_bytes(path.read_bytes().replace(b'"age": 1', b'"age": 3', 1))
    assert "its recipe was changed" in read_recipe(path).warnings[0]
