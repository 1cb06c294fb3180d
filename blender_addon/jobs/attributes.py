# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the sliders of every scene in step with what the engine says of its models."""

from __future__ import annotations

from typing import Any

import bpy

_capabilities: dict[str, Any] | None = None
"""What the engine said last of itself."""


def attributes_of(capabilities: dict[str, Any] | None, model: str) -> list[dict[str, Any]] | None:
    """What ``model`` lets the user set; None while that is not known."""
    for each in (capabilities or {}).get("models", ()):
        if each["name"] == model:
            return list(each.get("attributes", ()))
    return None


def best_topology(model: str) -> str:
    """What new avatars of ``model`` are made of: the first that the engine names; a shell while that is not known."""
    for each in (_capabilities or {}).get("models", ()):
        if each["name"] == model:
            return next(iter(each.get("topologies", ())), "shell")
    return "shell"


def match(settings: Any, capabilities: dict[str, Any] | None) -> bool:
    """Give ``settings`` the sliders of its model, keeping values by name. Whether anything changed."""
    wanted = attributes_of(capabilities, settings.model)
    if wanted is None or [each.name for each in settings.attributes] == [each["name"] for each in wanted]:
        return False
    kept = {each.name: (each.value, each.used, each.locked) for each in settings.attributes}
    settings.attributes.clear()
    for facts in wanted:
        each = settings.attributes.add()
        each.quiet = True
        each.name = facts["name"]
        each.label = readable(facts["name"])
        each.group = facts.get("group") or ""
        each.low, each.high = facts["low"], facts["high"]
        value, used, locked = kept.get(each.name, (facts.get("default") or 0.0, False, False))
        each.value, each.used, each.locked = value, used, locked
        each.quiet = False
    return True


def know(capabilities: dict[str, Any] | None) -> None:
    """The engine has told what it can do; or there is none any more."""
    global _capabilities  # noqa: PLW0603 - one engine for the one Blender
    _capabilities = capabilities
    match_all()


def match_all() -> None:
    """:func:`match` for every scene of the file."""
    for scene in bpy.data.scenes:
        match(scene.portraitkit, _capabilities)


def readable(name: str) -> str:
    """``hair_length`` as ``Hair Length``."""
    return name.replace("_", " ").title()
