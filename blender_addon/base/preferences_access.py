# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on's preferences and folders, from any module of the add-on."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import bpy

from .paths import absolute

ROOT = __package__.rpartition(".")[0]


def preferences() -> Any:
    """The add-on's preferences; None while it runs without being enabled (in tests of single rooms)."""
    entry: Any = bpy.context.preferences.addons.get(ROOT)
    return entry.preferences if entry is not None else None


def preference(name: str, default: Any) -> Any:
    """One preference, or ``default`` where there is none or it is empty."""
    found = getattr(preferences(), name, None)
    return default if found in (None, "") else found


def preferred_path(name: str) -> Path | None:
    """A path among the preferences, absolute; None where it is empty. Raises :class:`Failure`, see :func:`absolute`."""
    named = preference(name, "")
    return absolute(named) if named else None


def own_folder(*parts: str) -> Path:
    """A folder of ours that updates of the add-on leave alone, made if need be."""
    try:
        root = Path(bpy.utils.extension_path_user(ROOT, create=True))
    except ValueError:  # not installed as an extension
        root = Path(tempfile.gettempdir()) / "portraitkit"
    folder = root.joinpath(*parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def cache_folder(*parts: str) -> Path:
    """A folder for what can be made again: previews, avatars on their way into the scene."""
    chosen = preferred_path("cache_folder")
    if chosen is None:
        return own_folder("cache", *parts)
    folder = chosen.joinpath(*parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
