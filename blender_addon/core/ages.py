# SPDX-License-Identifier: GPL-3.0-or-later
"""Engine and add-on may be of different age: which is the older, what to do, and what the older engine can be sent."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from .engine_copies import protocol, recipe_fields
from .failure import Failure
from .text import Text

ENGINE_IS_OLDER = "The engine is the older of the two: press Remove Engine in the preferences, then Set Up Engine."
LACKS = "The engine is older than the add-on and cannot do that yet: press Set Up Engine in the preferences"
"""Why a button is grey."""
ADDON_IS_OLDER = "The add-on is the older of the two: install the new add-on's zip, which brings its engine along."

Message = dict[str, Any]


@cache
def addon_version() -> str:
    """The add-on's own version; 0.0.0 in the source tree, where nothing was built."""
    manifest = Path(__file__).resolve().parents[1] / "blender_manifest.toml"
    return str(tomllib.loads(manifest.read_text(encoding="utf-8"))["version"])


def advice(engine: object, addon: str | None = None) -> str:
    """Which of the two to update, by their versions; empty where those are the same or cannot be told."""
    one, two = _order(str(engine)), _order(addon or addon_version())
    if one is None or two is None or one == two or two[0] == (0, 0, 0):
        return ""
    return ENGINE_IS_OLDER if one < two else ADDON_IS_OLDER


def refusal(hello: Message) -> Failure | None:
    """Why a worker with this greeting cannot be used: it speaks another protocol."""
    spoken: object = hello.get("protocol")
    if spoken == protocol.PROTOCOL:
        return None
    facts = {"engine": spoken, "addon": protocol.PROTOCOL}
    told = Text("The engine speaks protocol {engine}, this add-on speaks {addon}.", **facts)
    newer = isinstance(spoken, int) and spoken > protocol.PROTOCOL
    return Failure("version", told, ADDON_IS_OLDER if newer else ENGINE_IS_OLDER)


def fitted(request: Message, capabilities: Mapping[str, Any] | None) -> Message:
    """The request without recipe fields that the engine does not know yet, as long as they have their defaults.

    Raises :class:`Failure` for one that says something which the engine would not do. What this add-on does not know
    either is left to the engine to judge: it may be misspelt.
    """
    told: object = (capabilities or {}).get("recipe_fields")
    if not isinstance(told, list):
        return request
    known = {str(row["name"]) for row in cast("list[Message]", told)}
    newer = {name: row.facts()["default"] for name, row in recipe_fields.FIELDS.items() if name not in known}
    said = sorted(
        {name for recipe in _recipes(request) for name in newer.keys() & recipe.keys() if recipe[name] != newer[name]}
    )
    if said:
        message = Text("This engine does not know the recipe's “{names}”.", names=", ".join(said))
        raise Failure("version", message, ENGINE_IS_OLDER)
    if not newer:
        return request

    def known_part(value: object) -> object:
        return {name: each for name, each in cast("Message", value).items() if name not in newer}

    fields = {name: known_part(request[name]) for name in _SINGLE if isinstance(request.get(name), dict)}
    if isinstance(request.get("recipes"), list):
        fields["recipes"] = [known_part(each) for each in cast("list[object]", request["recipes"])]
    return {**request, **fields}


_SINGLE = ("recipe", "a", "b", "worn")
"""Fields of requests that hold a recipe; `recipes` holds several."""


def _recipes(request: Message) -> Iterator[Message]:
    several: object = request.get("recipes")
    for each in (*(request.get(name) for name in _SINGLE), *(several if isinstance(several, list) else ())):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        if isinstance(each, dict):
            yield cast("Message", each)


def _order(version: str) -> tuple[tuple[int, int, int], str, int] | None:
    """Something to compare versions by, in pip's form or in Blender's: 0.2.0.dev1 and 0.2.0-dev.1 are the same."""
    found = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(?:[.-]?(dev|a|b|rc)\.?(\d+))?", version)
    if found is None:
        return None
    # “dev” comes before “a”, and a version without any of these is the last
    stage = {"dev": "0", "a": "1", "b": "2", "rc": "3"}.get(found[4] or "", "4")
    return (int(found[1]), int(found[2]), int(found[3])), stage, int(found[5] or 0)
