# SPDX-License-Identifier: Apache-2.0
"""What the face does: short names such as smile, and every shape by itself."""

from __future__ import annotations

from typing import Any

from portrait_core.face.emotions import EXPRESSIONS
from portrait_core.face.names import GROUPS
from studio.attribute_groups import label_of
from studio.heard import by_hand
from studio.tab import Tab

AT_REST = "At rest"
FOLDERS = {"cheeks_nose": "Cheeks and nose", "visemes": "Speech"}


class FacePanel:
    """The tab of the face; says why it is empty where a model has no shapes."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        gui = tab.client.gui
        self.note = gui.add_markdown("")
        self.preset = gui.add_dropdown("Expression", (AT_REST, *map(label_of, EXPRESSIONS)), initial_value=AT_REST)
        self.strength = gui.add_slider("Strength", 0.0, 1.0, 0.01, 1.0)
        self.rest = gui.add_button("Face at rest", color="gray")
        self.sliders: dict[str, Any] = {}
        for group, names in GROUPS.items():
            if group == "combined":
                continue  # sums of the others
            with gui.add_folder(FOLDERS.get(group, label_of(group)), expand_by_default=False):
                for name in names:
                    if name == "viseme_sil":
                        continue  # moves nothing
                    slider = gui.add_slider(_label(name), 0.0, 1.0, 0.01, 0.0)
                    slider.on_update(self._moved(name))
                    self.sliders[name] = slider
        self.preset.on_update(self._choose)
        self.strength.on_update(self._choose)
        self.rest.on_click(by_hand(lambda: tab.change(expression={})))
        tab.watch(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """The controls as the recipe says."""
        tab = self._tab
        able = tab.header.has_face and tab.recipe.topology == "parts"
        for control in (self.preset, self.strength, self.rest, *self.sliders.values()):
            control.disabled = not able
        self.note.content = "" if able else f"The avatars of {tab.header.name} have no shapes of the face."
        self.note.visible = not able
        for name, slider in self.sliders.items():
            slider.value = min(max(tab.recipe.expression.get(name, 0.0), 0.0), 1.0)
        if not tab.recipe.expression:
            self.preset.value = AT_REST

    def _choose(self, event: Any) -> None:
        if event.client_id is None:
            return
        shapes = {label_of(name): own for name, own in EXPRESSIONS.items()}.get(self.preset.value, {})
        strength = float(self.strength.value)
        self._tab.change(expression={name: round(weight * strength, 4) for name, weight in shapes.items() if strength})

    def _moved(self, name: str) -> Any:
        def moved(event: Any) -> None:
            if event.client_id is None:
                return
            weights = {**self._tab.recipe.expression, name: round(float(self.sliders[name].value), 4)}
            self._tab.change(quietly=True, expression={key: each for key, each in weights.items() if each})

        return moved


def _label(name: str) -> str:
    """``mouthSmileLeft`` as people read it."""
    plain = "".join(f" {sign.lower()}" if sign.isupper() else sign for sign in name.removeprefix("viseme_"))
    return name.removeprefix("viseme_") if name.startswith("viseme_") else plain.strip().capitalize()
