# SPDX-License-Identifier: GPL-3.0-or-later
"""Avatars that wait are noted on the disk: when Blender ends, or another file is opened, they are offered again.

A note is a small file of its own beside those of other Blenders that run. After some days, what nobody wanted is
deleted.
"""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path
from typing import Any

from mathutils import Vector

from ..base.preferences_access import cache_folder, own_folder
from ..scene.undisturbed import Asked
from .arrival import Arrival
from .files import OpenFile

log = logging.getLogger("portraitkit")

DAYS = 7
"""After which a finished avatar that nobody brought in is deleted."""
WHY = "It was finished when Blender was closed."

_noted: dict[Path, Path] = {}
"""The notes that belong to this Blender, by the file of the avatar."""


def note(waiting: list[Arrival]) -> None:
    """Have a note of each that waits, and of no other."""
    wanted = {each.path: each for each in waiting if not each.draft_of}
    if wanted.keys() == _noted.keys():
        return
    for path in [path for path in _noted if path not in wanted]:
        _noted.pop(path).unlink(missing_ok=True)
    for path, arrival in wanted.items():
        if path in _noted:
            continue
        try:
            _noted[path] = _written(arrival)
        except OSError as error:  # a full disk: it is offered as long as Blender runs
            log.warning("%s is not noted: %s", path, error)


def leave() -> None:
    """Blender ends, or the add-on is switched off: the notes stay for the next time."""
    _noted.clear()


def take_up() -> list[Arrival]:
    """The avatars of notes that are there, as far as none of this Blender's; old ones are deleted with their notes."""
    found: list[Arrival] = []
    for path in sorted(own_folder("waiting").glob("*.json")):
        if path in _noted.values():
            continue
        arrival = _read(path)
        if arrival is not None and not _is_old(path) and arrival.path.is_file():
            _noted[arrival.path] = path
            found.append(arrival)
            continue
        if arrival is not None:
            arrival.drop()
        path.unlink(missing_ok=True)
    needed = {each for arrival in found for each in (arrival.path, *arrival.waste)}
    for path in cache_folder("avatars").glob("*"):
        if path not in needed and path.is_file() and _is_old(path):
            path.unlink(missing_ok=True)
    return found


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > DAYS * 86400
    except OSError:
        return False


def _written(arrival: Arrival) -> Path:
    path = own_folder("waiting") / f"{arrival.path.stem[:80]}-{os.getpid()}.json"
    facts = {
        "path": str(arrival.path),
        "name": arrival.name,
        "thumbnail": str(arrival.thumbnail) if arrival.thumbnail is not None else None,
        "file": arrival.origin.path,
        "replaces": arrival.replaces,
        "columns": arrival.columns,
        "waste": [str(each) for each in arrival.waste],
        "place": [float(each) for each in arrival.place[:]] if arrival.place is not None else None,
        "hands": arrival.hands,
    }
    temporary = path.with_suffix(".part")
    temporary.write_text(json.dumps(facts), encoding="utf-8")
    os.replace(temporary, path)
    return path


def _read(path: Path) -> Arrival | None:
    """None for what is no note."""
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        arrival = Arrival(
            Path(facts["path"]),
            str(facts["name"]),
            OpenFile(-1, str(facts["file"])),
            Asked(0, "", 0),
            Path(facts["thumbnail"]) if facts["thumbnail"] else None,
            str(facts["replaces"]),
            tuple(Path(each) for each in facts["waste"]),
            why=WHY,
            columns=int(facts["columns"]),
            by_hand=True,
            place=Vector([float(each) for each in facts["place"]]) if facts.get("place") is not None else None,
            hands=str(facts.get("hands", "")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("%s is no note of an avatar: %s", path, error)
        return None
    return arrival
