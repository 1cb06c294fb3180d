# SPDX-License-Identifier: Apache-2.0
"""What a worker keeps between jobs: the device, the models and people that were used last, the client's settings."""

from __future__ import annotations

import importlib
import os
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from portrait_core.recipe import Recipe
from portrait_core.weights.registry import FOLDER_VARIABLE, find_model, user_folder

if TYPE_CHECKING:
    from portrait_core.engine.persons import KeptPersons
    from portrait_core.person import Capability
    from portrait_core.portrait_model import PortraitModel
    from portrait_core.weights.header import ModelHeader

KEPT_MODELS = 2


class Engine:
    """Loads models when they are first needed. Models and their people may be asked for by several threads; settings
    are changed by the job thread only."""

    def __init__(self, *, kept_persons: int = 3) -> None:
        """``kept_persons``: how many people of each model stay in memory; where nobody comes again, 1 will do."""
        self.device = "auto"
        self.memory_limit: int | None = None
        self._usual_folder = os.environ.get(FOLDER_VARIABLE)
        self._kept_persons = kept_persons
        self._models: OrderedDict[tuple[str, float, str], KeptPersons] = OrderedDict()
        self._headers: dict[tuple[str, float], ModelHeader] = {}
        self._loading = Lock()

    def configure(self, *, device: str | None, models_folder: Path | None, reset_folder: bool) -> None:
        """Change what is given; raises :class:`UsageError` for a device that is not there."""
        if device is not None:
            from portrait_core.runtime.devices import choose_device

            choose_device(device)
            self.device = device
        if models_folder is not None:
            os.environ[FOLDER_VARIABLE] = str(models_folder)
        elif reset_folder:
            if self._usual_folder is None:
                os.environ.pop(FOLDER_VARIABLE, None)
            else:
                os.environ[FOLDER_VARIABLE] = self._usual_folder

    def settings(self) -> dict[str, Any]:
        """The settings as they hold now, for an answer."""
        return {"device": self.device, "memory_limit": self.memory_limit, "models_folder": str(user_folder())}

    def take_recipe(self, facts: dict[str, Any]) -> Recipe:
        """A recipe checked against its model; raises :class:`UsageError` or :class:`ModelFileError`."""
        recipe = Recipe.model_validate(facts)
        recipe.check(self.header(recipe.model))
        return recipe

    def header(self, name: str) -> ModelHeader:
        """The header of a model by name or path; read again when its file changed."""
        from portrait_core.weights.header import read_header

        path = find_model(name)
        key = (str(path), path.stat().st_mtime)
        found = self._headers.get(key)
        if found is None:
            if len(self._headers) >= 32:
                self._headers.clear()
            found = self._headers[key] = read_header(path)
        return found

    def capabilities(self, name: str) -> frozenset[Capability]:
        """What a model by name or path offers; it is not loaded for this."""
        from portrait_core.models.load import capabilities_of

        return capabilities_of(self.header(name))

    def is_loaded(self, name: str) -> bool:
        """Whether :meth:`model` answers at once."""
        return self._key(name) in self._models

    def model(self, name: str) -> PortraitModel:
        """The model of this name or path, ready; the last few, and of each the last few people, stay in memory."""
        from portrait_core.engine.persons import KeptPersons
        from portrait_core.models.load import load_model
        from portrait_core.runtime.devices import choose_device

        with self._loading:
            key = self._key(name)
            if key not in self._models:
                while len(self._models) >= KEPT_MODELS:
                    self._models.popitem(last=False)
                self._models[key] = KeptPersons(load_model(key[0], str(choose_device(self.device))), self._kept_persons)
            self._models.move_to_end(key)
            return self._models[key]

    def forget_persons(self) -> None:
        """Let go of every person that was kept: the memory is needed for something else."""
        for model in list(self._models.values()):
            model.forget()

    def _key(self, name: str) -> tuple[str, float, str]:
        path = find_model(name)
        return str(path), path.stat().st_mtime, self.device


def warm_up() -> None:
    """Import what every picture needs, so that the first one does not wait for it."""
    # The family of the model that everybody has; others are imported when a model of theirs is.
    for name in (
        "portrait_core.models.starter.model",
        "portrait_core.weights.checkpoint",
        "portrait_core.pipeline.quick",
    ):
        importlib.import_module(name)
