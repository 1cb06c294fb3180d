# SPDX-License-Identifier: GPL-3.0-or-later
"""An avatar's attributes live on its armature: plain properties that are keyed, driven and overridden as any other.

``look_age`` is the slider of ``age``. Its default is where the seed alone puts the person, so that Blender's own
*Reset to Default Value* gives that back.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import bpy

PREFIX = "look_"
LOCKS_KEY = "portraitkit_locks"
"""Custom property of the armature: names, as JSON, that *Randomise* and *Reset* leave alone."""
SAME = 2e-5
"""Values this close are the same: Blender keeps sliders in single precision."""

Values = dict[str, float]


def property_of(name: str) -> str:
    """The armature's property of an attribute."""
    return PREFIX + name


def path_of(name: str) -> str:
    """The data path of that property."""
    return f'["{property_of(name)}"]'


def names_of(armature: bpy.types.Object) -> list[str]:
    """The attributes that an armature has sliders for, in the order in which they came."""
    return [key.removeprefix(PREFIX) for key in armature.keys() if key.startswith(PREFIX)]  # noqa: SIM118


def values_of(armature: bpy.types.Object) -> Values:
    """Where the sliders stand, worked out by keys and drivers too, between their ends."""
    found: Values = {}
    for name in names_of(armature):
        low, high = ends_of(armature, name)
        value = float(armature[property_of(name)])
        found[name] = round(min(max(value, low), high), 6) if math.isfinite(value) else own_of(armature, name)
    return found


def own_of(armature: bpy.types.Object, name: str) -> float:
    """Where the seed puts the person."""
    return float(armature.id_properties_ui(property_of(name)).as_dict().get("default", 0.0))


def ends_of(armature: bpy.types.Object, name: str) -> tuple[float, float]:
    """The least and the greatest value that the model takes."""
    facts = armature.id_properties_ui(property_of(name)).as_dict()
    return float(facts.get("min", -3.0)), float(facts.get("max", 3.0))


def set_of(armature: bpy.types.Object) -> Values:
    """The attributes that are not where the seed puts them: those of a recipe."""
    found = values_of(armature)
    return {name: value for name, value in found.items() if abs(value - own_of(armature, name)) > SAME}


def give(armature: bpy.types.Object, attributes: Sequence[Mapping[str, Any]], own: Values, given: Values) -> None:
    """Give an armature the sliders of its model, as the engine tells them.

    ``own`` is where the seed puts the person, ``given`` what the recipe sets. Sliders that are there keep their keys
    and drivers; those of another model go.
    """
    wanted = {str(each["name"]): each for each in attributes if str(each["name"]) in own}
    for name in names_of(armature):
        if name not in wanted:
            del armature[property_of(name)]
    for name, facts in wanted.items():
        armature[property_of(name)] = float(given.get(name, own[name]))
        low, high = float(facts["low"]), float(facts["high"])
        armature.id_properties_ui(property_of(name)).update(
            min=low,
            max=high,
            soft_min=low,
            soft_max=high,
            default=min(max(float(own[name]), low), high),
            step=10,
            precision=2,
            description=str(facts.get("description", "")),
        )
        armature.property_overridable_library_set(path_of(name), True)
    armature.update_tag()


def put(armature: bpy.types.Object, values: Mapping[str, float], *, others: bool = False) -> None:
    """Move sliders from Python, with ``others`` all others back to where the seed puts them; with automatic keying
    switched on they are keyed."""
    if others:
        values = {name: values.get(name, own_of(armature, name)) for name in names_of(armature)}
    keyed = bpy.context.scene.tool_settings.use_keyframe_insert_auto
    for name, value in values.items():
        if property_of(name) not in armature:
            continue
        low, high = ends_of(armature, name)
        armature[property_of(name)] = min(max(float(value), low), high)
        if keyed:
            armature.keyframe_insert(path_of(name))
    armature.update_tag()


def same(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Whether two sets of attributes are the same person's."""
    return one.keys() == other.keys() and all(abs(value - other[name]) <= SAME for name, value in one.items())


def locks_of(armature: bpy.types.Object) -> set[str]:
    """The attributes that are kept."""
    try:
        found: object = json.loads(str(armature[LOCKS_KEY]))
    except (KeyError, ValueError):
        return set()
    return {str(each) for each in found} if isinstance(found, list) else set()


def lock(armature: bpy.types.Object, names: Iterable[str]) -> None:
    """Keep these attributes and no others."""
    armature[LOCKS_KEY] = json.dumps(sorted(names))
