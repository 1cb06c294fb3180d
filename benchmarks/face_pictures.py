# SPDX-License-Identifier: Apache-2.0
"""The pictures of faces in README and docs/faces.md.

    python -m benchmarks.face_pictures docs/pictures [--model starter]

``faces.jpg``: six persons who speak, smile, blink, close. ``visemes.jpg``: one mouth in the fifteen visemes.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.close_ups import camera, part_places
from portrait_core.face.emotions import EXPRESSIONS
from portrait_core.face.expressions import parse_expression
from portrait_core.face.names import VISEMES
from portrait_core.imaging.images import encode_jpeg
from portrait_core.models.load import load_model
from portrait_core.pipeline import make_avatar
from portrait_core.recipe import Recipe
from portrait_core.rendering.layered import LayeredScene

PERSONS: tuple[tuple[dict[str, Any], str, float], ...] = (
    ({"seed": 2}, "happy", 0.3),
    ({"seed": 14, "attributes": {"age": 1.2}}, "viseme_O=0.9,browInnerUp=0.4", -0.25),
    ({"seed": 7}, "blink,smile=0.35", 0.2),
    ({"seed": 31, "attributes": {"gender": -1.5}}, "wink_left,smile=0.8,viseme_E=0.3", -0.15),
    ({"seed": 5}, "laugh", 0.25),
    ({"seed": 23, "attributes": {"gender": 1.2}}, "angry", -0.3),
)
"""Fields of recipes, expressions as ``--expression`` takes them, and yaws."""
SPEAKER = {"seed": 9, "attributes": {"gender": -1.0}}
ACROSS, MOUTH = 0.25, 0.085
"""Metres that a picture of a face and one of a mouth show."""
COLUMNS, GAP = 5, 6

Image3 = NDArray[np.uint8]


def faces(model: Any, size: int) -> Image3:
    """Two rows of three persons."""
    found: list[Image3] = []
    for fields, words, yaw in PERSONS:
        weights = EXPRESSIONS[words] if words in EXPRESSIONS else parse_expression(words)
        avatar = make_avatar(_recipe(fields, 2048), model)
        places = part_places(avatar)
        eyes = np.mean([places[f"eye_{side}"].mean(axis=0) for side in ("left", "right")], axis=0)
        scene = LayeredScene(avatar.main, *avatar.main.expressed(weights))
        look = camera(eyes - np.array([0, 0.03, 0]), yaw, ACROSS)
        found.append(scene.render(*look, size, supersampling=3).image)
    return np.concatenate([np.concatenate(found[k : k + 3], axis=1) for k in (0, 3)])


def visemes(model: Any, size: int) -> Image3:
    """Three rows of five mouths with the names of the visemes."""
    avatar = make_avatar(_recipe(SPEAKER, 2048), model)
    middle = part_places(avatar)["teeth"].mean(axis=0) + np.array([0, -0.002, 0.02])
    rows = -(-len(VISEMES) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * (size + GAP) - GAP, rows * (size + GAP) - GAP), (255, 255, 255))
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size=size * 0.085)
    for number, name in enumerate(VISEMES):
        scene = LayeredScene(avatar.main, *avatar.main.expressed({name: 1.0}))
        picture = scene.render(*camera(middle, 0.3, MOUTH), size, supersampling=3).image
        at = (number % COLUMNS) * (size + GAP), (number // COLUMNS) * (size + GAP)
        page.paste(Image.fromarray(picture), at)
        pen.text((at[0] + size * 0.05, at[1] + size * 0.04), name.removeprefix("viseme_"), fill=(40, 42, 46), font=font)
    return np.asarray(page)


def _recipe(fields: dict[str, Any], texture_size: int) -> Recipe:
    return Recipe.model_validate({"topology": "parts", "face": "morphs", "texture_size": texture_size, **fields})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--size", type=int, default=320)
    words = parser.parse_args()
    model = load_model(words.model, "cpu")
    words.folder.mkdir(parents=True, exist_ok=True)
    (words.folder / "faces.jpg").write_bytes(encode_jpeg(faces(model, words.size)))
    (words.folder / "visemes.jpg").write_bytes(encode_jpeg(visemes(model, words.size * 5 // 8)))


if __name__ == "__main__":
    main()
