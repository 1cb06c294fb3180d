# SPDX-License-Identifier: Apache-2.0
"""Who it is: the model, the seed, the truncation, and a slider for every attribute."""

from __future__ import annotations

import secrets
from contextlib import AbstractContextManager, nullcontext
from threading import RLock
from typing import Any

import viser

from portrait_core.latents.variations import attribute_values
from portrait_core.recipe import MAX_SEED
from portrait_core.recipe_fields import PERSON
from portrait_core.weights import registry
from studio.attribute_groups import grouped, is_meant, label_of
from studio.heard import by_hand
from studio.panel_words import WordsPart
from studio.tab import Tab


class PersonPanel:
    """The first tab of the controls."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        gui = tab.client.gui
        names = [each.name for each in registry.list_models() if not each.problem]
        if tab.recipe.model not in names:
            names.insert(0, tab.recipe.model)
        self.model = gui.add_dropdown("Model", names, initial_value=tab.recipe.model, hint="Whose people these are.")
        self.seed = gui.add_number(
            "Seed", tab.recipe.seed or 0, min=0, max=MAX_SEED, step=1, hint="The same seed is the same person."
        )
        self.random = gui.add_button("Random person", icon=viser.Icon.DICE, hint="A seed by chance.")
        self.psi = gui.add_slider(
            "Truncation", 0.0, 1.0, 0.01, tab.recipe.psi, hint="Less is nearer to the average face."
        )
        self.words = WordsPart(tab)
        self.search = gui.add_text("Find", "", hint="Words of attributes: nose, hair red, eyes.")
        self.reset = gui.add_button("Attributes as drawn", color="gray", hint="Every attribute as the seed has it.")
        self.sliders: dict[str, Any] = {}
        self._folders: list[tuple[Any, list[str]]] = []
        self._words = ""
        self._lock = RLock()  # controls are heard by several threads, and sliders are made by one at a time
        self.model.on_update(self._choose)
        self.seed.on_update(self._draw)
        self.random.on_click(by_hand(lambda: self._seed(secrets.randbelow(2**31))))
        self.psi.on_update(self._truncate)
        self.search.on_update(by_hand(self._find))
        self.reset.on_click(by_hand(lambda: tab.change(attributes={})))
        self._build(nullcontext())
        tab.watch(self.refresh)

    def find(self, words: str) -> None:
        """Show the sliders that ``words`` mean, in open folders; all of them without any."""
        with self._lock:
            known = {each.name: each for each in self._tab.header.latent.attributes}
            before, self._words = self._words, words.strip()
            if bool(before) != bool(self._words):
                self._build(self._tab.container("Person"))  # viser opens no folder that is there
                return
            for folder, names in self._folders:
                shown = [name for name in names if is_meant(known[name], words)]
                for name in names:
                    self.sliders[name].visible = name in shown
                folder.visible = bool(shown)

    def refresh(self) -> None:
        """The controls as the recipe says."""
        with self._lock:
            self._refresh()

    def _find(self) -> None:
        with self._lock:  # what stands there once it is this word's turn: an older one never comes last
            self.find(str(self.search.value))

    def _refresh(self) -> None:
        recipe = self._tab.recipe
        if self.model.value != recipe.model:
            if recipe.model not in self.model.options:
                self.model.options = (recipe.model, *self.model.options)
            self.model.value = recipe.model
        if {each.name for each in self._tab.header.latent.attributes} != set(self.sliders):
            self._build(self._tab.container("Person"))
        self.seed.value = recipe.seed or 0
        self.psi.value = recipe.psi
        values = attribute_values(recipe, self._tab.header)
        for name, slider in self.sliders.items():
            slider.value = _within(values.get(name, 0.0), slider)
            slider.disabled = name not in values

    def _build(self, place: AbstractContextManager[Any]) -> None:
        for folder, _ in self._folders:
            folder.remove()
        self.sliders, self._folders = {}, []
        tab, gui = self._tab, self._tab.client.gui
        values = attribute_values(tab.recipe, tab.header)
        with place:
            for number, (group, attributes) in enumerate(grouped(tab.header.latent.attributes).items()):
                meant = [is_meant(each, self._words) for each in attributes]
                opened = number == 0 or bool(self._words)
                # Told when they are made: the page knows none of them yet to be told of later.
                with gui.add_folder(group, expand_by_default=opened, visible=any(meant)) as folder:
                    for each, seen in zip(attributes, meant, strict=True):
                        slider = gui.add_slider(
                            label_of(each.name),
                            each.low,
                            each.high,
                            0.05,
                            round(min(max(values.get(each.name, 0.0), each.low), each.high), 2),
                            hint=each.description or None,
                            visible=seen,
                            disabled=each.name not in values,
                        )
                        slider.on_update(self._moved(each.name))
                        self.sliders[each.name] = slider
                self._folders.append((folder, [each.name for each in attributes]))

    def _moved(self, name: str) -> Any:
        def moved(event: Any) -> None:
            if event.client_id is not None:
                given = {**self._tab.recipe.attributes, name: round(float(self.sliders[name].value), 3)}
                self._tab.change(quietly=True, attributes=given)

        return moved

    def _choose(self, event: Any) -> None:
        if event.client_id is not None and self.model.value != self._tab.recipe.model:
            facts = self._tab.new_recipe(self.model.value, seed=self._tab.recipe.seed or 0)
            if not self._tab.take(facts):
                self.model.value = self._tab.recipe.model

    def _draw(self, event: Any) -> None:
        if event.client_id is not None:
            self._seed(int(self.seed.value))

    def _seed(self, seed: int) -> None:
        self._tab.change_to({**dict.fromkeys(PERSON), "seed": seed, "attributes": {}})

    def _truncate(self, event: Any) -> None:
        if event.client_id is not None:
            self._tab.change(quietly=True, psi=float(self.psi.value))


def _within(value: float, slider: Any) -> float:
    return round(float(min(max(value, slider.min), slider.max)), 2)
