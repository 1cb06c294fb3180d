# SPDX-License-Identifier: Apache-2.0
"""The pictures of models of the published kind: coarse while the camera moves, fine when it rests, of several kinds;
what only such models know, conditioning and the style rows of somebody else; and slices through any model's density."""

from __future__ import annotations

import math
import time
from typing import Any, cast

import numpy as np

from portrait_core.errors import UsageError
from portrait_core.person import PicturedPerson, StyledPerson
from portrait_core.recipe import MAX_SEED, Recipe
from studio.heard import by_hand
from studio.lanes import Watch
from studio.picture_kinds import KINDS, MESH, PLANES, SLICE, framed, shown, slice_picture
from studio.tab import Tab

REST = 0.3
"""Seconds without a move after which the fine picture begins."""
COARSE = {"samples": 1, "neural_resolution": 32}


class PicturesPanel:
    """The tab of pictures; says what is missing where a model makes none."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        gui = tab.client.gui
        self.note = gui.add_markdown("")
        self.kind = gui.add_dropdown("Show", KINDS, initial_value=KINDS[0])
        self.samples = gui.add_slider("Samples", 1, 4, 1, 2, hint="Times the 48 and 48 of the training, at rest.")
        self.noise = gui.add_checkbox("Noise", initial_value=True, hint="The stored noise of the planes, or none.")
        with gui.add_folder("Conditioning") as conditioning:
            self.conditioning = gui.add_dropdown(
                "Seen",
                ("separate", "identical"),
                initial_value="separate",
                hint="The camera that the mapping sees: that of the sliders with the body at rest, or the picture's.",
            )
            self.yaw = gui.add_slider("Yaw", -180.0, 180.0, 1.0, 0.0)
            self.pitch = gui.add_slider("Pitch", -60.0, 60.0, 1.0, 0.0)
        with gui.add_folder("Style mixing") as mixing:
            self.other = gui.add_number("Seed of the other", 1, min=0, max=MAX_SEED, step=1)
            self.rows = gui.add_multi_slider("Rows", 0, 20, 1, (4, 20), min_range=1)
            self.mix = gui.add_button("Mix", color="gray")
        with gui.add_folder("Slice"):
            self.plane = gui.add_dropdown("Plane", tuple(PLANES), initial_value=next(iter(PLANES)))
            self.place = gui.add_slider("Place", 0.0, 1.0, 0.01, 0.5)
        self.seconds: list[float] = []
        """What the last coarse pictures took."""
        self.fine_seconds: list[float] = []
        """What the last fine ones took."""
        self._person: tuple[tuple[Any, ...], PicturedPerson] | None = None
        controls = (self.kind, self.samples, self.noise, self.conditioning, self.yaw, self.pitch)
        for control in (*controls, self.plane, self.place):
            control.on_update(by_hand(lambda: tab.redraw(noted=False)))
        self.mix.on_click(by_hand(lambda: tab.slow.ask("mix", self._mix)))
        self._pictured = (self.samples, self.noise, conditioning, mixing)
        tab.client.camera.on_update(self._looked)
        tab.draw_pictures_by(self.draw)
        tab.watch(self.refresh)
        self.refresh()

    @property
    def _able(self) -> bool:
        return "pictures" in self._tab.capabilities

    def refresh(self) -> None:
        """The controls as the model allows."""
        kinds = KINDS if self._able else (MESH, SLICE)
        if tuple(self.kind.options) != kinds:
            self.kind.options = kinds
            self.kind.value = kinds[0]
        for control in self._pictured:
            control.visible = self._able
        self.note.visible = not self._able
        if not self._able:
            self.note.content = (
                f"{self._tab.header.name} makes meshes; only published models have pictures of their own. "
                "A slice shows how dense its head is inside."
            )

    def _looked(self, _camera: Any) -> None:
        if self._able and self.kind.value not in (MESH, SLICE):
            self.draw(moving=True)

    def draw(self, moving: bool) -> bool:
        """Ask for a picture, coarse and then fine; whether the page shows pictures at all."""
        tab = self._tab
        if self.kind.value == MESH:
            return False
        if self.kind.value == SLICE:
            tab.slow.drop("fine")
            tab.quick.ask("coarse", self._slice, stop=False)
            return True
        if moving:
            tab.slow.drop("fine")
            tab.quick.ask("coarse", lambda watch: self._draw(watch, fine=False), stop=False)
        tab.slow.ask("fine", lambda watch: self._draw(watch, fine=True), after=REST if moving else 0.0)
        return True

    def _draw(self, watch: Watch, *, fine: bool) -> None:
        begin = time.monotonic()
        tab, recipe, kind = self._tab, self._tab.recipe, str(self.kind.value)
        camera, aspect, _ = tab.stage.camera()
        if fine:
            watch("render", 0.1)
        with tab.shows.moving:
            watch.check()
            facts: dict[str, Any] = {"samples": int(self.samples.value)} if fine else dict(COARSE)
            seen = self._seen(recipe, facts).pictures(camera, recipe.pose)
        watch.check()
        if recipe != tab.recipe or kind != self.kind.value:
            return
        tab.stage.picture(framed(shown(seen, kind, camera), aspect), quality=94 if fine else 80)
        tab.client.flush()
        times = self.fine_seconds if fine else self.seconds
        times[:] = [*times[-99:], time.monotonic() - begin]

    def _seen(self, recipe: Recipe, facts: dict[str, Any]) -> PicturedPerson:
        """The person of ``recipe`` with options; what the networks made of them is kept from picture to picture."""
        turned = (math.radians(float(self.yaw.value)), math.radians(float(self.pitch.value)))
        more: dict[str, Any] = {"conditioning": self.conditioning.value, "seen_from": turned}
        more["noise"] = "const" if self.noise.value else "none"
        who = recipe.model_copy(update={"pose": {}})
        key = (who.facts(), more["seen_from"], more["noise"])
        if self._person is None or self._person[0] != key:
            person = cast(PicturedPerson, self._tab.shows.engine.model(recipe.model).person(recipe))
            self._person = key, person.optioned({**facts, **more})
        return self._person[1].optioned({**facts, **more})

    def _slice(self, watch: Watch) -> None:
        tab, recipe = self._tab, self._tab.recipe
        with tab.shows.moving:
            field = tab.shows.engine.model(recipe.model).person(recipe).field
            picture = slice_picture(field, PLANES[str(self.plane.value)], float(self.place.value))
        watch.check()
        _, aspect, _ = tab.stage.camera()
        tab.stage.picture(framed(picture, aspect), quality=92)
        tab.client.flush()

    def _mix(self, watch: Watch) -> None:
        tab = self._tab
        watch("latent", 0.2)
        with tab.shows.moving:
            model = tab.shows.engine.model(tab.recipe.model)
            if "styles" not in model.capabilities:
                raise UsageError(f"{model.header.name} has no style rows to mix.")
            own = cast(StyledPerson, model.person(tab.recipe)).styles
            other = Recipe(model=tab.recipe.model, seed=int(self.other.value), psi=tab.recipe.psi)
            foreign = cast(StyledPerson, model.person(other)).styles
        first, last = (int(each) for each in self.rows.value)
        mixed = np.array(own)
        mixed[first:last] = foreign[first:last]
        tab.change(seed=None, latent=None, w=None, ws=mixed.tolist(), psi=1.0, attributes={})
