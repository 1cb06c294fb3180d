# SPDX-License-Identifier: Apache-2.0
"""Every shape of the face on four faces, close: sheets to look at.

    python -m benchmarks.shape_sheets FOLDER [--model starter] [--size 256] [--only jaw,visemes] [--shapes jawOpen,...]

A row is a shape, a column a face: young, old, thin, heavy, all in one light. What moves the jaw, the cheeks or the
tongue is shown from the side as well. ``FOLDER`` gets PNG files of six rows each, named after the groups of shapes.
``mouthClose`` is shown on an open jaw, which it is made for.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.close_ups import camera, part_places
from benchmarks.contact_sheet import sheet
from portrait_core.avatar import Level
from portrait_core.face.names import GROUPS, SHAPES
from portrait_core.imaging.images import write_png
from portrait_core.models.load import load_model
from portrait_core.pipeline import make_avatar
from portrait_core.recipe import Recipe
from portrait_core.rendering.layered import LayeredScene

FACES: dict[str, dict[str, Any]] = {
    "young": {"seed": 9, "attributes": {"age": -2.0, "gender": -1.0}},
    "old": {"seed": 4, "attributes": {"age": 2.0, "gender": 1.0}},
    "thin": {"seed": 12, "attributes": {"weight": -2.0, "gender": 0.5}},
    "heavy": {"seed": 21, "attributes": {"weight": 2.0, "gender": -0.5}},
}
"""Fields of their recipes."""
PARTS = ("skin", "eyes", "teeth", "tongue", "lashes", "brows")
"""What moves; without hair a picture takes a fifth of the time."""
ROWS = 6
SIDEWAYS = ("jaw", "cheekPuff", "tongueOut", "mouthFunnel", "mouthPucker", "mouthShrug", "mouthRoll", "mouthClose")
"""Beginnings of the names of shapes that are shown from the side too."""
FRONT, SIDE = 0.12, 1.45
"""Yaws, radians."""


@dataclass(frozen=True)
class Window:
    """What of a face is looked at: metres above the mouth, and metres across."""

    above: float
    across: float


WINDOWS: dict[str, Window] = {
    "brows": Window(0.082, 0.13),
    "eyes": Window(0.068, 0.1),
    "cheeks_nose": Window(0.035, 0.17),
    "jaw": Window(-0.005, 0.17),
    "combined": Window(0.03, 0.19),
}
"""By group; mouths are shown by :data:`MOUTH`."""
MOUTH = Window(-0.002, 0.115)

Image = NDArray[np.uint8]


class Sitter:
    """A face whose shapes are pulled: its avatar is made once."""

    def __init__(self, model: Any, fields: Mapping[str, Any]) -> None:
        asked = {"topology": "parts", "parts": PARTS, "face": "morphs", "texture_size": 1024, "normal_map": False}
        avatar = make_avatar(Recipe.model_validate({**asked, **fields}), model)
        self._level: Level = avatar.main
        places = part_places(avatar)
        lips = places["teeth"].mean(axis=0) + np.array([0.0, 0.0, 0.02])
        self._mouth: NDArray[np.float64] = np.asarray(lips, np.float64)

    def pictures(self, weights: Mapping[str, float], window: Window, yaws: Sequence[float], size: int) -> list[Image]:
        """The face with shapes pulled by ``weights``, from each of ``yaws``; (S, S, 3)."""
        scene = LayeredScene(self._level, *self._level.expressed(weights))
        middle = self._mouth + np.array([0.0, window.above, 0.0])
        return [scene.render(*camera(middle, yaw, window.across), size).image for yaw in yaws]


def weights_of(shape: str) -> dict[str, float]:
    """A shape in full, with the jaw that it needs."""
    return {shape: 1.0, "jawOpen": 1.0} if shape == "mouthClose" else {shape: 1.0}


def row(sitters: Sequence[Sitter], shape: str, group: str, size: int) -> list[Image]:
    """A shape on every face, from the front and, where that tells more, from the side."""
    yaws = (FRONT, SIDE) if shape.startswith(SIDEWAYS) else (FRONT,)
    window = WINDOWS.get(group, MOUTH)
    looks = [sitter.pictures({} if shape == "rest" else weights_of(shape), window, yaws, size) for sitter in sitters]
    return [look[view] for view in range(len(yaws)) for look in looks]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--only", default=",".join(GROUPS), help="groups of shapes")
    parser.add_argument("--shapes", default=",".join(SHAPES), help="shapes")
    words = parser.parse_args()
    model = load_model(words.model, "cpu")
    sitters = [Sitter(model, fields) for fields in FACES.values()]
    words.folder.mkdir(parents=True, exist_ok=True)
    chosen = words.shapes.split(",")
    for group in words.only.split(","):
        shapes = ["rest", *(shape for shape in GROUPS[group] if shape in chosen)]
        for number, begin in enumerate(range(0, len(shapes), ROWS)):
            rows = [(shape, row(sitters, shape, group, words.size)) for shape in shapes[begin : begin + ROWS]]
            most = max(len(pictures) for _, pictures in rows)
            blank = np.full((words.size, words.size, 3), 247, np.uint8)
            whole = [(name, [*pictures, *[blank] * (most - len(pictures))]) for name, pictures in rows]
            print(write_png(sheet(whole, 1), words.folder / f"{group}_{number}.png", overwrite=True), flush=True)


if __name__ == "__main__":
    main()
