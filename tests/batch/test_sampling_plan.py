# SPDX-License-Identifier: Apache-2.0
"""Random plans: the same ones for the same seed, of the distributions that were asked for."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from portrait_core.batch.sampling_plan import check_plan, read_plan, take_plan
from portrait_core.errors import UsageError
from portrait_core.recipe import Recipe
from tests.analytic_model import HEADER

PLAN = """
seed = 4
psi = { uniform = [0.6, 1.0] }
texture_size = { choice = [512, 1024], weights = [3, 1] }
faces = { integers = [1000, 1003] }
[attributes]
size = { normal = [0.0, 1.0], within = [-0.5, 2.0] }
[pose.head]
y = { uniform = [-40, 40] }
z = 10
"""


def plan(tmp_path: Path, text: str = PLAN, seed: int | None = None) -> Any:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    return read_plan(path, seed)


def test_distributions_are_those_asked_for(tmp_path: Path) -> None:
    drawn = [Recipe.model_validate(plan(tmp_path).facts(index, {"model": "balls"})) for index in range(600)]
    psi = np.array([each.psi for each in drawn])
    assert 0.6 <= psi.min() < 0.63 and 0.97 < psi.max() <= 1.0 and abs(psi.mean() - 0.8) < 0.02
    assert abs(np.mean([each.texture_size == 512 for each in drawn]) - 0.75) < 0.06
    assert {each.faces for each in drawn} == {1000, 1001, 1002, 1003}
    size = np.array([each.attributes["size"] for each in drawn])
    assert size.min() >= -0.5 and size.max() <= 2.0 and 0.2 < size.mean() < 0.7
    head = np.array([each.pose["head"] for each in drawn])
    assert np.abs(head[:, 1]).max() <= math.radians(40) and head[:, 1].std() > 0.3
    assert np.allclose(head[:, 2], math.radians(10)) and np.all(head[:, 0] == 0)
    assert len({each.seed for each in drawn}) > 595


def test_the_same_seed_draws_the_same_and_a_longer_plan_begins_with_the_shorter(tmp_path: Path) -> None:
    first = [plan(tmp_path).facts(index, {}) for index in range(5)]
    assert first == [plan(tmp_path).facts(index, {}) for index in range(5)]
    assert first != [plan(tmp_path, seed=5).facts(index, {}) for index in range(5)]
    more = PLAN.replace("[attributes]", 'skeleton = { choice = ["bust", "smpl24"] }\n[attributes]')
    for old, new in zip(first, [plan(tmp_path, more).facts(index, {}) for index in range(5)], strict=True):
        assert old == {key: value for key, value in new.items() if key != "skeleton"}


def test_seeds_may_count() -> None:
    assert [take_plan({"seeds": "count"}).facts(index, {})["seed"] for index in range(3)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"fases": 3}, "Did you mean faces"),
        ({"psi": {"uniform": [1, 0]}}, "lower number first"),
        ({"psi": {"uniform": [1]}}, "two numbers"),
        ({"psi": {"uniform": ["a", "b"]}}, "two numbers"),
        ({"psi": {"gauss": [0, 1]}}, "has one of"),
        ({"psi": {"normal": [0, -1]}}, "not negative"),
        ({"psi": {"choice": []}}, "takes a list"),
        ({"psi": {"choice": [1, 2], "weights": [0, 0]}}, "not all 0"),
        ({"faces": {"integers": [0.5, 2]}}, "whole numbers"),
        ({"pose": {"haed": {"x": 1}}}, "Did you mean head"),
        ({"pose": {"head": {"w": 1}}}, "axes are x, y and z"),
        ({"attributes": 3}, "expected a table"),
        ({"seed": -1}, "whole number"),
    ],
)
def test_what_is_wrong_is_told_by_field(content: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        take_plan(content)


def test_a_plan_is_checked_with_its_model(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown attribute"):
        check_plan(take_plan({"attributes": {"sise": 1.0}}), HEADER, {"model": "balls"})
    with pytest.raises(UsageError, match="not TOML"):
        plan(tmp_path, "psi = = 3")
