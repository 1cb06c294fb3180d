# SPDX-License-Identifier: Apache-2.0
"""The people of a model that were asked for last, so that a preview and the avatar after it share what they need."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from portrait_core.person import Capability, Person, who
from portrait_core.portrait_model import PortraitModel
from portrait_core.recipe import Recipe
from portrait_core.weights.header import ModelHeader


class KeptPersons:
    """A model that gives the same person again for recipes that say the same one; a :class:`PortraitModel`."""

    def __init__(self, model: PortraitModel, count: int) -> None:
        self._model = model
        self._count = count
        self._persons: OrderedDict[tuple[object, ...], Person] = OrderedDict()
        self._making = Lock()

    @property
    def header(self) -> ModelHeader:
        """That of the model."""
        return self._model.header

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Those of the model."""
        return self._model.capabilities

    def person(self, recipe: Recipe) -> Person:
        """The person that ``recipe`` says, of the last ``count`` or new; raises as the model does."""
        with self._making:
            key = who(recipe)
            if key not in self._persons:
                made = self._model.person(recipe)
                while len(self._persons) >= self._count:
                    self._persons.popitem(last=False)
                self._persons[key] = made
            self._persons.move_to_end(key)
            return self._persons[key]

    def forget(self) -> None:
        """Let go of all people, and of the memory that they take."""
        with self._making:
            self._persons.clear()
