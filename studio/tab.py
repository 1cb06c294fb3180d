# SPDX-License-Identifier: Apache-2.0
"""One page that is open: its person, its past, and what is done when a control moves. Every page has its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.engine.faults import fault_of
from portrait_core.errors import UsageError
from portrait_core.files.names import plain_name
from portrait_core.recipe import Recipe, say_new
from portrait_core.weights.header import ModelHeader
from studio.advice import advice
from studio.held import ENDING, Held
from studio.history import History
from studio.lanes import Lane, Watch
from studio.scene_looks import COLOUR
from studio.shown import DRAFT, ShownAvatar, Shows
from studio.stage import Stage

if TYPE_CHECKING:
    import viser

REST = 0.35
"""Seconds without a change after which maps are made anew."""

STAGES = {
    "waiting": "Waiting for another page",
    "model": "Reading the model",
    "latent": "Finding the person",
    "shape": "Shaping",
    "surface": "Shaping",
    "texture": "Painting",
    "thumbnail": "Painting",
    "render": "Rendering",
    "write": "Writing",
}


class Tab:
    """What belongs to one page. Panels call :meth:`change` and are told of the outcome by what they ``watch``."""

    def __init__(self, client: viser.ClientHandle, shows: Shows, recipe: Recipe) -> None:
        self.client = client
        self.shows = shows
        self.recipe = recipe
        self.history = History(recipe)
        self.stage = Stage(client)
        self.edge = 1024
        self.look = COLOUR
        self.shown: ShownAvatar | None = None
        self.moved: list[float] = []
        """Seconds from a moved control to the mesh that was sent, the last hundred."""
        self.panels: dict[str, Any] = {}
        self._containers: dict[str, Any] = {}
        self._lock = RLock()
        self._watchers: list[Callable[[], None]] = []
        self._pictures: Callable[[bool], bool] = lambda _moving: False
        self._told = recipe, ""
        self.status = client.gui.add_markdown("Starting ...")
        self.held = Held(client.gui)
        # Not shown. The button in the tab of files is on the page only once that tab was open.
        self.dropped = client.gui.add_upload_button("Dropped files", mime_type=f"*/*,{ENDING}")
        self.bar = client.gui.add_progress_bar(4.0, visible=False, animated=True)
        self.quick = Lane("studio-live", self.fail, lambda _stage, _share: None, lambda: None)
        self.slow = Lane("studio-work", self.fail, self._tell, self._rested)

    @property
    def header(self) -> ModelHeader:
        """That of the model of the recipe."""
        return self.shows.engine.header(self.recipe.model)

    @property
    def capabilities(self) -> frozenset[str]:
        """Those of the model of the recipe."""
        return frozenset(self.shows.engine.capabilities(self.recipe.model))

    def container_made(self, label: str, container: Any) -> Any:
        """The container of a panel, kept under its label."""
        self._containers[label] = container
        return container

    def container(self, label: str) -> Any:
        """The container of a panel."""
        return self._containers[label]

    def name(self) -> str:
        """What files of this person are called."""
        return plain_name(f"{self.header.name}-{self.recipe.label()}", "portrait")

    def watch(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` whenever the recipe became another one by something else than a slider."""
        self._watchers.append(changed)

    def draw_pictures_by(self, ask: Callable[[bool], bool]) -> None:
        """``ask`` draws the model's own pictures, told whether a control moves; False where meshes are shown."""
        self._pictures = ask

    def change(self, *, quietly: bool = False, **update: Any) -> bool:
        """Fields of the recipe with other values; False, and told on the page, where the model cannot make that.

        ``quietly`` leaves the panels as they are: it was a slider of theirs.
        """
        return self.change_to(update, quietly=quietly)

    def change_to(self, update: Mapping[str, Any], *, quietly: bool = False) -> bool:
        """:meth:`change` by the names of fields."""
        with self._lock:  # controls are heard by several threads
            facts = {**self.recipe.facts(), **update}
            return self.take({name: value for name, value in facts.items() if value is not None}, quietly=quietly)

    def take(self, facts: dict[str, Any], *, quietly: bool = False) -> bool:
        """Another recipe, checked."""
        begin = time.monotonic()
        try:
            recipe = self.shows.engine.take_recipe(facts)
        except Exception as error:
            self.fail(error)
            return False
        self.show(recipe, quietly=quietly, begin=begin)
        return True

    def show(self, recipe: Recipe, *, quietly: bool = False, begin: float | None = None, noted: bool = True) -> None:
        """The page shows ``recipe``; ``noted`` puts it into the history once it rests."""
        with self._lock:
            self.recipe = recipe
            if not quietly:
                for each in self._watchers:
                    each()
            self.redraw(begin=begin, noted=noted)

    def redraw(self, *, begin: float | None = None, noted: bool = True) -> None:
        """Draw what the recipe says: at once as well as that goes, and well once nothing moves."""
        recipe = self.recipe
        if self._pictures(True):
            self.slow.drop("draft")  # the fine picture has taken the place of fine maps
            if noted:
                self.slow.ask("note", lambda _watch: self._note(recipe), after=REST)
            else:
                self.hold()
            return
        self.stage.back_from_pictures()
        started = time.monotonic() if begin is None else begin
        if self.shown is not None and self.shown.follows(recipe):
            self.quick.ask("shape", lambda _watch: self._shape(recipe, started))
        self.slow.drop("fine")
        self.slow.ask("draft", lambda watch: self._draft(recipe, watch, noted), after=REST if self.shown else 0.0)

    def come_back(self, people: list[dict[str, Any]]) -> None:
        """The people that this page held when its server was gone; the last of them is shown."""
        known: list[Recipe] = []
        for facts in people[:-1]:
            with suppress(Exception):  # of a model that is there no longer, say
                known.append(self.shows.engine.take_recipe(facts))
        if not self.take(people[-1]):
            return
        self.history.replace([*known, self.recipe])
        for each in self._watchers:
            each()
        more = f", and so are {len(known)} before (People, Back)" if known else ""
        text = f"The person that was shown is back{more}."
        with suppress(Exception):
            self.client.add_notification("Connected again", text, auto_close_seconds=12.0)

    def hold(self) -> None:
        """Have the page hold its people as they are now."""
        past, recipe = self.history.past, self.recipe
        people = past if past[-1] == recipe else [*past, recipe]
        self.held.hold(people, own=len(people) > 1)

    def new_recipe(self, model: str, **facts: Any) -> dict[str, Any]:
        """The facts of a new person of ``model``."""
        header = self.shows.engine.header(model)
        told: dict[str, Any] = {"model": model, **facts}
        say_new(told, header)
        return told

    def say(self, text: str) -> None:
        """One line above the controls."""
        self.status.content = text

    def say_of_person(self, text: str) -> None:
        """:meth:`say` what is to stand there as long as this person is shown, also once they have been drawn."""
        self._told = self.recipe, text
        self.say(text)

    def fail(self, error: Exception) -> None:
        """What went wrong, on the page, with what to do."""
        fault = fault_of(error)
        text = f"{fault.message} {advice(fault)}".strip()
        self.bar.visible = False
        self.say(f"**{escaped(text)}**")
        with suppress(Exception):
            self.client.add_notification("That did not work", text, color="red", auto_close_seconds=12.0)

    def capture(self, height: int = 1080) -> NDArray[np.uint8]:
        """The page's scene (H, W, 3) by its camera; raises :class:`UsageError` where the page does not answer."""
        camera = self.client.camera
        height = min(height, int(camera.image_height))
        width = int(height * camera.image_width / max(1, camera.image_height))
        try:
            return np.asarray(self.client.get_render(height, width, timeout=60.0), np.uint8)[..., :3]
        except Exception as error:
            raise UsageError("the page did not send its picture; keep it in front while it is taken.") from error

    def close(self) -> None:
        """The page is gone."""
        self.quick.end()
        self.slow.end()

    def _note(self, recipe: Recipe) -> None:
        self.history.note(recipe)
        self.hold()

    def _shape(self, recipe: Recipe, started: float) -> None:
        shown = self.shown
        if shown is None or not shown.follows(recipe):
            return
        self.stage.show(self.shows.follow(shown, recipe, self.look))
        self.moved = [*self.moved[-99:], time.monotonic() - started]

    def _draft(self, recipe: Recipe, watch: Watch, noted: bool) -> None:
        self.hold()
        fine = self.shows.find(recipe, self.edge)
        self._put(fine or self.shows.make(recipe, DRAFT, watch), recipe)
        if noted:
            self._note(recipe)
        if fine is None and self.edge > DRAFT:
            self.slow.ask("fine", lambda after: self._put(self.shows.make(recipe, self.edge, after), recipe), after=0.5)

    def _put(self, made: ShownAvatar, recipe: Recipe) -> None:
        if self.recipe == recipe:
            self.shown = made
            self.stage.show(made.content(self.look), new_maps=True)

    def _tell(self, stage: str, share: float) -> None:
        self.bar.visible = True
        self.bar.value = float(np.clip(100.0 * share, 4.0, 100.0))
        self.say(f"{STAGES.get(stage, stage.capitalize())} ...")

    def _rested(self) -> None:
        self.bar.visible = False
        if self.status.content.endswith("..."):
            of, text = self._told
            self.say(text if text and of == self.recipe else f"{self.header.name}, {self.recipe.label()}")


def escaped(text: str) -> str:
    """``text`` as Markdown that shows it as it is."""
    for sign in "\\`*_{}[]<>#":
        text = text.replace(sign, f"\\{sign}")
    return text
