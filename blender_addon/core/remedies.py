# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine says that may be done about an error, in the words of Blender's panels."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Any

from .text import Text

# Code of the protocol -> what to do. The places are the remedy's own parameters.
_ADVICE: dict[str, str] = {
    "choose_model": "Choose another model in the Create panel; its menu lists those that are there.",
    "choose_device": "Choose the device {device} in the add-on's preferences.",
    "set_field": "Set “{field}” to “{value}” under Mesh, Maps and Rig.",
    "overwrite": "Tick Replace File, or choose another name.",
    "choose_mesh": "Say which mesh is meant: {names}.",
    "name_blender": "Choose another format, such as .glb, or install the package bpy beside the engine.",
    "install": "Install “{extra}” beside the engine: its Python is named in the add-on's preferences.",
}
_EMPTY: tuple[object, ...] = ("", None, [], {})


def advice_for(remedy: Mapping[str, Any]) -> Text | None:
    """What to do, for the user; None for a remedy that this add-on does not know, or that lacks a parameter."""
    template = _ADVICE.get(str(remedy.get("do")))
    if template is None:
        return None
    places = {name for _, name, _, _ in Formatter().parse(template) if name}
    values = {name: _shown(remedy[name]) for name in places if remedy.get(name) not in _EMPTY}
    return Text(template, **values) if values.keys() == places else None


def known() -> tuple[str, ...]:
    """The remedies that there are words for."""
    return tuple(_ADVICE)


def _shown(value: object) -> object:
    return ", ".join(str(each) for each in value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
