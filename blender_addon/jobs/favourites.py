# SPDX-License-Identifier: GPL-3.0-or-later
"""People of the gallery that the user wants to find again: recipes with their pictures, beside the preferences."""

from __future__ import annotations

import json
import logging
import os
import shutil
import uuid
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..base.preferences_access import own_folder
from ..core.failure import Failure
from ..core.text import Text
from .gallery import Cell, gallery
from .recipes import Recipe

log = logging.getLogger("portraitkit")

LIST = "favourites.json"


@dataclass(frozen=True)
class Favourite:
    """A person, and the name of the picture in the same folder."""

    recipe: Recipe
    picture: str


def folder() -> Path:
    """Where they are kept; updates of the add-on leave it alone."""
    return own_folder("favourites")


def kept() -> list[Favourite]:
    """All of them, the oldest first; an entry that cannot be read, or whose picture is gone, is left out."""
    path = folder() / LIST
    try:
        return list(_read(path, path.stat().st_mtime_ns))
    except FileNotFoundError:
        return []


@lru_cache(maxsize=1)
def _read(path: Path, _changed: int) -> tuple[Favourite, ...]:
    """The list in a file, read once: panels ask on every redraw."""
    try:
        entries: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        log.warning("the list of favourites cannot be read", exc_info=True)
        return ()
    found = [each for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
    return tuple(
        Favourite(each["recipe"], Path(str(each.get("picture"))).name)
        for each in found
        if isinstance(each.get("recipe"), dict) and path.with_name(Path(str(each.get("picture"))).name).is_file()
    )


def is_kept(recipe: Recipe) -> bool:
    """Whether this person is among them."""
    return any(each.recipe == recipe for each in kept())


def toggle(cell: Cell) -> bool:
    """Keep the person of a cell, or keep it no longer; tells which. Raises :class:`Failure` without a picture."""
    before = kept()
    after = [each for each in before if each.recipe != cell.recipe]
    if len(after) < len(before):
        _write(after)
        for each in before:
            shown = any(other.kept and other.path and other.path.name == each.picture for other in gallery.cells)
            if each not in after and not shown:
                (folder() / each.picture).unlink(missing_ok=True)
        return False
    if cell.path is None or not cell.path.is_file():
        raise Failure("usage", "The picture is not there yet.", "Wait for it, then keep the person.")
    picture = f"{uuid.uuid4().hex[:12]}.png"
    shutil.copyfile(cell.path, folder() / picture)
    _write([*after, Favourite(cell.recipe, picture)])
    return True


def show() -> None:
    """Fill the gallery with them."""
    found = kept()
    if not found:
        raise Failure("usage", "There are no favourites yet.", "Pick somebody in the gallery and press the heart.")
    gallery.begin(Text("Favourites"), [each.recipe for each in found])
    for index, each in enumerate(found):
        gallery.show(index, folder() / each.picture, kept=True)


def _write(favourites: list[Favourite]) -> None:
    path = folder() / LIST
    temporary = path.with_suffix(".part")
    entries = [{"recipe": each.recipe, "picture": each.picture} for each in favourites]
    temporary.write_text(json.dumps(entries, indent=1, ensure_ascii=False), encoding="utf-8")
    os.replace(temporary, path)
