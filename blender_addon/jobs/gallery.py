# SPDX-License-Identifier: GPL-3.0-or-later
"""The gallery of small pictures: people to pick from. It belongs to the session, not to the file."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy.utils.previews

from ..core.failure import Failure
from ..core.text import Text
from .recipes import Recipe

_marks = itertools.count(1)


@dataclass
class Cell:
    """One person: the recipe, and the picture once it is there."""

    recipe: Recipe
    path: Path | None = None
    mark: str = ""
    kept: bool = False
    """The picture is a favourite's: it stays when the gallery shows something else."""


class Gallery:
    """Cells in order, and the last two picks."""

    def __init__(self) -> None:
        self.title: Text | str = ""
        self.cells: list[Cell] = []
        self.picks: list[int] = []
        self._pictures: Any = None

    def begin(self, title: Text | str, recipes: list[Recipe]) -> None:
        """Start over with ``recipes``, whose pictures come one after the other."""
        self.clear()
        self.title = title
        self.cells = [Cell(recipe) for recipe in recipes]

    def show(self, index: int, path: Path, *, kept: bool = False) -> None:
        """The picture of one cell has been made."""
        if not 0 <= index < len(self.cells):
            return
        if self._pictures is None:
            self._pictures = bpy.utils.previews.new()
        cell = self.cells[index]
        # a mark is never used twice: Blender keeps pictures by name
        cell.path, cell.mark, cell.kept = path, f"portrait-{next(_marks)}", kept
        self._pictures.load(cell.mark, str(path), "IMAGE")

    def icon(self, index: int) -> int:
        """Blender's number for the picture; 0 while it is not there."""
        mark = self.cells[index].mark
        return self._pictures[mark].icon_id if mark and self._pictures is not None else 0

    def pixels(self, index: int) -> tuple[tuple[int, int], list[float]] | None:
        """Width and height of the picture, and its RGBA, 0 to 1, from the lowest row on; None while it is not there."""
        mark = self.cells[index].mark
        if not mark or self._pictures is None:
            return None
        seen = self._pictures[mark]
        size = (seen.image_size[0], seen.image_size[1])
        return (size, list(seen.image_pixels_float)) if all(size) else None

    def pick(self, index: int) -> Recipe:
        """Pick a cell; the one picked before stays known for Between."""
        if not 0 <= index < len(self.cells):
            facts = {"number": index + 1, "count": len(self.cells)}
            raise Failure("usage", Text("There is no picture {number}; the gallery shows {count}.", **facts))
        if not self.picks or self.picks[-1] != index:
            self.picks = [*self.picks[-1:], index]
        return self.cells[index].recipe

    @property
    def picked(self) -> int | None:
        """The cell picked last."""
        return self.picks[-1] if self.picks else None

    @property
    def made(self) -> int:
        """How many pictures are there by now."""
        return sum(bool(each.mark) for each in self.cells)

    @property
    def pair(self) -> tuple[int, int] | None:
        """The last two picks, for Between."""
        return (self.picks[0], self.picks[1]) if len(self.picks) == 2 else None

    def clear(self) -> None:
        """Forget all cells, and delete the pictures that were made for them."""
        for cell in self.cells:
            if cell.path is not None and not cell.kept:
                cell.path.unlink(missing_ok=True)
        self.cells, self.picks, self.title = [], [], ""
        if self._pictures is not None:
            bpy.utils.previews.remove(self._pictures)
            self._pictures = None


gallery = Gallery()
