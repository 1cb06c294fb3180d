# SPDX-License-Identifier: Apache-2.0
"""Random plans: recipes drawn from a file of distributions, the same ones for the same seed.

A plan is TOML: every field of a recipe is a value or a distribution, ``attributes`` and ``pose`` are tables of them.

    seed = 1                       # of the draws; one that is given goes first
    psi = { uniform = [0.6, 1.0] }
    texture_size = { choice = [1024, 2048], weights = [3, 1] }
    [attributes]
    age = { normal = [0.0, 1.0], within = [-2.0, 2.0] }
    [pose.head]                    # degrees
    y = { uniform = [-30, 30] }

Each field of each avatar is drawn from a stream of its own, so that a longer plan begins with the shorter one, and a
field that is added changes no other. Who it is, the recipe's seed, is drawn too unless the plan says
``seeds = "count"`` (0, 1, 2 ...).
"""

from __future__ import annotations

import math
import tomllib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.errors import UsageError, suggestion
from portrait_core.recipe import MAX_SEED, Recipe
from portrait_core.recipe_fields import FIELDS, PERSON
from portrait_core.weights.header import ModelHeader

KINDS = ("uniform", "normal", "integers", "choice")
TRIES = 1000
"""Draws of a normal distribution outside its limits before the nearest limit is taken."""


@dataclass(frozen=True)
class Plan:
    """A plan that was read and checked. ``fields`` by dotted name, each a constant or a distribution."""

    seed: int
    counted: bool
    fields: Mapping[str, object]

    def facts(self, index: int, base: Mapping[str, Any]) -> dict[str, Any]:
        """The recipe fields of avatar ``index`` over ``base``."""
        facts: dict[str, Any] = {**base, "seed": index if self.counted else self._person(index)}
        facts["attributes"] = dict(cast("dict[str, float]", base.get("attributes", {})))
        pose: dict[str, list[float]] = {
            joint: list(turn) for joint, turn in cast("dict[str, Any]", base.get("pose", {})).items()
        }
        for name, wanted in self.fields.items():
            value = draw(wanted, self._stream(index, name))
            group, _, rest = name.partition(".")
            if group == "attributes":
                facts["attributes"][rest] = cast("Any", value)
            elif group == "pose":
                joint, _, axis = rest.partition(".")
                turn = pose.setdefault(joint, [0.0, 0.0, 0.0])
                turn["xyz".index(axis)] = math.radians(float(cast("float", value)))
            else:
                facts[name] = value
        facts["pose"] = pose
        for name in PERSON:
            if name != "seed" and facts.get(name) is not None:
                raise UsageError(f"plan: {name} says who it is, which a plan draws; leave it out.")
        return facts

    def _person(self, index: int) -> int:
        return int(self._stream(index, "seed").integers(0, MAX_SEED + 1))

    def _stream(self, index: int, name: str) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence([self.seed, index, zlib.crc32(name.encode())]))


def read_plan(path: Path, seed: int | None = None) -> Plan:
    """Read a plan; ``seed`` goes before the one in the file. Raises :class:`UsageError` with the field's name."""
    try:
        content: dict[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"plan {path}: {error.strerror or error}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"plan {path}: not TOML ({error}).") from None
    try:
        return take_plan(content, seed)
    except UsageError as error:
        raise UsageError(f"plan {path}: {error}", remedy=error.remedy) from None


def take_plan(content: Mapping[str, object], seed: int | None = None) -> Plan:
    """A plan of parsed TOML; raises :class:`UsageError`."""
    fields: dict[str, object] = {}
    own, counted = 0, False
    for name, value in cast("dict[str, Any]", content).items():
        table = isinstance(value, dict)
        if name == "seed" and not table:
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_SEED:
                raise UsageError(f"seed: expected a whole number from 0 to {MAX_SEED}, got {_shown(value)}.")
            own = value
        elif name == "seeds":
            if value not in ("count", "draw"):
                raise UsageError(f'seeds: expected "count" or "draw", got {_shown(value)}.')
            counted = value == "count"
        elif name == "attributes":
            fields.update({f"attributes.{key}": each for key, each in _table(value, name).items()})
        elif name == "pose":
            for joint, turn in _table(value, name).items():
                if joint not in SMPL_JOINT_NAMES:
                    raise UsageError(f"pose.{joint}: no joint. {suggestion(joint, SMPL_JOINT_NAMES, what='joints')}")
                for axis, each in _table(turn, f"pose.{joint}").items():
                    if axis not in ("x", "y", "z"):
                        raise UsageError(f"pose.{joint}.{axis[:20]}: axes are x, y and z, in degrees.")
                    fields[f"pose.{joint}.{axis}"] = each
        elif name in FIELDS and (name == "seed" or name not in PERSON):
            fields[name] = value
        else:
            hint = suggestion(name, [*FIELDS, "seeds"], what="known fields")
            raise UsageError(f"unknown field {name[:60]!r}. {hint}")
    for name, wanted in fields.items():
        _check(name, wanted)
    return Plan(own if seed is None else seed, counted, fields)


def _shown(value: Any) -> str:
    return repr(str(value)[:40])


def _table(value: Any, name: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise UsageError(f"{name}: expected a table, got {_shown(value)}.")
    return cast("dict[str, object]", value)


def _check(name: str, wanted: object) -> None:
    """Refuse distributions that are none."""
    if not isinstance(wanted, dict):
        return
    facts = cast("dict[str, Any]", wanted)
    kinds = [kind for kind in KINDS if kind in facts]
    others = sorted(set(facts) - {*KINDS, "weights", "within"})
    if len(kinds) != 1 or others:
        raise UsageError(f"{name}: a distribution has one of {', '.join(KINDS)} (and weights, within).")
    values: list[Any] = facts[kinds[0]]
    if not _is_list(values) or not values:
        raise UsageError(f"{name}: {kinds[0]} takes a list.")
    if kinds[0] == "choice":
        weights: list[float] = facts.get("weights", [1] * len(values))
        if not _is_list(weights) or len(weights) != len(values):
            raise UsageError(f"{name}: choice needs as many weights as values.")
        if not _numbers(weights) or min(weights) < 0 or sum(weights) <= 0:
            raise UsageError(f"{name}: weights are numbers of 0 and more, not all 0.")
        return
    if len(values) != 2 or not _numbers(values):
        raise UsageError(f"{name}: {kinds[0]} takes two numbers.")
    first, second = values
    if kinds[0] == "normal":
        within: list[float] = facts.get("within", [-math.inf, math.inf])
        if second < 0:
            raise UsageError(f"{name}: normal takes mean and deviation, which is not negative.")
        if not _is_list(within) or len(within) != 2 or not _numbers(within, endless=True):
            raise UsageError(f"{name}: within takes two numbers.")
        if within[0] > within[1]:
            raise UsageError(f"{name}: within takes the lower limit first.")
    elif first > second:
        raise UsageError(f"{name}: {kinds[0]} takes the lower number first.")
    elif kinds[0] == "integers" and not all(float(each).is_integer() and abs(each) < 2**53 for each in (first, second)):
        raise UsageError(f"{name}: integers takes two whole numbers.")


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _numbers(values: list[Any], *, endless: bool = False) -> bool:
    return all(
        isinstance(each, int | float) and not isinstance(each, bool) and (endless or abs(each) < 1e300)
        for each in values
    )


def draw(wanted: object, stream: np.random.Generator) -> object:
    """A value of a checked distribution; a constant is itself."""
    if not isinstance(wanted, dict):
        return wanted
    facts = cast("dict[str, list[Any]]", wanted)
    if "choice" in facts:
        values = facts["choice"]
        weights = np.array([float(each) for each in facts.get("weights", [1.0] * len(values))])
        return cast("object", values[int(stream.choice(len(weights), p=weights / weights.sum()))])
    if "integers" in facts:
        low, high = (int(each) for each in facts["integers"])
        return int(stream.integers(low, high + 1))
    if "uniform" in facts:
        low, high = (float(each) for each in facts["uniform"])
        return round(stream.uniform(low, high), 6)
    mean, deviation = (float(each) for each in facts["normal"])
    least, most = (float(each) for each in facts.get("within", [-math.inf, math.inf]))
    for _ in range(TRIES):
        value = stream.normal(mean, deviation)
        if least <= value <= most:
            return round(value, 6)
    return min(max(mean, least), most)


def check_plan(plan: Plan, header: ModelHeader, base: Mapping[str, Any]) -> Recipe:
    """The first recipe of a plan, checked with its model: one mistake for all is told at once."""
    recipe = Recipe.model_validate(plan.facts(0, base))
    recipe.check(header)
    return recipe
