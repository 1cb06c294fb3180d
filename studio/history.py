# SPDX-License-Identifier: Apache-2.0
"""The persons that a page has shown, to go back to and forward from."""

from __future__ import annotations

from portrait_core.recipe import Recipe

MOST = 200


class History:
    """Recipes and where among them the page is. After going back, a new one takes the place of the later ones."""

    def __init__(self, first: Recipe) -> None:
        self._recipes = [first]
        self._at = 0

    def __len__(self) -> int:
        return len(self._recipes)

    @property
    def place(self) -> tuple[int, int]:
        """The number of the recipe that is shown, from 1, and how many there are."""
        return self._at + 1, len(self._recipes)

    @property
    def past(self) -> list[Recipe]:
        """The recipes up to the one where the page is, which is the last."""
        return self._recipes[: self._at + 1]

    def note(self, recipe: Recipe) -> None:
        """``recipe`` is shown now."""
        if recipe == self._recipes[self._at]:
            return
        self._recipes = [*self._recipes[: self._at + 1], recipe][-MOST:]
        self._at = len(self._recipes) - 1

    def replace(self, recipes: list[Recipe]) -> None:
        """Another past: ``recipes``, the last of which is shown."""
        self._recipes = recipes[-MOST:]
        self._at = len(self._recipes) - 1

    def step(self, by: int) -> Recipe:
        """The recipe ``by`` places on, or back where it is negative; at the ends the last there is."""
        self._at = min(max(self._at + by, 0), len(self._recipes) - 1)
        return self._recipes[self._at]
