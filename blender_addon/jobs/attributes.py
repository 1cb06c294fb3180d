# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the sliders of every scene in step with what the engine says of its models, or has said when it ran last."""

from __future__ import annotations

import contextlib
import json
import logging
from typing import Any

import bpy

from ..base.preferences_access import cache_folder
from ..core.attribute_table import MODEL, label_of, row_of, shipped
from ..core.failure import Failure

log = logging.getLogger("portraitkit")

CACHE = "models.json"
"""In the cache: the attributes of each model by its name, as the engine told them last."""

_capabilities: dict[str, Any] | None = None
"""What the engine said last of itself."""


def attributes_of(capabilities: dict[str, Any] | None, model: str) -> list[dict[str, Any]] | None:
    """What ``model`` lets the user set; None while that is not known."""
    if capabilities is None:
        return _remembered().get(model)
    for each in capabilities.get("models", ()):
        if each["name"] == model:
            return list(each.get("attributes", ()))
    return None


def _remembered() -> dict[str, list[dict[str, Any]]]:
    """What is known of models before the engine has started: the shipped one always, others from when it ran last."""
    found: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError, Failure):
        found = json.loads((cache_folder() / CACHE).read_text(encoding="utf-8"))
    return {MODEL: shipped(), **(found if isinstance(found, dict) else {})}


def _remember(capabilities: dict[str, Any]) -> None:
    """Keep what the engine says for the next time that it has not started."""
    known = {each["name"]: list(each.get("attributes", ())) for each in capabilities.get("models", ())}
    try:
        path = cache_folder() / CACHE
        text = json.dumps(known)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            temporary = path.with_suffix(".new")
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
    except (OSError, Failure):
        log.warning("the list of attributes could not be kept", exc_info=True)


def are_known() -> bool:
    """Whether the engine has told what its models can do."""
    return _capabilities is not None


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
        row = row_of(facts["name"])
        each.label = label_of(facts["name"])
        each.group = facts.get("group") or (row.group if row is not None else "")
        each.low, each.high = facts["low"], facts["high"]
        value, used, locked = kept.get(each.name, (facts.get("default") or 0.0, False, False))
        each.value, each.used, each.locked = value, used, locked
        each.quiet = False
    return True


def know(capabilities: dict[str, Any] | None) -> None:
    """The engine has told what it can do; or there is none any more."""
    global _capabilities  # noqa: PLW0603 - one engine for the one Blender
    _capabilities = capabilities
    if capabilities is not None:
        _remember(capabilities)
    match_all()


def match_all() -> None:
    """:func:`match` for every scene of the file."""
    for scene in bpy.data.scenes:
        match(scene.portraitkit, _capabilities)
