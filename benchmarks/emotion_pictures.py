# SPDX-License-Identifier: Apache-2.0
"""The add-on's pictures of expressions: one person's face in each, small.

python -m benchmarks.emotion_pictures blender_addon/pictures/emotions [--model starter] [--seed 2] [--size 96]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.close_ups import camera, part_places
from portrait_core.face.emotions import EMOTIONS
from portrait_core.imaging.images import encode_png
from portrait_core.models.load import load_model
from portrait_core.pipeline import make_avatar
from portrait_core.recipe import Recipe
from portrait_core.rendering.layered import avatar_scene

YAW, ACROSS = 0.2, 0.2
"""Radians from the front, and metres that the picture shows."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--size", type=int, default=96)
    words = parser.parse_args()
    model = load_model(words.model, "cpu")
    words.folder.mkdir(parents=True, exist_ok=True)
    for name, weights in EMOTIONS.items():
        asked = {"seed": words.seed, "topology": "parts", "face": "morphs", "expression": weights, "texture_size": 1024}
        avatar = make_avatar(Recipe.model_validate(asked), model)
        places = part_places(avatar)
        middle = np.mean([places[f"eye_{side}"].mean(axis=0) for side in ("left", "right")], axis=0)
        look = camera(middle - np.array([0, 0.035, 0]), YAW, ACROSS)
        image = avatar_scene(avatar).render(*look, words.size, supersampling=3).image
        (words.folder / f"{name}.png").write_bytes(encode_png(image))


if __name__ == "__main__":
    main()
