# SPDX-License-Identifier: Apache-2.0
"""The pictures of models of the published kind: coarse while the camera moves, fine when it rests, of several kinds;
and what only such models know: conditioning, and the style rows of somebody else."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from portrait_core.cameras import Camera
from portrait_core.errors import UsageError
from portrait_core.person import PicturedPerson, StyledPerson
from portrait_core.recipe import MAX_SEED, Recipe
from studio.heard import by_hand
from studio.lanes import Watch
from studio.tab import Tab

KINDS = ("Picture", "Raw", "Depth", "Mask", "Normals", "Mesh")
REST = 0.3
"""Seconds without a move after which the fine picture begins."""
COARSE = {"samples": 1, "neural_resolution": 32}
ABSENT = (38, 40, 46)
"""sRGB beside a square picture, and where there is nothing in one."""


class PicturesPanel:
    """The tab of pictures; says why it is empty where a model makes none."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        gui = tab.client.gui
        self.note = gui.add_markdown("")
        self.kind = gui.add_dropdown("Show", KINDS, initial_value=KINDS[0])
        self.samples = gui.add_slider("Samples", 1, 4, 1, 2, hint="Times the 48 and 48 of the training, at rest.")
        self.conditioning = gui.add_dropdown(
            "Conditioning",
            ("separate", "identical"),
            initial_value="separate",
            hint="The camera that the mapping sees: in front and at rest, or that of the picture.",
        )
        with gui.add_folder("Style mixing"):
            self.other = gui.add_number("Seed of the other", 1, min=0, max=MAX_SEED, step=1)
            self.rows = gui.add_multi_slider("Rows", 0, 20, 1, (4, 20), min_range=1)
            self.mix = gui.add_button("Mix")
        self.drawn = 0
        self.seconds: list[float] = []
        """What the last pictures took, coarse ones."""
        for control in (self.kind, self.samples, self.conditioning):
            control.on_update(by_hand(lambda: tab.redraw(noted=False)))
        self.mix.on_click(by_hand(lambda: tab.slow.ask("mix", self._mix)))
        tab.client.camera.on_update(self._looked)
        tab.draw_pictures_by(self.draw)
        tab.watch(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """The controls as the model allows."""
        able = "pictures" in self._tab.capabilities
        controls = (self.kind, self.samples, self.conditioning, self.other, self.rows, self.mix)
        for control in controls:
            control.disabled = not able
        self.note.visible = not able
        if not able:
            self.note.content = f"{self._tab.header.name} makes meshes, and no pictures of its own."

    def _looked(self, _camera: Any) -> None:
        self.draw(moving=True)

    def draw(self, moving: bool) -> bool:
        """Ask for a picture, coarse and then fine; whether the page shows pictures at all."""
        if "pictures" not in self._tab.capabilities or self.kind.value == "Mesh":
            return False
        tab = self._tab
        if moving:
            tab.slow.drop("fine")
            tab.quick.ask("coarse", lambda watch: self._draw(watch, fine=False))
        tab.slow.ask("fine", lambda watch: self._draw(watch, fine=True), after=REST if moving else 0.0)
        return True

    def _draw(self, watch: Watch, *, fine: bool) -> None:
        import time

        begin = time.monotonic()
        tab, recipe, kind = self._tab, self._tab.recipe, str(self.kind.value)
        camera, aspect, _ = tab.stage.camera()
        if fine:
            watch("render", 0.1)
        with tab.shows.moving:
            watch.check()
            person = cast(PicturedPerson, tab.shows.engine.model(recipe.model).person(recipe))
            facts: dict[str, Any] = {"samples": int(self.samples.value)} if fine else dict(COARSE)
            facts["conditioning"] = self.conditioning.value
            seen = person.optioned(facts).pictures(camera, recipe.pose)
        watch.check()
        if recipe != tab.recipe:
            return
        tab.stage.picture(framed(shown(seen, kind, camera), aspect), quality=94 if fine else 80)
        tab.client.flush()
        self.drawn += 1
        if not fine:
            self.seconds = [*self.seconds[-99:], time.monotonic() - begin]

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


def shown(seen: dict[str, Any], kind: str, camera: Camera) -> NDArray[np.uint8]:
    """One of the pictures that the networks gave, (S, S, 3) sRGB."""

    def plain(name: str) -> NDArray[np.float32]:
        return np.asarray(seen[name][0].detach().float().cpu().numpy(), np.float32)

    if kind in ("Picture", "Raw"):
        image = plain("image" if kind == "Picture" else "image_raw")[:3].transpose(1, 2, 0)
        return np.clip(np.rint((image + 1.0) * 127.5), 0, 255).astype(np.uint8)
    mask = np.clip(plain("image_mask")[0], 0.0, 1.0)
    if kind == "Mask":
        return np.repeat(np.rint(mask * 255.0).astype(np.uint8)[..., None], 3, axis=2)
    depth = plain("image_depth")[0]
    mask = np.asarray(Image.fromarray(mask).resize(depth.shape[::-1], Image.Resampling.BILINEAR))
    there = mask > 0.5
    if not there.any():
        return np.full((*depth.shape, 3), ABSENT, np.uint8)
    if kind == "Depth":
        near, far = np.percentile(depth[there], (1, 99))
        grey = np.clip((far - depth) / max(float(far - near), 1e-6), 0.0, 1.0)
        flat = np.repeat((40.0 + 215.0 * grey)[..., None], 3, axis=2)
    else:
        flat = coloured(normals_of(depth, camera))
    return np.where(there[..., None], flat, ABSENT).astype(np.uint8)


def normals_of(depth: NDArray[np.float32], camera: Camera) -> NDArray[np.float32]:
    """Unit normals (S, S, 3) in the world of the surface that ``depth`` (S, S), metres along the rays, shows."""
    size = depth.shape[0]
    y, x = (np.mgrid[0:size, 0:size] + 0.5) / size
    inverse = np.linalg.inv(camera.intrinsics.astype(np.float64))
    rays = np.stack([x, y, np.ones_like(x)], axis=-1) @ inverse.T
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    points = rays * depth[..., None]
    crossed = np.cross(np.gradient(points, axis=0), np.gradient(points, axis=1))
    length = np.linalg.norm(crossed, axis=-1, keepdims=True)
    turned = (crossed / np.where(length > 0, length, 1.0)) @ camera.cam2world[:3, :3].T.astype(np.float64)
    # The side that is seen faces the camera.
    away = np.sum((rays @ camera.cam2world[:3, :3].T.astype(np.float64)) * turned, axis=-1, keepdims=True) > 0
    return np.asarray(np.where(away, -turned, turned), np.float32)


def coloured(normals: NDArray[np.float32]) -> NDArray[np.float32]:
    """Normals as the usual colours: x, y, z from -1 to 1 as red, green, blue."""
    return np.asarray((normals * 0.5 + 0.5) * 255.0, np.float32)


def framed(image: NDArray[np.uint8], aspect: float) -> NDArray[np.uint8]:
    """A square picture as the page's background of ``aspect``, which is as high: with a field of its border's colour at
    both sides, or cut at them."""
    size = image.shape[0]
    width = max(2, round(size * aspect))
    if width <= size:
        left = (size - width) // 2
        return np.ascontiguousarray(image[:, left : left + width])
    whole = np.empty((size, width, 3), np.uint8)
    left = (width - size) // 2
    whole[:, left : left + size] = image
    whole[:, :left] = image[:, :1]
    whole[:, left + size :] = image[:, -1:]
    return whole
