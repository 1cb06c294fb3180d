# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine says that may be done about an error, in the words of Blender's panels."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Any, cast

from .engine_copies import recipe_fields
from .text import Text

# Code of the protocol -> what to do. The places are the remedy's own parameters.
ADVICE: dict[str, str] = {
    "choose_model": "Choose another model in the Create panel; its menu lists those that are there.",
    "choose_device": "Choose the device {device} in the add-on's preferences.",
    "set_field": "Set “{field}” to “{value}” in the Create panel.",
    "overwrite": "Tick Replace File, or choose another name.",
    "choose_mesh": "Say which mesh is meant: {names}.",
    "choose_uv_map": "Say which UV map is meant: {maps}.",
    "name_blender": "Choose another format, such as .glb, or install the package bpy beside the engine.",
    "install": "Install {package} beside the engine: its Python is named in the add-on's preferences.",
    "lower_level": "Choose a level below {below}.",
    "examine": "Press Check Engine in the add-on's preferences.",
    "name_assets": "Name the folder of assets by the environment variable {variable}.",
    "number_names": "Give each avatar a name of its own.",
    "other_folder_or_shard": "Wait until that is done, or choose another folder.",
    "take_over": "Wait until that is done. If it was killed, choose another folder.",
    "fewer_workers": "Lower the texture size or the face count, or close other programs.",
    "more_time": "Lower the texture size or the face count.",
    "import_model": "Import it by “portrait models import” on the command line, then choose the model it becomes.",
    "give_source_rate": "Say how many frames a second it was recorded with, in the file window's settings.",
    "give_units": "Say what its numbers are under Units in the file window's settings, such as {units}.",
    "choose_person": "Say who is meant under Person in the file window's settings: {names}.",
    "set_up_networks": "Tick Fetch the Networks when you choose the photograph.",
}


def advice_for(remedy: Mapping[str, Any]) -> Text | None:
    """What to do, for the user; None for a remedy that this add-on does not know, or that lacks a parameter."""
    template = ADVICE.get(str(remedy.get("do")))
    if template is None:
        return None
    values = {name: _shown(name, remedy) for name in places(template)}
    return None if any(value in ("", None) for value in values.values()) else Text(template, **values)


def places(template: str) -> set[str]:
    """The names of a template's places."""
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def _shown(name: str, remedy: Mapping[str, Any]) -> object:
    """A parameter as the panels call it."""
    value = remedy.get(name)
    if isinstance(value, list):
        return ", ".join(str(each) for each in cast("list[object]", value))
    if name in ("field", "value") and remedy.get("do") == "set_field":
        row = recipe_fields.FIELDS.get(str(remedy.get("field")))
        if row is not None:
            label = row.choices.get(str(value), (str(value), ""))[0] if name == "value" else row.label
            return Text(label)
    return value
