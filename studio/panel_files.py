# SPDX-License-Identifier: Apache-2.0
"""Files out and in: the avatar and its recipe; a recipe, an avatar of ours or a photograph."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portrait_core.errors import UsageError
from portrait_core.face.clients import CLIENTS
from portrait_core.files.names import plain_name
from portrait_core.formats.gltf import glb_bytes
from portrait_core.formats.read_recipe import read_recipe
from portrait_core.pipeline import make_avatar
from portrait_core.recipe import Recipe
from portrait_core.recipe_fields import PERSON
from studio.heard import by_hand
from studio.held import HELD_FILE, read_held
from studio.lanes import Watch
from studio.tab import Tab, escaped

if TYPE_CHECKING:
    import viser

RECIPES = (".json", ".portrait", ".glb", ".vrm")
PHOTOGRAPHS = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")


class FilesPanel:
    """The tab of files."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        gui = tab.client.gui
        with gui.add_folder("Save"):
            self.edge = gui.add_dropdown("Maps", ("512", "1024", "2048", "4096"), initial_value="1024")
            self.glb = gui.add_button("Avatar (.glb)")
            self.recipe = gui.add_button("Recipe (.json)", color="gray")
            self.author = gui.add_text("Author (.vrm)", "", hint="A .vrm says who made it.")
            self.vrm = gui.add_button("Avatar (.vrm)", color="gray")
        with gui.add_folder("Open"):
            gui.add_markdown(
                "A recipe, an avatar of ours or a photograph; or drop it onto the page. A photograph makes "
                "somebody who resembles, or gives camera and pose to a published model. "
                "Use only pictures that you may use."
            )
            self.open = gui.add_upload_button("Open a file", mime_type=",".join((*RECIPES, *PHOTOGRAPHS)))
        self.glb.on_click(by_hand(lambda: tab.slow.ask("save", lambda watch: self._save(watch, ".glb"))))
        self.vrm.on_click(by_hand(lambda: tab.slow.ask("save", lambda watch: self._save(watch, ".vrm"))))
        self.recipe.on_click(by_hand(self._save_recipe))
        for button in (self.open, tab.dropped):
            button.on_upload(by_hand(lambda button=button: self._opened(button.value)))

    def _save(self, watch: Watch, ending: str) -> None:
        tab = self._tab
        wanted = self._wanted(tab.recipe, ending)
        meta = None
        if ending == ".vrm":
            from portrait_core.formats.vrm import VrmMeta

            author = str(self.author.value).strip()
            if not author:
                raise UsageError("a .vrm says who made it, and no author is given. Write one into the field above it.")
            meta = VrmMeta({"authors": [author]})
        with tab.shows.working:
            model = tab.shows.engine.model(wanted.model)
            named = wanted.model_copy(update={"model": model.header.name})
            avatar = make_avatar(named, model, watch, name=tab.name())
        watch("write", 0.5)
        if meta is not None:
            from portrait_core.formats.vrm import vrm_bytes

            content = vrm_bytes(avatar, meta)
        else:
            content = glb_bytes(avatar, image=wanted.image_format)
        tab.client.send_file_download(f"{tab.name()}{ending}", content, save_immediately=True)

    def _wanted(self, recipe: Recipe, ending: str) -> Recipe:
        update: dict[str, Any] = {}
        if ending == ".vrm":
            update |= CLIENTS["vrm"].recipe()
        if str(self.edge.value).isdigit():
            update["texture_size"] = min(int(self.edge.value), 4096)
        return Recipe(**{**recipe.facts(), **update})

    def _save_recipe(self) -> None:
        tab = self._tab
        content = json.dumps({"recipe": tab.recipe.facts()}, indent=2).encode() + b"\n"
        tab.client.send_file_download(f"{tab.name()}.json", content, save_immediately=True)

    def _opened(self, sent: viser.UploadedFile) -> None:
        if sent.name != HELD_FILE:
            self._tab.slow.ask("open", lambda watch: self._open(sent, watch))
            return
        try:  # at once: it takes the place of the person that the page begins with, who is still being made
            self._tab.come_back(read_held(sent.content))
        except UsageError as error:
            self._tab.fail(error)

    def _open(self, sent: viser.UploadedFile, watch: Watch) -> None:
        watch("reading", 0.2)
        ending = Path(sent.name).suffix.lower()
        if ending not in (*RECIPES, *PHOTOGRAPHS):
            raise UsageError(
                f"{sent.name[:80]}: this page opens {', '.join((*RECIPES, *PHOTOGRAPHS))}; got {ending!r}."
            )
        # Its name is somebody else's: the folder is new, and ours is the name in it.
        name = plain_name(Path(sent.name).stem, "file")
        with tempfile.TemporaryDirectory(prefix="portrait-studio-") as folder:
            path = Path(folder) / f"{name}{ending}"
            path.write_bytes(sent.content)
            try:
                if ending in RECIPES:
                    self._open_recipe(path)
                else:
                    self._open_photograph(path, watch)
            except UsageError as error:
                raise UsageError(str(error).replace(str(path), path.name), remedy=error.remedy) from error

    def _open_recipe(self, path: Path) -> None:
        found = read_recipe(path)
        if self._tab.take(found.recipe):
            said = " ".join(found.warnings).replace(str(path), path.name)
            self._tab.say_of_person(said or f"Opened {path.name}")

    def _open_photograph(self, path: Path, watch: Watch) -> None:
        from portrait_core.photo.estimate import estimate_portraits
        from portrait_core.photo.reading import read_photograph

        tab = self._tab
        with tab.shows.working:
            watch("reading", 0.3)
            photograph = read_photograph(path)
            seen = estimate_portraits(photograph)
        more = f" {len(seen)} persons are in it, the largest is taken." if len(seen) > 1 else ""
        if tab.shows.engine.header(tab.recipe.model).parts:
            self._resemble(photograph, seen[0], path.name + ":" + more, watch)
        else:
            self._stand_as(seen[0].view, f"Camera and pose of {path.name}.{more}")

    def _resemble(self, photograph: Any, estimate: Any, told: str, watch: Watch) -> None:
        """The person of the photograph, as far as a model of parts can be like them."""
        from portrait_core.photo.likeness import Wish, resemble

        tab = self._tab
        base = {name: value for name, value in tab.recipe.facts().items() if name not in (*PERSON, "hair", "likeness")}
        base |= {"attributes": {}, "hair_style": "auto", "expression": {}, "pose": {}, "topology": "parts"}
        with tab.shows.working:
            model = tab.shows.engine.model(tab.recipe.model)
            found = resemble(photograph, estimate, model, Wish(), base, progress=watch)
        made = found.recipe.model_copy(update={"model": tab.recipe.model})
        if tab.take(made.facts()):
            styles = ", ".join(each.style for each in found.hair)
            more = (f"{each[:1].upper()}{each[1:]}." for each in found.warnings)
            tab.say_of_person(escaped(" ".join((told, f"hair like {styles}.", *more))))

    def _stand_as(self, view: Any, told: str) -> None:
        """Camera and pose of the photograph, for models that know nothing else of it."""
        tab = self._tab
        if tab.change(pose={joint: [float(each) for each in turn] for joint, turn in view.pose.items()}):
            camera = view.camera
            x, y, z = map(float, camera.centre)
            tab.client.camera.fov = float(2 * math.atan(0.5 / float(camera.intrinsics[1, 1])))
            tab.client.camera.position = (x, y, z)
            ahead = camera.centre + camera.cam2world[:3, 2] * math.hypot(x, y, z)
            tab.client.camera.look_at = (float(ahead[0]), float(ahead[1]), float(ahead[2]))
            tab.say_of_person(escaped(told))
