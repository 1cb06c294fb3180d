# SPDX-License-Identifier: Apache-2.0
"""Where a person stands on the page: light, background, camera, and the change from one mesh to the next."""

from __future__ import annotations

import itertools
import math
from threading import Lock, Timer
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.cameras import Camera

if TYPE_CHECKING:
    import viser

FIELD_OF_VIEW = math.radians(18.0)
"""Of the page's camera, vertical: that of a portrait lens, about 85 mm."""
DISTANCE = 1.8
LOOKED_AT = (0.0, 0.075, 0.0)
OVERLAP = 0.25
"""Seconds that a mesh stays after the next was sent: what the page needs to read that."""
OVERLAP_WITH_MAPS = 1.0
"""The same where the next one has maps of its own."""

LIGHTS: dict[str, dict[str, Any]] = {
    "Soft box": {"map": "studio", "strength": 0.05, "ambient": 0.25, "sky": 0.95, "key": 3.1, "rim": 1.7, "fill": 0.8},
    "Even": {"map": "lobby", "strength": 0.10, "ambient": 1.3, "sky": 1.2, "key": 1.4, "rim": 0.9, "fill": 1.0},
    "Daylight": {"map": "park", "strength": 0.12, "ambient": 0.3, "sky": 1.3, "key": 2.4, "rim": 0.9, "fill": 0.3},
    "Evening": {"map": "sunset", "strength": 0.18, "ambient": 0.15, "sky": 0.4, "key": 2.2, "rim": 2.6, "fill": 0.2},
}
"""Ways of lighting: one of viser's environments with its strength, for what shines, and the strengths of our own
lights. *Soft box* is the light of `portrait_core.rendering.lighting`, times pi as three.js counts."""

BACKDROPS: dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "Slate": ((74, 78, 86), (24, 26, 30)),
    "Warm grey": ((176, 168, 160), (92, 86, 82)),
    "Paper": ((244, 242, 238), (206, 202, 196)),
    "Black": ((16, 16, 18), (6, 6, 7)),
}
"""Backgrounds by name: the colour (sRGB) behind the head, and in the corners."""


class Stage:
    """The scene of one page."""

    def __init__(self, client: viser.ClientHandle) -> None:
        self._client = client
        self._numbers = itertools.count()
        self._shown: list[tuple[int, Any]] = []
        self._lock = Lock()
        self._backdrop = "Slate"
        self._pictured = False
        scene = client.scene
        scene.configure_default_lights(enabled=False, cast_shadow=False)
        # viser's directional lights shine from their place to the origin.
        self._lights = {
            "ambient": scene.add_light_ambient("/light/ambient", color=(255, 250, 246)),
            "sky": scene.add_light_hemisphere("/light/sky", sky_color=(236, 242, 255), ground_color=(196, 180, 168)),
            "key": scene.add_light_directional("/light/key", color=(255, 249, 240), position=(-1.2, 1.4, 2.0)),
            "fill": scene.add_light_directional("/light/fill", color=(236, 240, 255), position=(1.8, 0.2, 1.4)),
            "rim": scene.add_light_directional("/light/rim", color=(226, 236, 255), position=(1.6, 1.2, -1.8)),
        }
        self.light(next(iter(LIGHTS)))
        self.backdrop(self._backdrop)
        self.look_from_front()

    def look_from_front(self) -> None:
        """The camera where a portrait is taken from."""
        camera = self._client.camera
        camera.up_direction = (0.0, 1.0, 0.0)
        camera.position = (DISTANCE * math.sin(0.3), 0.14, DISTANCE * math.cos(0.3))
        camera.look_at = LOOKED_AT
        camera.fov = FIELD_OF_VIEW
        camera.near, camera.far = 0.05, 50.0

    def light(self, name: str) -> None:
        """One of :data:`LIGHTS`."""
        row = LIGHTS[name]
        self._client.scene.configure_environment_map(row["map"], environment_intensity=row["strength"])
        for each, light in self._lights.items():
            light.intensity = row[each]

    def backdrop(self, name: str) -> None:
        """One of :data:`BACKDROPS`."""
        self._backdrop = name
        self._client.scene.set_background_image(backdrop(*BACKDROPS[name]), format="jpeg", jpeg_quality=96)

    def picture(self, image: NDArray[np.uint8], *, quality: int = 92) -> None:
        """A picture (H, W, 3) instead of the scene, and no mesh."""
        self._pictured = True
        self.clear()
        self._client.scene.set_background_image(image, format="jpeg", jpeg_quality=quality)

    def back_from_pictures(self) -> None:
        """The background again, where a picture was shown."""
        if self._pictured:
            self._pictured = False
            self.backdrop(self._backdrop)

    def show(self, content: bytes, *, new_maps: bool = False) -> None:
        """A .glb in the place of the one before, which stays until the page has had time to read this one."""
        with self._lock:
            number = next(self._numbers)
            node = self._client.scene.add_glb(f"/person/{number}", content, cast_shadow=False, receive_shadow=False)
            self._shown.append((number, node))
        self._client.flush()
        later = Timer(OVERLAP_WITH_MAPS if new_maps else OVERLAP, self._take_away_before, (number,))
        later.daemon = True
        later.start()

    def clear(self) -> None:
        """No mesh."""
        self._take_away_before(next(self._numbers))

    def _take_away_before(self, number: int) -> None:
        with self._lock:
            old = [node for own, node in self._shown if own < number]
            self._shown = [each for each in self._shown if each[0] >= number]
        for node in old:
            node.remove()

    def camera(self) -> tuple[Camera, float, int]:
        """The page's camera for square pictures, the page's width over its height, and its height in pixels."""
        seen = self._client.camera
        w, x, y, z = (float(each) for each in seen.wxyz)
        turn = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
                [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
                [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
            ]
        )
        u, _, v = np.linalg.svd(turn)
        cam2world = np.eye(4, dtype=np.float32)
        cam2world[:3, :3], cam2world[:3, 3] = u @ v, seen.position
        focal = 0.5 / math.tan(0.5 * float(np.clip(seen.fov, 0.02, 2.8)))
        matrix = np.array([[focal, 0, 0.5], [0, focal, 0.5], [0, 0, 1]], np.float32)
        height = max(1, int(seen.image_height))
        return Camera(cam2world, matrix), float(np.clip(seen.image_width / height, 0.2, 5.0)), height


def backdrop(middle: tuple[int, int, int], corner: tuple[int, int, int], size: int = 640) -> NDArray[np.uint8]:
    """A (size, size, 3) picture that darkens from behind the head to the corners, with noise against bands."""
    y, x = np.mgrid[0:size, 0:size] / (size - 1)
    away = np.clip(np.hypot(x - 0.5, (y - 0.42) * 0.9) / 0.72, 0.0, 1.0)
    share = (away * away * (3 - 2 * away))[..., None]
    flat = (1 - share) * np.asarray(middle, float) + share * np.asarray(corner, float)
    noise = np.random.RandomState(0).uniform(-0.8, 0.8, (size, size, 1))
    return np.clip(np.rint(flat + noise), 0, 255).astype(np.uint8)
