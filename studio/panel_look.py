# SPDX-License-Identifier: Apache-2.0
"""How it is seen: light, background, sharpness; a picture or a film of it to keep."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from portrait_core.cameras import turntable
from portrait_core.rendering.film import film
from studio.heard import by_hand
from studio.lanes import Watch
from studio.scene_looks import LOOKS
from studio.stage import BACKDROPS, LIGHTS
from studio.tab import Tab

FRAMES, RATE, EDGE = 72, 24.0, 384


class LookPanel:
    """The tab of light and capture."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        gui = tab.client.gui
        self.seen = gui.add_dropdown("Show", LOOKS, initial_value=LOOKS[0])
        self.light = gui.add_dropdown("Light", tuple(LIGHTS), initial_value=next(iter(LIGHTS)))
        self.backdrop = gui.add_dropdown("Background", tuple(BACKDROPS), initial_value=next(iter(BACKDROPS)))
        self.edge = gui.add_dropdown(
            "Maps at rest",
            ("512", "1024", "2048"),
            initial_value=str(tab.edge),
            hint="Edge of the maps that the page shows once nothing moves; files have those of the recipe.",
        )
        self.front = gui.add_button("From the front", color="gray")
        with gui.add_folder("Capture"):
            self.picture = gui.add_button("Picture (.png)")
            self.video = gui.add_button("Once around (.mp4)")
        self.seen.on_update(by_hand(self._look))
        self.light.on_update(by_hand(lambda: tab.stage.light(self.light.value)))
        self.backdrop.on_update(by_hand(lambda: tab.stage.backdrop(self.backdrop.value)))
        self.edge.on_update(self._sharpen)
        self.front.on_click(by_hand(tab.stage.look_from_front))
        self.picture.on_click(by_hand(lambda: tab.slow.ask("capture", self._capture)))
        self.video.on_click(by_hand(lambda: tab.slow.ask("video", self._film)))

    def _look(self) -> None:
        self._tab.look = str(self.seen.value)
        self._tab.redraw(noted=False)

    def _sharpen(self, event: Any) -> None:
        if event.client_id is not None and str(self.edge.value).isdigit():
            self._tab.edge = min(int(self.edge.value), 2048)
            self._tab.redraw(noted=False)

    def _capture(self, watch: Watch) -> None:
        watch("write", 0.0)
        content = io.BytesIO()
        Image.fromarray(self._tab.capture()).save(content, "PNG")
        self._tab.client.send_file_download(f"{self._tab.name()}.png", content.getvalue(), save_immediately=True)

    def _film(self, watch: Watch) -> None:
        from portrait_core.imaging.video import check_video, write_video

        check_video()
        tab = self._tab
        shown = tab.shows.make(tab.recipe, tab.edge, watch)
        cameras = turntable(FRAMES)

        def frames() -> Iterator[NDArray[np.uint8]]:
            for number, (image, _depth) in enumerate(film(shown.avatar, cameras, RATE, EDGE, watch.check_only)):
                watch("render", number / FRAMES)
                yield image

        with tempfile.TemporaryDirectory(prefix="portrait-studio-") as folder, tab.shows.working:
            path = Path(folder) / "film.mp4"
            write_video(path, frames(), rate=RATE)
            tab.client.send_file_download(f"{tab.name()}-around.mp4", path.read_bytes(), save_immediately=True)
