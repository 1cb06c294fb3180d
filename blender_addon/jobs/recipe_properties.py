# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's properties for the table of recipe fields: a new row is a new property, in panels and scripts."""

from __future__ import annotations

from typing import Any

import bpy

from ..core.engine_copies import recipe_fields

FIELDS = recipe_fields.FIELDS
PERSON = recipe_fields.PERSON
"""The fields that say who it is; a recipe has one of them."""
LIKENESS = "likeness"
"""The field with what a photograph adds to the person."""
MOST = 2**31 - 1
"""Blender's integers are signed."""
SPECIAL = ("model", "seed", "attributes", "lods", "lod_maps", "texture_size", "topology")
"""Rows that the panels show in a form of their own."""
_KINDS = ("flag", "count", "number", "choice", "words", "text")

IN_PANEL = tuple(row for row in FIELDS.values() if row.panel)
PLAIN = tuple(row for row in IN_PANEL if row.name not in SPECIAL and row.kind in _KINDS)
"""Rows that a property of the same name holds."""
IN_SCRIPTS = tuple(row for row in IN_PANEL if row.kind in _KINDS)
"""Rows that operators take as they are in recipes."""


def property_of(row: recipe_fields.RecipeField, **options: Any) -> Any:
    """The property of a row, with its name, help, limits and default; ``options`` go before those."""
    told: dict[str, Any] = {"name": row.label, "description": row.help.removesuffix(".")}
    if row.kind == "flag":
        return bpy.props.BoolProperty(**(told | {"default": row.default} | options))
    if row.kind == "choice":
        items = [(value, label, text) for value, (label, text) in row.choices.items()]
        return bpy.props.EnumProperty(**(told | {"items": items, "default": row.default} | options))
    if row.kind == "words":
        items = [(value, label, text) for value, (label, text) in row.choices.items()]
        flags = {"ENUM_FLAG", *options.pop("options", ())}
        return bpy.props.EnumProperty(**(told | {"items": items, "default": set(row.default)} | options), options=flags)
    if row.kind == "text":
        return bpy.props.StringProperty(**(told | {"default": row.default or ""} | options))
    kind = bpy.props.FloatProperty if row.kind == "number" else bpy.props.IntProperty
    return kind(**(told | {"default": row.default or 0} | _limits(row) | options))


def recipe_value(row: recipe_fields.RecipeField, value: Any) -> Any:
    """What recipes hold for a property's value."""
    return [name for name in row.choices if name in value] if row.kind == "words" else value


def annotations(rows: tuple[recipe_fields.RecipeField, ...], **options: Any) -> dict[str, Any]:
    """The properties of ``rows`` by name, for a class's annotations."""
    return {row.name: property_of(row, **options) for row in rows}


def _limits(row: recipe_fields.RecipeField) -> dict[str, Any]:
    """The limits in Blender's words; a slider offers the usual part of them."""
    number = float if row.kind == "number" else int
    limits = dict(zip(("soft_min", "soft_max"), row.usual or (), strict=False)) | {"min": row.low, "max": row.high}
    return {name: number(min(value, MOST)) for name, value in limits.items() if value is not None}
