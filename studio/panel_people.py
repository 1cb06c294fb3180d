# SPDX-License-Identifier: Apache-2.0
"""Other people: back and forward, A and B and the way between them, and a gallery of people like this one."""

from __future__ import annotations

import secrets

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from portrait_core.latents import variations
from portrait_core.pipeline.quick import quick_picture
from portrait_core.recipe import Recipe
from studio.heard import by_hand
from studio.lanes import Watch
from studio.tab import Tab

COLUMNS, ROWS, EDGE = 3, 2, 176
NUMBERS = tuple(str(each + 1) for each in range(COLUMNS * ROWS))


class PeoplePanel:
    """The tab of other people."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        gui = tab.client.gui
        self.found: list[Recipe] = []
        self.ends: dict[str, Recipe] = {}
        with gui.add_folder("Gallery"):
            self.likeness = gui.add_slider("Difference", 0.05, 1.0, 0.05, 0.4, hint="0: the same, 1: somebody else.")
            self.more = gui.add_button("More like this")
            self.strangers = gui.add_button("Strangers", color="gray", hint="Six people by chance.")
            self.sheet = gui.add_image(
                np.full((ROWS * EDGE, COLUMNS * EDGE, 3), 40, np.uint8), format="jpeg", visible=False
            )
            self.choose = gui.add_button_group("Take", NUMBERS, visible=False)
        with gui.add_folder("A and B"):
            self.keep = gui.add_button_group("Keep as", ("A", "B"))
            self.view = gui.add_button_group("Show", ("A", "B"))
            self.walk = gui.add_slider("Between", 0.0, 1.0, 0.01, 0.0, disabled=True, hint="Keep an A and a B first.")
        with gui.add_folder("History"):
            self.step = gui.add_button_group("", ("Back", "Forward"))
            self.place = gui.add_markdown("1 of 1")
        self.more.on_click(by_hand(lambda: self._gallery(alike=True)))
        self.strangers.on_click(by_hand(lambda: self._gallery(alike=False)))
        self.choose.on_click(by_hand(self._take))
        self.keep.on_click(by_hand(lambda: self._keep(self.keep.value)))
        self.view.on_click(by_hand(lambda: self._view(self.view.value)))
        self.walk.on_update(by_hand(self._between))
        self.step.on_click(by_hand(lambda: self._step(-1 if self.step.value == "Back" else 1)))
        tab.watch(self.refresh)

    def refresh(self) -> None:
        """Where in the history the page is."""
        at, count = self._tab.history.place
        self.place.content = f"{at} of {count}"

    def _gallery(self, *, alike: bool) -> None:
        tab, strength = self._tab, float(self.likeness.value)

        def work(watch: Watch) -> None:
            header, seed = tab.header, secrets.randbelow(2**31)
            if alike:
                people = variations.vary(tab.recipe, header, len(NUMBERS), strength=strength, seed=seed)
            else:
                people = variations.randomise(tab.recipe.model, header, seed, len(NUMBERS), {})
            sheet = np.full((ROWS * EDGE, COLUMNS * EDGE, 3), 40, np.uint8)
            self.found = people
            for number, each in enumerate(people):
                watch("render", number / len(people))
                with tab.shows.working:
                    image = quick_picture(each, tab.shows.engine.model(each.model), EDGE, watch.check_only, "head")
                top, left = number // COLUMNS * EDGE, number % COLUMNS * EDGE
                sheet[top : top + EDGE, left : left + EDGE] = _numbered(image, NUMBERS[number])
                self.sheet.image = sheet.copy()
                self.sheet.visible = self.choose.visible = True

        tab.slow.ask("gallery", work)

    def _take(self) -> None:
        number = int(self.choose.value) - 1
        if number < len(self.found):
            self._tab.take(self.found[number].facts())

    def _keep(self, name: str) -> None:
        self.ends[name] = self._tab.recipe
        self._tab.say(f"Kept as {name}")
        self.walk.disabled = len(self.ends) < 2

    def _view(self, name: str) -> None:
        if name not in self.ends:
            self._tab.say(f"There is no {name} yet: choose it by *Keep as*")
            return
        self.walk.value = 0.0 if name == "A" else 1.0
        self._tab.show(self.ends[name])

    def _between(self) -> None:
        tab = self._tab
        if len(self.ends) < 2:
            return
        try:
            header = tab.shows.engine.header(self.ends["A"].model)
            (found,) = variations.blend(self.ends["A"], self.ends["B"], header, [float(self.walk.value)])
        except Exception as error:
            tab.fail(error)
            return
        tab.show(found)

    def _step(self, by: int) -> None:
        self._tab.show(self._tab.history.step(by), noted=False)
        self.refresh()


def _numbered(image: NDArray[np.uint8], number: str) -> NDArray[np.uint8]:
    """A picture with its number in a corner."""
    drawn = Image.fromarray(image)
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((6, 6, 26, 26), fill=(28, 30, 34))
    pen.text((16, 16), number, fill=(244, 238, 228), anchor="mm")
    return np.asarray(drawn, np.uint8)
