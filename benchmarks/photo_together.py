# SPDX-License-Identifier: Apache-2.0
"""What several photographs of one person tell that one does not: persons of the model, drawn from several sides and
read as photographs, whose truth is known.

    python -m benchmarks.photo_together [--persons N] [--yaws DEGREES,DEGREES,...] [--out FOLDER]

For one photograph (the first yaw) and for all of them: how far the face is from the true one (median and 90th
percentile, millimetres, once both lie on each other), how far the skin's colours are from the true ones on cheeks and
sides of the face (mean of sRGB), and the processor's seconds. Needs ``portrait photo setup``.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.close_ups import part_places
from portrait_core.avatar import Avatar
from portrait_core.models.load import load_model
from portrait_core.photo.estimate import estimate_portraits
from portrait_core.photo.likeness import resemble_all
from portrait_core.photo.reading import read_photograph
from portrait_core.pipeline import make_avatar
from portrait_core.recipe import Recipe
from portrait_core.rendering.framing import frame_shoulders
from portrait_core.rendering.layered import LayeredScene

FIRST_SEED = 900_000
PICTURE = 720
FACE = 0.105
"""Metres from the middle of both eyes within which the skin counts as face."""
BARE = {"topology": "parts", "texture_size": 512, "face": "none", "lods": (), "normal_map": False}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=4)
    parser.add_argument("--yaws", default="10,-35,40")
    parser.add_argument("--out", type=Path, default=None)
    words = parser.parse_args()
    yaws = [float(each) for each in words.yaws.split(",")]
    model = load_model("starter", "cpu")
    rows: dict[str, list[tuple[float, ...]]] = {"one": [], "all": []}
    with tempfile.TemporaryDirectory() as folder:
        out = words.out or Path(folder)
        out.mkdir(parents=True, exist_ok=True)
        for seed in range(FIRST_SEED, FIRST_SEED + words.persons):
            true = make_avatar(Recipe.model_validate({**BARE, "seed": seed}), model)
            paths = [drawn(true, yaw, out / f"{seed}_{number}.png") for number, yaw in enumerate(yaws)]
            for name, some in (("one", paths[:1]), ("all", paths)):
                begin = time.process_time()
                shown = [(photo := read_photograph(path), estimate_portraits(photo, only=1)[0]) for path in some]
                found = resemble_all(shown, model, base=BARE)
                cost = time.process_time() - begin
                rows[name].append((*compared(make_avatar(found.recipe, model), true), cost))
                print(seed, name, *(f"{each:.3f}" for each in rows[name][-1]), flush=True)
    for name, found in rows.items():
        means = np.mean(found, axis=0)
        print(f"{name}: face {means[0]:.2f} / {means[1]:.2f} mm, colours {means[2]:.4f}, {means[3]:.1f} CPU s")


def drawn(avatar: Avatar, yaw: float, path: Path) -> Path:
    """A portrait of an avatar from ``yaw`` degrees to the side."""
    camera = frame_shoulders(avatar.main.vertices).camera(yaw=float(np.radians(yaw)))
    picture = LayeredScene(avatar.main, *avatar.posed()).render(camera.cam2world, camera.intrinsics, PICTURE)
    Image.fromarray(picture.image).save(path)
    return path


def compared(found: Avatar, true: Avatar) -> tuple[float, float, float]:
    """Median and 90th percentile of the distance of the faces, millimetres, and of the colours of their skin."""
    own, other = (skin_of(each) for each in (found, true))
    places = part_places(true)
    eyes = np.mean([places[f"eye_{side}"].mean(axis=0) for side in ("left", "right")], axis=0)
    face = np.flatnonzero(np.linalg.norm(other - eyes, axis=1) < FACE)
    a, b = own[face] - own[face].mean(axis=0), other[face] - other[face].mean(axis=0)
    turn, _, back = np.linalg.svd(a.T @ b)
    far = 1e3 * np.linalg.norm(a @ turn @ back - b, axis=1)
    uvs = true.main.uvs[: len(other)][face]
    off = np.abs(coloured(found, uvs) - coloured(true, uvs)).mean()
    return float(np.median(far)), float(np.percentile(far, 90)), float(off)


def skin_of(avatar: Avatar) -> NDArray[np.float64]:
    count = int(avatar.main.section_faces()[0][1].max()) + 1
    return avatar.main.vertices[:count].astype(np.float64)


def coloured(avatar: Avatar, uvs: NDArray[np.float32]) -> NDArray[np.float64]:
    colours = avatar.main.maps.base_colour
    size = len(colours)
    row, column = ((1 - uvs[:, 1]) * size).astype(int), (uvs[:, 0] * size).astype(int)
    return colours[row.clip(0, size - 1), column.clip(0, size - 1)].astype(np.float64) / 255


if __name__ == "__main__":
    main()
